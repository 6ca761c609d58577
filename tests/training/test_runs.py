import argparse
import json
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.errors import InputError
from config.loader import load_params
from training.run_lock import lock_run, release_runs
from training.runs import (
    create_run,
    find_latest_run,
    find_unfinished_runs,
    is_finished,
    load_run_params,
    open_run,
    read_run,
)

CONFIG = Path(__file__).resolve().parents[2] / "config"
BASELINE = "training/baseline"


@pytest.fixture
def args(tmp_path):
    return argparse.Namespace(
        experiment=BASELINE,
        experiment_dir=str(tmp_path),
        experiment_name="baseline",
        dataset="a/b c",
        index="0",
        seed=0,
        resume=None,
        fresh=False,
        overrides=[],
        params_dir=str(CONFIG),
    )


@pytest.fixture
def params():
    return load_params(CONFIG, BASELINE)


@pytest.fixture(autouse=True)
def free_runs():
    yield
    release_runs()


@contextmanager
def held_elsewhere(run):
    """Hold the run's lock in another process."""
    code = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX); "
    code += "print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(run / "lock")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    try:
        yield
    finally:
        process.communicate()


def finish(run):
    (run / "results.json").write_text(json.dumps({"status": "finished"}))


def test_create_run_makes_the_published_folders(args, params, tmp_path):
    run = create_run(args, params, args.dataset)
    assert run.parent == tmp_path / "baseline" / "a_b_c" / "0"
    time.strptime(run.name, "%Y-%m-%d-%H-%M-%S")
    arguments, config = read_run(run)
    assert arguments["experiment"] == BASELINE
    assert config["input_shape"] == [640, 853, 3]


def test_create_run_never_shares_a_folder(args, params):
    runs = {create_run(args, params, "d") for _ in range(3)}
    assert len(runs) == 3


def test_create_run_reports_a_file_in_the_way(args, params, tmp_path):
    (tmp_path / "baseline").write_text("a file")
    with pytest.raises(OSError, match="Not a directory|File exists"):
        create_run(args, params, "d")


def test_find_latest_run_takes_the_newest_finished_one(args, params, tmp_path):
    old, new, unfinished = (create_run(args, params, "d") for _ in range(3))
    finish(old)
    finish(new)
    assert unfinished.name > new.name > old.name
    assert find_latest_run(tmp_path, BASELINE) == new


def test_find_latest_run_passes_over_other_experiments(args, params, tmp_path):
    other = argparse.Namespace(**{**vars(args), "experiment": "training/points"})
    finish(create_run(other, params, "d"))
    with pytest.raises(InputError, match="holds no finished run of `training/baseline`"):
        find_latest_run(tmp_path, BASELINE)


def test_open_run_goes_on_with_the_unfinished_run_of_the_same_command(args, params):
    first = open_run(args, params, "d")
    assert open_run(args, params, "d") == first


def test_open_run_starts_anew_after_a_finished_run(args, params):
    first = open_run(args, params, "d")
    finish(first)
    assert open_run(args, params, "d") != first


def test_open_run_starts_anew_when_asked(args, params):
    first = open_run(args, params, "d")
    args.fresh = True
    assert open_run(args, params, "d") != first


def test_open_run_passes_over_a_run_that_another_process_holds(args, params):
    first = open_run(args, params, "d")
    release_runs()
    with held_elsewhere(first):
        second = open_run(args, params, "d")
        named = argparse.Namespace(**{**vars(args), "resume": str(first)})
        with pytest.raises(InputError, match="another process is at work in this run"):
            open_run(named, params, "d")
    assert second != first


def test_find_unfinished_runs_wants_the_same_config_and_arguments(args, params):
    create_run(args, params, "d")
    other_params = load_params(CONFIG, BASELINE, ["epochs=3"])
    other_args = argparse.Namespace(**{**vars(args), "seed": 1})
    assert find_unfinished_runs(args, other_params) == []
    assert find_unfinished_runs(other_args, params) == []


def test_find_unfinished_runs_passes_over_torn_folders(args, params, tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "args.json").write_text("{")
    assert find_unfinished_runs(args, params) == []


def test_lock_run_is_freed_when_its_holder_is_killed(args, params):
    run = create_run(args, params, "d")
    release_runs()
    with held_elsewhere(run):
        assert not lock_run(run)
    assert lock_run(run)
    assert lock_run(run)  # this process has it already


def test_open_run_does_not_care_how_often_checkpoints_are_written(args, params):
    first = open_run(args, params, "d")
    args.checkpoint_steps = 7
    assert open_run(args, params, "d") == first


@pytest.mark.parametrize("text", ["", "[]", "3", "null", "[" * 100_000])
@pytest.mark.parametrize("name", ["args.json", "hyperparams.json"])
def test_read_run_refuses_files_that_are_no_objects(args, params, name, text):
    run = create_run(args, params, "d")
    (run / name).write_text(text)
    with pytest.raises(InputError, match="must be a run folder, with args.json and hyperparams"):
        read_run(run)
    assert find_unfinished_runs(args, params) == []


@pytest.mark.parametrize("text", ["", "[]", "3", "null"])
def test_is_finished_wants_an_object(tmp_path, text):
    (tmp_path / "results.json").write_text(text)
    assert not is_finished(tmp_path)


@pytest.mark.parametrize("experiment", ["training/basline", ["a"], None])
def test_load_run_params_names_an_unknown_experiment(args, params, experiment):
    args.resume = str(create_run(args, params, "d"))
    args.experiment = experiment
    with pytest.raises(InputError, match="d/0/.*: unknown experiment `.*nearest known one is"):
        load_run_params(args)
