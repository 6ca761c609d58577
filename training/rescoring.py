"""Opens a run that is to be scored again."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config.errors import InputError
from training.run_folders import read_run
from training.run_lock import lock_run, release_runs
from training.runs import load_run_params


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


def build_scoring_parser(prog: str, description: str, kind: str) -> argparse.ArgumentParser:
    """Describe the command line that all such commands share.

    Args:
        prog: the command's name.
        description: what it does.
        kind: of run, such as "localization".

    Returns:
        The parser, with `--model` and `--split`.

    Example:
        >>> build_scoring_parser("eval", "", "points").parse_args(["--model", "run"]).split
        'test'
    """
    parser = argparse.ArgumentParser(prog=prog, description=description, allow_abbrev=False)
    parser.add_argument("--model", required=True, help=f"folder of a {kind} run")
    parser.add_argument(
        "--split", choices=("test", "val"), default="test", help="pictures to score"
    )
    return parser


def load_held_params(args: argparse.Namespace, run: Path, schema: type, kind: str) -> Any:
    """Load the parameters of a run that must be of one kind.

    Args:
        args: of `hold_run`.
        run: its folder.
        schema: the dataclass that its parameters must be.
        kind: of run, for the message.

    Returns:
        The parameters.

    Raises:
        InputError: the run is of another kind.

    Example:
        >>> # see `training.points.eval`
    """
    params = load_run_params(args)
    if not isinstance(params, schema):
        raise InputError(f"{run}: must be a {kind} run. Received one of {args.experiment}.")
    return params
