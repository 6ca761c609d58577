"""Opens a run that is to be scored again."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.errors import InputError
from training.run_folders import read_run
from training.run_lock import lock_run, release_runs


@contextmanager
def hold_run(run: Path) -> Iterator[argparse.Namespace]:
    """Keep other processes out of a run, finished or not, while it is worked on.

    Args:
        run: its folder.

    Yields:
        The arguments of the wrapper that started it, with which `load_run_params` gives the
        parameters that the run keeps.

    Raises:
        InputError: the folder is no run, or another process is at work in it.

    Example:
        >>> with hold_run(Path("tests")):
        ...     pass
        Traceback (most recent call last):
        ...
        config.errors.InputError: tests: must be a run folder, with args.json and hyperparams.json.
    """
    arguments, _ = read_run(run)
    if not lock_run(run):
        raise InputError(f"{run}: another process is at work in this run; wait until it ends.")
    try:
        yield argparse.Namespace(**{**arguments, "resume": str(run), "force": False, "given": ()})
    finally:
        release_runs()
