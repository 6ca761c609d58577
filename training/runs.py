"""Opens the run that a command works in: the one it left unfinished, or a new one."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from config.errors import InputError
from config.loader import (
    find_schema,
    load_params,
    override_values,
    params_from_dict,
    params_to_dict,
)
from training.data_identity import DataIdentity
from training.resolving import resolve_params
from training.run_folders import (
    create_run,
    find_unfinished_runs,
    read_digests,
    read_run,
    write_run,
)
from training.run_identity import identify
from training.run_lock import lock_run
from training.workers import any_worker, check_agreement, is_chief, text_of_chief

logger = logging.getLogger(__name__)


def load_run_params(args: argparse.Namespace) -> Any:
    """Load the parameters of a command, with what they leave to other places filled in.

    Args:
        args: the wrapper's arguments.

    Returns:
        The experiment's frozen dataclass, see `training.resolving`.

    Raises:
        InputError: the configuration, or the run that it continues, cannot be used.

    Example:
        >>> args = argparse.Namespace(
        ...     experiment="training/baseline", params_dir="config", overrides=[], resume=None
        ... )
        >>> load_run_params(args).epochs
        15
    """
    params = load_given_params(args)
    return params if args.resume and not args.force else resolve_params(params, args)


def load_given_params(args: argparse.Namespace) -> Any:
    """Load the parameters of a command: from its config file, or from the run it resumes.

    Args:
        args: the wrapper's arguments.

    Returns:
        The experiment's frozen dataclass, as the file and the overrides say.

    Raises:
        InputError: the configuration cannot be used.

    Example:
        >>> args = argparse.Namespace(
        ...     experiment="training/localization",
        ...     params_dir="config",
        ...     overrides=[],
        ...     resume=None,
        ... )
        >>> load_given_params(args).batch_size is None
        True
    """
    if not args.resume:
        return load_params(Path(args.params_dir), args.experiment, args.overrides)
    _, values = read_run(Path(args.resume))
    schema = find_schema(args.experiment, where=f"{args.resume}: ")
    stored = params_from_dict(schema, values, where=args.resume)
    if not args.force:
        return stored
    if "params_dir" in args.given:
        return load_params(Path(args.params_dir), args.experiment, args.overrides)
    values = override_values(params_to_dict(stored), schema, args.overrides)
    return params_from_dict(schema, values, where=args.resume, overrides=args.overrides)


def open_run(
    args: argparse.Namespace, params: Any, dataset: str, *, records: Mapping[str, Sequence]
) -> Path:
    """Give the folder that a command works in: the one it left unfinished, or a new one.

    The folder is locked: no other process gets it while this one lives. Of several workers the
    chief chooses, and all must have been given the same.

    Args:
        args: the wrapper's arguments, with `data_dir`, `resume` and `fresh`.
        params: resolved parameters.
        dataset: name of the training data.
        records: all that the run reads, by part: {"training": records, ...}. A list of files is
            records too. A run goes on only while they are what it began with.

    Returns:
        A run folder.

    Raises:
        InputError: another process is at work in the folder that `--resume` names, its data have
            changed, or the workers disagree.
        OSError: a new folder cannot be made.

    Example:
        >>> # see `training.baseline.train`
    """
    data = DataIdentity(records, Path(args.data_dir))
    check_agreement({**identify(vars(args)), **params_to_dict(params), **data.summary()})
    failure, run = None, None
    if is_chief():
        try:
            run = _choose_run(args, params, dataset, data)
        except (InputError, OSError) as error:
            failure = error
    if any_worker([failure is not None])[0]:
        raise failure or InputError("the chief could not open the run; see its message.")
    return Path(text_of_chief(str(run)))


def _choose_run(args: argparse.Namespace, params: Any, dataset: str, data: DataIdentity) -> Path:
    if args.resume:
        return _open_named_run(Path(args.resume), args, params, data)
    for run in [] if args.fresh else find_unfinished_runs(args, params):
        changes = data.describe_changes(read_digests(run))
        if changes:
            logger.warning(
                "%s is not continued, for its data have changed: %s; `--resume %s --force` goes on "
                "with it all the same",
                run,
                "; ".join(changes),
                run,
            )
        elif lock_run(run):
            return run
    return create_run(args, params, dataset, data.digests)


def _open_named_run(run: Path, args: argparse.Namespace, params: Any, data: DataIdentity) -> Path:
    changes = "; ".join(data.describe_changes(read_digests(run)))
    if changes and not args.force:
        raise InputError(
            f"{run}: the data must be those that the run began with. Received others: {changes}. "
            "Put them back, or add `--force` to go on with the new ones."
        )
    if not lock_run(run):
        raise InputError(f"{run}: another process is at work in this run; wait until it ends.")
    if changes:
        logger.warning("%s goes on with other data: %s", run, changes)
    if args.force:
        write_run(run, args, params, data.digests)
    return run
