import argparse
import errno
import json
import signal

import pytest

from config.errors import InputError
from training.command_line import (
    complete_arguments,
    run_command,
)
from training.interruption import StoppedRun


def fail_with(error):
    def main(args):
        raise error

    return main


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (InputError("`N` must be 1."), 2, "prog: error: `N` must be 1.\n"),
        (StoppedRun("stopped at step 3."), 75, "stopped at step 3."),
        (KeyboardInterrupt(), 130, "stopped"),
        (OSError(errno.ENOSPC, "No space left on device", "out/a"), 1, "out/a: No space left"),
    ],
)
def test_run_command_reports_in_one_line(capsys, error, status, text):
    assert run_command(fail_with(error), argparse.ArgumentParser(prog="prog"), []) == status
    printed = capsys.readouterr().err
    assert text in printed
    assert printed.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_command_that_is_resumable_ends_with_75_at_a_signal(capsys, number):
    parser = argparse.ArgumentParser(prog="prog")
    status = run_command(lambda args: signal.raise_signal(number), parser, [], resumable=True)
    assert status == 75
    assert capsys.readouterr().err == "prog: error: stopped; the same command line starts again.\n"


def test_run_command_says_what_the_same_command_line_does_after_a_stop(capsys):
    main, parser = (lambda args: signal.raise_signal(signal.SIGINT)), argparse.ArgumentParser()
    assert run_command(main, parser, [], resumable=True, again="goes on here") == 75
    assert capsys.readouterr().err.endswith("stopped; the same command line goes on here.\n")


def test_run_command_ends_with_75_when_a_library_made_another_error_of_the_stop(capsys):
    def main(args):
        try:
            signal.raise_signal(signal.SIGTERM)
        except StoppedRun as stop:
            raise RuntimeError("in a callback") from stop

    assert run_command(main, argparse.ArgumentParser(), [], resumable=True) == 75
    assert "stopped (RuntimeError); start the same command line again" in capsys.readouterr().err


def test_run_command_elsewhere_leaves_ctrl_c_to_python(capsys):
    def main(args):
        signal.raise_signal(signal.SIGINT)

    # A shell starts background jobs with Ctrl-C ignored, and Python then leaves it so.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert run_command(main, argparse.ArgumentParser(), []) == 130
    finally:
        signal.signal(signal.SIGINT, before)


def test_run_command_keeps_the_traceback_of_a_bug():
    with pytest.raises(ZeroDivisionError):
        run_command(fail_with(ZeroDivisionError()), argparse.ArgumentParser(), [])


def test_run_command_returns_what_main_returns():
    assert run_command(lambda args: 3, argparse.ArgumentParser(), []) == 3


def arguments(experiment):
    return argparse.Namespace(
        experiment=experiment, experiment_name=None, params_dir="config", resume=None
    )


def test_complete_arguments_names_an_unknown_experiment():
    with pytest.raises(InputError, match="unknown experiment `training/basline`"):
        complete_arguments(arguments("training/basline"), stage="training")


def test_complete_arguments_names_the_other_wrapper():
    with pytest.raises(InputError, match="use `python train_wrapper.py`"):
        complete_arguments(arguments("training/baseline"), stage="finetuning")


@pytest.mark.parametrize("seed", [-1, 2**31])
def test_complete_arguments_names_a_seed_out_of_range(seed):
    args = arguments("training/baseline")
    args.seed = seed
    with pytest.raises(InputError, match=f"`--seed` must be between 0 .* Received {seed}"):
        complete_arguments(args, stage="training")


@pytest.mark.parametrize("seed", [0, 2**31 - 1])
def test_complete_arguments_takes_the_outermost_seeds(seed):
    args = arguments("training/baseline")
    args.seed = seed
    assert complete_arguments(args, stage="training").seed == seed


def test_complete_arguments_names_an_unknown_experiment_of_a_resumed_run(tmp_path):
    (tmp_path / "args.json").write_text(json.dumps({"experiment": "training/basline"}))
    (tmp_path / "hyperparams.json").write_text("{}")
    args = argparse.Namespace(
        **{**vars(arguments("training/baseline")), "resume": str(tmp_path), "force": False}
    )
    with pytest.raises(InputError, match="unknown experiment `training/basline`"):
        complete_arguments(args, stage="training")
