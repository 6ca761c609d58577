"""What `--resume RUN` takes from the run, and how it refuses another configuration."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

from config.errors import InputError
from config.files import to_json
from config.loader import params_to_dict
from training.run_folders import is_finished, read_run
from training.run_identity import FREE_ARGUMENTS
from training.runs import load_run_params

logger = logging.getLogger(__name__)


def restore_arguments(args: argparse.Namespace) -> argparse.Namespace:
    """Take the arguments of the run that `--resume` names.

    What the command line itself gives must agree with the run, unless `--force` is set; how often
    checkpoints and log lines are written may always change.

    Args:
        args: the wrapper's arguments, with `given`.

    Returns:
        `args` unless `resume` is set; else the run's own, with `resume` kept.

    Raises:
        InputError: the folder is no run, the run is finished, or it was started with another
            configuration or data set.

    Example:
        >>> restore_arguments(argparse.Namespace(resume=None)).resume is None
        True
    """
    if not args.resume:
        return args
    run = Path(args.resume)
    stored, params = read_run(run)
    if is_finished(run):
        raise InputError(f"{run}: this run is finished; leave out `--resume` for a new one.")
    given = vars(args).get("given", ())
    asked = {name: vars(args)[name] for name in given}
    free = {name: value for name, value in asked.items() if name in FREE_ARGUMENTS}
    kept = {"resume": args.resume, "force": args.force, "given": given, "overrides": []}
    forced = argparse.Namespace(**{**vars(args), **stored, **asked, **kept, **free, "force": True})
    differences = describe_differences(stored, to_json(asked), ignore=FREE_ARGUMENTS)
    differences += describe_differences(params, params_to_dict(load_run_params(forced)))
    if differences and not args.force:
        raise InputError(
            f"{run}: this run was started differently: {'; '.join(differences)}. Leave these "
            "arguments out, or add `--force` to go on with the new values."
        )
    if differences:
        logger.warning("%s goes on with other values: %s", run, "; ".join(differences))
        return forced
    return argparse.Namespace(**{**vars(args), **stored, **kept, **free})


def describe_differences(stored: dict, asked: dict, *, ignore=()) -> list[str]:
    """Say which values differ.

    Args:
        stored: name -> value of the run.
        asked: name -> value now; names that are missing are taken to agree.
        ignore: names that may differ.

    Returns:
        One text per difference.

    Example:
        >>> describe_differences({"epochs": 3, "seed": 1}, {"epochs": 5})
        ['`epochs` was 3, now 5']
    """
    return [
        f"`{name}` was {json.dumps(stored.get(name))}, now {json.dumps(value)}"
        for name, value in asked.items()
        if name not in ignore and stored.get(name) != value
    ]
