"""What every experiment does about its data sets: it names them and drops unreadable pictures."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from config.schema import ImageParams
from datasets.bad_files import drop_bad_files
from training.workers import is_chief


def keep_sound(records: Sequence, args: argparse.Namespace, params: ImageParams) -> list:
    """Keep the records whose pictures can be decoded; remember them for the next run.

    Args:
        records: what a reader returned.
        args: a wrapper's arguments, with `experiment_dir`.
        params: resolved parameters, with `max_bad_fraction` and `max_pixels`.

    Returns:
        The records kept, in order.

    Raises:
        InputError: more pictures are bad than allowed, or none is left.

    Example:
        >>> # see `training.baseline.train`
    """
    return drop_bad_files(
        records,
        max_bad_fraction=params.max_bad_fraction,
        max_pixels=params.max_pixels,
        workers=vars(args).get("workers"),
        memo=Path(args.experiment_dir) / "cache" / "sound_pictures.json" if is_chief() else None,
    )


def name_datasets(args: argparse.Namespace) -> tuple[str, str]:
    """Name the data sets of a run.

    Args:
        args: the arguments of either wrapper.

    Returns:
        (the one to learn from, the one to score).

    Example:
        >>> name_datasets(argparse.Namespace(dataset="cells"))
        ('cells', 'cells')
    """
    given = vars(args)
    if "dataset" in given:
        return given["dataset"], given["dataset"]
    return given["train_data"], given["test_data"]
