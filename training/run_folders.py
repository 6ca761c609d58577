"""Run folders: `<experiment_dir>/<experiment_name>/<dataset>/<index>/<time>/`."""

from __future__ import annotations

import argparse
import datetime
import json
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

from config.errors import InputError
from config.files import write_json
from config.loader import params_to_dict
from training.run_identity import identify
from training.run_lock import lock_run

TIME_FORMAT = "%Y-%m-%d-%H-%M-%S"


def create_run(args: argparse.Namespace, params: Any, dataset: str, digests: dict) -> Path:
    """Make a run folder and keep what it was started with in it.

    Args:
        args: the wrapper's arguments, with `experiment`, `experiment_dir`, `experiment_name` and
            `index`.
        params: resolved parameters of the experiment.
        dataset: name of the training data; slashes become underscores.
        digests: of the data, see `training.data_identity`.

    Returns:
        The new folder, with `data.json`, `hyperparams.json` and `args.json`.

    Raises:
        OSError: the folder cannot be made.

    Example:
        >>> # see `training.baseline.train`
    """
    name = re.sub(r"[^\w.-]+", "_", dataset).strip("_")
    parent = Path(args.experiment_dir) / args.experiment_name / name / str(args.index)
    stamp = datetime.datetime.now()
    while True:
        folder = parent / stamp.strftime(TIME_FORMAT)
        try:
            folder.mkdir(parents=True)
            break
        except FileExistsError:
            if not folder.is_dir():
                raise
            stamp += datetime.timedelta(seconds=1)
    try:
        lock_run(folder)
        write_run(folder, args, params, digests)
    except BaseException:  # stopped, or the disk is full: a folder without args.json is no run
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def write_run(folder: Path, args: argparse.Namespace, params: Any, digests: dict) -> None:
    """Keep the data's digests, the resolved configuration and the arguments in a run folder.

    Args:
        folder: the run folder.
        args: the wrapper's arguments.
        params: resolved parameters.
        digests: of the data.

    Raises:
        OSError: a file cannot be written.

    Example:
        >>> # see `create_run`
    """
    write_json(digests, folder / "data.json")
    write_json(params_to_dict(params), folder / "hyperparams.json")
    known = {name: value for name, value in vars(args).items() if name != "given"}
    write_json({**known, "command": _command_line(known.get("model_path"))}, folder / "args.json")


def read_run(folder: Path) -> tuple[dict, dict]:
    """Read what a run was started with.

    Args:
        folder: a run folder.

    Returns:
        (arguments, resolved configuration).

    Raises:
        InputError: the folder is no run.

    Example:
        >>> read_run(Path("tests"))
        Traceback (most recent call last):
        ...
        config.errors.InputError: tests: must be a run folder, with args.json and hyperparams.json.
    """
    arguments = _read_object(Path(folder) / "args.json")
    params = _read_object(Path(folder) / "hyperparams.json")
    if arguments is None or params is None:
        raise InputError(f"{folder}: must be a run folder, with args.json and hyperparams.json.")
    return arguments, params


def read_digests(folder: Path) -> dict | None:
    """Read the digests of the data that a run began with.

    Args:
        folder: a run folder.

    Returns:
        The digests; None when `data.json` is absent or damaged.

    Example:
        >>> read_digests(Path("tests")) is None
        True
    """
    return _read_object(Path(folder) / "data.json")


def is_finished(folder: Path) -> bool:
    """Say whether a run has written its results.

    Args:
        folder: a run folder.

    Returns:
        True when `results.json` says "finished".

    Example:
        >>> is_finished(Path("tests"))
        False
    """
    results = _read_object(Path(folder) / "results.json")
    return results is not None and results.get("status") == "finished"


def find_latest_run(experiment_dir: Path, experiment: str) -> Path:
    """Find the newest finished run of an experiment.

    Args:
        experiment_dir: folder under which all runs lie.
        experiment: e.g. "training/baseline".

    Returns:
        The run folder whose name, its starting time, is the latest.

    Raises:
        InputError: there is none.

    Example:
        >>> find_latest_run(Path("tests"), "training/baseline")
        Traceback (most recent call last):
        ...
        config.errors.InputError: tests: holds no finished run of `training/baseline`; ...
    """
    runs = [run for run in list_runs(experiment_dir, experiment) if is_finished(run)]
    if not runs:
        raise InputError(
            f"{experiment_dir}: holds no finished run of `{experiment}`; run "
            f"`python train_wrapper.py --experiment {experiment}` first, or name a run with "
            "`--model_path`."
        )
    return max(runs, key=lambda run: run.name)


def find_unfinished_runs(args: argparse.Namespace, params: Any) -> list[Path]:
    """Find the unfinished runs that the same command line started.

    Args:
        args: the wrapper's arguments.
        params: resolved parameters.

    Returns:
        Their folders, the newest first; some may be at work in another process.

    Example:
        >>> # see `open_run`
    """
    return [run for run in _find_same_runs(args, params) if not is_finished(run)]


def find_finished_runs(args: argparse.Namespace, params: Any) -> list[Path]:
    """Find the finished runs of the same command line.

    Args:
        args: the wrapper's arguments.
        params: resolved parameters.

    Returns:
        Their folders, the newest first.

    Example:
        >>> # see `training.sweeps`
    """
    return [run for run in _find_same_runs(args, params) if is_finished(run)]


def _find_same_runs(args: argparse.Namespace, params: Any) -> list[Path]:
    wanted = identify(vars(args)), params_to_dict(params)
    found = []
    for run in list_runs(args.experiment_dir, args.experiment):
        arguments, stored = read_run(run)
        if (identify(arguments), stored) == wanted:
            found.append(run)
    return sorted(found, key=lambda run: run.name, reverse=True)


def list_runs(experiment_dir: Path, experiment: str) -> list[Path]:
    """List the runs of an experiment, finished or not.

    Args:
        experiment_dir: folder under which all runs lie.
        experiment: e.g. "training/baseline".

    Returns:
        Their folders, in no order.

    Example:
        >>> list_runs(Path("tests"), "training/baseline")
        []
    """
    runs = []
    for path in Path(experiment_dir).glob("**/args.json"):
        try:
            arguments, _ = read_run(path.parent)
        except InputError:
            continue
        if arguments.get("experiment") == experiment:
            runs.append(path.parent)
    return runs


def _read_object(path: Path) -> dict | None:
    """Read a JSON object; None for an absent or torn file and for any other JSON."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _command_line(model_path: str | None) -> str:
    """Return the command, with the model that it found: "latest" means another one later."""
    words = [Path(sys.argv[0]).name, *sys.argv[1:]]
    if model_path is not None and str(model_path) not in words:
        words += ["--model_path", str(model_path)]
    return "python " + shlex.join(words)
