import pytest

from training.run_lock import held_runs, lock_run, release_runs


def test_lock_run_is_freed_when_its_holder_is_killed(tmp_path, held_elsewhere):
    with held_elsewhere(tmp_path):
        assert not lock_run(tmp_path)
        assert held_runs() == []
    assert lock_run(tmp_path)
    assert lock_run(tmp_path)  # this process has it already
    assert held_runs() == [tmp_path.resolve()]
    release_runs()
    assert held_runs() == []


def test_lock_run_takes_several_runs_by_any_of_their_names(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path)
    assert lock_run(tmp_path) and lock_run(tmp_path / "a") and lock_run("a/..")
    assert len(held_runs()) == 2
    release_runs()


def test_lock_run_reports_a_folder_that_is_absent(tmp_path):
    with pytest.raises(FileNotFoundError):
        lock_run(tmp_path / "absent")
