import argparse
import time
from pathlib import Path

import pytest

from config.errors import InputError
from config.loader import load_params
from training import run_folders
from training.run_folders import (
    create_run,
    find_finished_runs,
    find_latest_run,
    find_unfinished_runs,
    is_finished,
    read_digests,
    read_run,
)
from training.run_lock import release_runs

CONFIG = Path(__file__).resolve().parents[2] / "config"
BASELINE = "training/baseline"


def test_create_run_makes_the_published_folders(args, params, tmp_path):
    run = create_run(args, params, args.dataset, {"training": {"labels": "ab"}})
    assert run.parent == tmp_path / "baseline" / "a_b_c" / "0"
    time.strptime(run.name, "%Y-%m-%d-%H-%M-%S")
    arguments, config = read_run(run)
    assert arguments["experiment"] == BASELINE
    assert config["input_shape"] == [640, 853, 3]
    assert read_digests(run) == {"training": {"labels": "ab"}}


def test_create_run_never_shares_a_folder(args, params):
    runs = {create_run(args, params, "d", {}) for _ in range(3)}
    assert len(runs) == 3


def test_create_run_reports_a_file_in_the_way(args, params, tmp_path):
    (tmp_path / "baseline").write_text("a file")
    with pytest.raises(OSError, match="Not a directory|File exists"):
        create_run(args, params, "d", {})


def test_create_run_that_is_stopped_leaves_no_folder(args, params, tmp_path, monkeypatch):
    def stop(value, path):
        raise KeyboardInterrupt

    monkeypatch.setattr(run_folders, "write_json", stop)
    with pytest.raises(KeyboardInterrupt):
        create_run(args, params, "d", {})
    assert list((tmp_path / "baseline/d/0").iterdir()) == []
    release_runs()


def test_find_latest_run_takes_the_newest_finished_one(args, params, tmp_path, finish):
    old, new, unfinished = (create_run(args, params, "d", {}) for _ in range(3))
    finish(old)
    finish(new)
    assert unfinished.name > new.name > old.name
    assert find_latest_run(tmp_path, BASELINE) == new
    assert find_unfinished_runs(args, params) == [unfinished]
    assert find_finished_runs(args, params) == [new, old]


def test_find_latest_run_passes_over_other_experiments(args, params, tmp_path, finish):
    other = argparse.Namespace(**{**vars(args), "experiment": "training/points"})
    finish(create_run(other, params, "d", {}))
    with pytest.raises(InputError, match="holds no finished run of `training/baseline`"):
        find_latest_run(tmp_path, BASELINE)


def test_find_unfinished_runs_wants_the_same_config_and_arguments(args, params):
    create_run(args, params, "d", {})
    other_params = load_params(CONFIG, BASELINE, ["epochs=3"])
    other_args = argparse.Namespace(**{**vars(args), "seed": 1})
    assert find_unfinished_runs(args, other_params) == []
    assert find_unfinished_runs(other_args, params) == []


def test_find_unfinished_runs_passes_over_torn_folders(args, params, tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "args.json").write_text("{")
    assert find_unfinished_runs(args, params) == []


@pytest.mark.parametrize("text", ["", "[]", "3", "null", "[" * 100_000])
@pytest.mark.parametrize("name", ["args.json", "hyperparams.json"])
def test_read_run_refuses_files_that_are_no_objects(args, params, name, text):
    run = create_run(args, params, "d", {})
    (run / name).write_text(text)
    with pytest.raises(InputError, match="must be a run folder, with args.json and hyperparams"):
        read_run(run)
    assert find_unfinished_runs(args, params) == []


@pytest.mark.parametrize("text", ["", "[]", "3", "null"])
def test_is_finished_wants_an_object(tmp_path, text):
    (tmp_path / "results.json").write_text(text)
    assert not is_finished(tmp_path)
    (tmp_path / "data.json").write_text(text)
    assert read_digests(tmp_path) is None
