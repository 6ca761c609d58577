import argparse
import errno

import pytest

from config.commands import run_main
from config.errors import InputError


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (InputError("`N` must be 1."), 2, "prog: error: `N` must be 1.\n"),
        (KeyboardInterrupt(), 130, "prog: error: stopped.\n"),
        (OSError(errno.ENOSPC, "No space left on device", "out/a"), 1, "out/a: No space left"),
        (OSError("no room"), 1, "prog: error: no room.\n"),
    ],
)
def test_run_main_reports_in_one_line(capsys, error, status, text):
    def fail(args):
        raise error

    assert run_main(fail, argparse.ArgumentParser(prog="prog"), []) == status
    printed = capsys.readouterr().err
    assert text in printed
    assert printed.count("\n") == 1


def test_run_main_keeps_the_traceback_of_a_bug():
    with pytest.raises(ZeroDivisionError):
        run_main(lambda args: 1 / 0, argparse.ArgumentParser(), [])


def test_run_main_returns_what_main_returns():
    assert run_main(lambda args: 3, argparse.ArgumentParser(), []) == 3
