import argparse
import json
import time
from pathlib import Path

import pytest

from config.errors import InputError
from config.loader import load_params
from training.runs import (
    create_run,
    find_latest_run,
    find_unfinished_run,
    load_run_params,
    open_run,
    read_run,
    restore_arguments,
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


def test_find_unfinished_run_wants_the_same_config_and_arguments(args, params):
    create_run(args, params, "d")
    other_params = load_params(CONFIG, BASELINE, ["epochs=3"])
    other_args = argparse.Namespace(**{**vars(args), "seed": 1})
    assert find_unfinished_run(args, other_params) is None
    assert find_unfinished_run(other_args, params) is None


def test_restore_arguments_takes_those_of_the_run(args, params):
    args.seed = 5
    run = create_run(args, params, "d")
    resumed = argparse.Namespace(**{**vars(args), "seed": 0, "resume": str(run)})
    restored = restore_arguments(resumed)
    assert (restored.seed, restored.resume) == (5, str(run))
    assert load_run_params(restored) == params


def test_restore_arguments_refuses_a_finished_run(args, params):
    run = create_run(args, params, "d")
    finish(run)
    with pytest.raises(InputError, match="this run is finished"):
        restore_arguments(argparse.Namespace(resume=str(run)))


def test_restore_arguments_refuses_a_folder_that_is_no_run(tmp_path):
    with pytest.raises(InputError, match="must be a run folder"):
        restore_arguments(argparse.Namespace(resume=str(tmp_path)))


def test_find_unfinished_run_passes_over_torn_folders(args, params, tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "args.json").write_text("{")
    assert find_unfinished_run(args, params) is None
