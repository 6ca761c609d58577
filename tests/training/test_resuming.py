import argparse
import json
from pathlib import Path

import pytest

from config.errors import InputError
from train_wrapper import build_parser
from training.command_line import list_given
from training.default_data import fill_data
from training.resuming import restore_arguments
from training.run_folders import read_run
from training.run_lock import release_runs
from training.runs import load_run_params, open_run

CONFIG = str(Path(__file__).resolve().parents[2] / "config")


def parse(*argv):
    args = build_parser().parse_args(argv)
    args.given = list_given(build_parser(), argv)
    args.experiment_name = "baseline"
    return args


@pytest.fixture
def run(tmp_path):
    argv = ["--experiment_dir", str(tmp_path), "--params_dir", CONFIG, "--seed", "5"]
    args = fill_data(parse(*argv))
    yield str(open_run(args, load_run_params(args), args.dataset, records={}))
    release_runs()


def test_restore_arguments_takes_those_of_the_run(run):
    restored = restore_arguments(parse("--resume", run))
    assert (restored.seed, restored.resume, restored.force) == (5, run, False)
    assert load_run_params(restored).input_shape == (640, 853, 3)


def test_restore_arguments_keeps_force_for_data_that_changed(run):
    assert restore_arguments(parse("--resume", run, "--force")).force


def test_restore_arguments_allows_what_agrees_and_what_is_free(run):
    argv = ["--resume", run, "--seed", "5", "--checkpoint_steps", "3", "--set", "epochs=15"]
    assert restore_arguments(parse(*argv)).checkpoint_steps == 3


def test_restore_arguments_lists_what_differs(run):
    argv = ["--resume", run, "--set", "epochs=20", "--dataset", "other", "--seed", "5"]
    with pytest.raises(InputError) as caught:
        restore_arguments(parse(*argv))
    text = str(caught.value)
    assert '`dataset` was "synthetic_ranked", now "other"; `epochs` was 15, now 20' in text
    assert "--force" in text and "seed" not in text


def test_restore_arguments_forced_takes_the_new_values_and_keeps_them(run, caplog):
    args = restore_arguments(parse("--resume", run, "--set", "epochs=20", "--force"))
    params = load_run_params(args)
    assert params.epochs == 20
    assert "`epochs` was 15, now 20" in caplog.text
    assert str(open_run(args, params, args.dataset, records={})) == run
    arguments, stored = read_run(Path(run))
    assert (arguments["seed"], stored["epochs"]) == (5, 20)


def test_restore_arguments_compares_another_folder_of_parameters(run):
    argv = ["--resume", run, "--params_dir", f"{CONFIG}/demo"]
    with pytest.raises(InputError, match="`batch_size` was 3, now 8; .*`epochs` was 15, now"):
        restore_arguments(parse(*argv))


def test_restore_arguments_refuses_a_finished_run(run):
    (Path(run) / "results.json").write_text(json.dumps({"status": "finished"}))
    with pytest.raises(InputError, match="this run is finished"):
        restore_arguments(parse("--resume", run))


def test_restore_arguments_refuses_a_folder_that_is_no_run(tmp_path):
    with pytest.raises(InputError, match="must be a run folder"):
        restore_arguments(argparse.Namespace(resume=str(tmp_path)))
