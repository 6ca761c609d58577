"""What every experiment does about its data sets: it names them and drops unreadable pictures."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from config.errors import InputError
from config.schema import ImageParams
from datasets.bad_files import drop_bad_files
from datasets.boxes import BoxSplits
from datasets.images import read_header
from datasets.tags import TagSplits
from training.workers import is_chief

Splits = TypeVar("Splits", BoxSplits, TagSplits)


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


def require_sides(records: Sequence, least: int, *, max_pixels: int, cure: str) -> None:
    """Require every picture to hold a pixel for each of the patches along its sides.

    Args:
        records: pictures that are cut.
        least: patches along each axis.
        max_pixels: larger pictures are refused.
        cure: what is to be done, such as "lower `--N`".

    Raises:
        InputError: a picture is smaller.

    Example:
        >>> require_sides([], 2, max_pixels=100, cure="lower `--N`")
    """
    for record in records:
        header = read_header(record.image, max_pixels=max_pixels)
        if least > min(header.height, header.width):
            raise InputError(
                f"`N` must not exceed a picture's sides. Received {least} for {record.image} "
                f"of {header.height} x {header.width} pixels; {cure}."
            )


def keep_sound_splits(splits: Splits, args: argparse.Namespace, params: ImageParams) -> Splits:
    """Keep the records of all splits whose pictures can be decoded.

    Args:
        splits: what a reader returned; perhaps without some.
        args: a wrapper's arguments, with `experiment_dir`.
        params: resolved parameters, with `max_bad_fraction` and `max_pixels`.

    Returns:
        The splits with the records kept, in order.

    Raises:
        InputError: of a split more pictures are bad than allowed, or none is left.

    Example:
        >>> # see `training.localization.pictures`
    """
    parts = {part: getattr(splits, part) for part in ("training", "validation", "test")}
    sound = {part: keep_sound(each, args, params) if each else [] for part, each in parts.items()}
    return dataclasses.replace(splits, **sound)


def refuse_filter_classes(args: argparse.Namespace, received: str) -> None:
    """Refuse `--filter_classes`, which is of ranked pairs alone.

    Args:
        args: a wrapper's arguments.
        received: what it came with, and what to do instead.

    Raises:
        InputError: the argument is given.

    Example:
        >>> refuse_filter_classes(argparse.Namespace(filter_classes=[]), "points; leave it out.")
    """
    if vars(args).get("filter_classes"):
        raise InputError(f"`--filter_classes` goes with ranked pairs. Received it with {received}")


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
