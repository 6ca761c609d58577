import argparse
import errno

import pytest

from config.errors import InputError
from training.command_line import complete_arguments, run_command
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
