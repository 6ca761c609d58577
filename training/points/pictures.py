"""The pictures with points of a run: those to learn from, to validate on and to score."""

from __future__ import annotations

import argparse
import logging

import numpy as np

from config.errors import InputError, MissingSplit
from config.schema import PointFitParams
from datasets.images import read_header
from datasets.points import read_points
from datasets.records import PointRecord
from datasets.splits import hold_out
from training.reading import keep_sound, name_datasets, refuse_filter_classes

logger = logging.getLogger(__name__)

LARGEST_WHOLE = 8_000_000  # pixels; a network on MobileNetV2 then takes some 3 GB


def read_training_pictures(
    args: argparse.Namespace, params: PointFitParams
) -> tuple[list[PointRecord], list[PointRecord]]:
    """Read the pictures to learn from and to validate on, without unreadable ones.

    Where the format has no validation split, a share of the training pictures is held out; of
    `num_labelled` pictures always, so that no more annotations are used than were asked for.

    Args:
        args: a wrapper's arguments.
        params: resolved parameters.

    Returns:
        (training, validation), sorted by picture.

    Raises:
        InputError: the data set cannot be used.

    Example:
        >>> # see `training.points.train`
    """
    dataset = name_datasets(args)[0]
    training, validation = (_read(args, params, dataset, split) for split in ("train", "val"))
    if params.num_labelled is not None:
        training, validation = choose_labelled(training, params.num_labelled, seed=args.seed), []
    if not validation:
        training, validation = hold_out(training, params.validation_fraction, seed=args.seed)
    check_whole_sizes(validation, params)
    return training, validation


def read_scored_pictures(
    args: argparse.Namespace, params: PointFitParams, split: str = "test"
) -> tuple[list[PointRecord], str]:
    """Read the pictures to score, without unreadable ones.

    Args:
        args: a wrapper's arguments.
        params: resolved parameters.
        split: "test" or "val".

    Returns:
        (records sorted by picture, "test" or "val"): "val" also where there are no test pictures.

    Raises:
        InputError: the data set cannot be used.

    Example:
        >>> # see `training.points.scoring`
    """
    if split == "test":
        try:
            records = _read(args, params, name_datasets(args)[1], "test")
        except MissingSplit:
            records = []
        check_whole_sizes(records, params)
        if records:
            return records, "test"
        logger.warning("there are no test pictures; the validation pictures are scored instead")
    return read_training_pictures(args, params)[1], "val"


def check_whole_sizes(records: list[PointRecord], params: PointFitParams) -> None:
    """Require pictures that are validated on or scored, which go whole through the network, to fit.

    Args:
        records: pictures.
        params: resolved parameters.

    Raises:
        InputError: a picture has too many pixels after scaling.

    Example:
        >>> check_whole_sizes([], None)
    """
    for record in records:
        header = read_header(record.image, max_pixels=params.max_pixels)
        pixels = header.height * header.width * params.scale**2
        if pixels > LARGEST_WHOLE:
            most = (LARGEST_WHOLE / (header.height * header.width)) ** 0.5
            raise InputError(
                f"A picture that is validated on or scored must have at most {LARGEST_WHOLE} "
                f"pixels after scaling. `{record.image}` has {pixels:.0f}; use "
                f"`--set scale={np.floor(most * 20) / 20:.2f}`, or cut the pictures into parts. "
                "`predict.py` takes any size."
            )


def choose_labelled(
    records: list[PointRecord], num_labelled: int, *, seed: int
) -> list[PointRecord]:
    """Choose a few annotated pictures; of one seed, the choice of fewer is part of that of more.

    Args:
        records: all of them.
        num_labelled: how many.
        seed: picks which.

    Returns:
        Those chosen, in the order of `records`.

    Raises:
        InputError: there are not so many.

    Example:
        >>> choose_labelled(list("abcdef"), 2, seed=0)
        ['c', 'd']
    """
    if num_labelled > len(records):
        raise InputError(
            f"`num_labelled` must not exceed the {len(records)} annotated pictures. Received "
            f"{num_labelled}."
        )
    order = np.random.default_rng(seed).permutation(len(records))
    return [records[i] for i in sorted(order[:num_labelled])]


def point_classes(record: PointRecord) -> np.ndarray:
    """Return the class of every point of a record, 1 throughout where there is one class.

    Args:
        record: a picture with points.

    Returns:
        (N,) int64.

    Example:
        >>> from pathlib import Path
        >>> point_classes(PointRecord(Path("a.png"), np.zeros((2, 2))))
        array([1, 1])
    """
    return np.ones(record.count, np.int64) if record.classes is None else record.classes


def count_classes(record: PointRecord, num_classes: int) -> np.ndarray:
    """Count the points of every class of a record.

    Args:
        record: a picture with points.
        num_classes: number of classes, K.

    Returns:
        (K,) int64.

    Example:
        >>> from pathlib import Path
        >>> count_classes(PointRecord(Path("a.png"), np.zeros((2, 2))), 1)
        array([2])
    """
    return np.bincount(point_classes(record), minlength=num_classes + 1)[1:]


def _read(args, params, dataset: str, split: str) -> list[PointRecord]:
    refuse_filter_classes(args, "points; name the classes to keep with `--set classes=...`.")
    records = read_points(
        args.format,
        args.data_dir,
        dataset,
        split,
        classes=params.classes,
        outside=params.outside,
    )
    return keep_sound(records, args, params)
