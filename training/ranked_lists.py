"""Reads the ranked lists that a ranker learns from and is validated on, with their pictures."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from config.errors import InputError
from config.ranking_params import RankingParams
from datasets.annotations import read_ranked_annotations
from datasets.formats import read_counted
from datasets.image_source import ImageSource
from datasets.pipeline import distinct_images
from datasets.ranking import join_lists, lists_from_counts
from datasets.records import RankedRecord
from datasets.splits import hold_out
from training.reading import keep_sound


@dataclasses.dataclass(frozen=True)
class RankedLists:
    """Ranked lists of equal length L, with their pixels.

    Attributes:
        training: lists to learn from.
        validation: lists that choose the best epoch.
        training_source: gives the pictures of the former, perhaps of more.
        validation_source: gives those of the latter.
        kept: (num_training, L) bool, the places that training counts; None for all.

    Example:
        >>> # see `read_lists`
    """

    training: Sequence[RankedRecord]
    validation: Sequence[RankedRecord]
    training_source: ImageSource
    validation_source: ImageSource
    kept: np.ndarray | None = None

    @property
    def length(self) -> int:
        """Pictures per list."""
        return len(self.training[0].images)

    @property
    def records(self) -> dict[str, Sequence[RankedRecord]]:
        """What `training.runs.open_run` tells runs apart by."""
        return {"training": self.training, "validation": self.validation}


def read_lists(
    args: argparse.Namespace, params: RankingParams, *, join_pairs: bool = False
) -> RankedLists:
    """Read the ranked lists to learn from and to validate on, without unreadable pictures.

    Counted formats give lists by the order of their training counts alone; a share of their
    pictures is held out, so that no picture is on both sides.

    Args:
        args: the wrapper's arguments.
        params: resolved parameters.
        join_pairs: join annotated pairs that share a picture to lists of `params.list_length`.

    Returns:
        The lists.

    Raises:
        InputError: the data set cannot be used.
        OSError: the disk cache cannot be made.

    Example:
        >>> # see `training.baseline.train`
    """
    read = _read_annotated if args.format == "annotations" else _read_counted
    training, validation = read(args, params)
    if join_pairs and args.format == "annotations":
        training, validation = (
            join_lists(part, params.list_length, max_lists=max_lists, seed=args.seed)
            for part, max_lists in _pair_with_bounds(training, validation, params)
        )
    whole = dataclasses.replace(params, reduced_decode=False)
    return RankedLists(
        training,
        validation,
        _open_source(training, args, params),
        _open_source(validation, args, whole),
    )


def _read_annotated(
    args: argparse.Namespace, params: RankingParams
) -> tuple[list[RankedRecord], list[RankedRecord]]:
    training, validation = (
        read_ranked_annotations(
            args.data_dir, args.dataset, split, filter_classes=args.filter_classes
        )
        for split in ("train", "val")
    )
    return keep_sound(training, args, params), keep_sound(validation, args, params)


def _read_counted(
    args: argparse.Namespace, params: RankingParams
) -> tuple[list[RankedRecord], list[RankedRecord]]:
    if args.filter_classes:
        raise InputError(
            "`--filter_classes` goes with `--format annotations`, whose pairs have an info.type. "
            f"Received it with {args.format}; leave it out."
        )
    training, validation = (
        keep_sound(read_counted(args.format, args.data_dir, args.dataset, split), args, params)
        for split in ("train", "val")
    )
    if not validation:
        training, validation = hold_out(training, params.validation_fraction, seed=args.seed)
    return tuple(
        lists_from_counts(part, params.list_length, max_lists=max_lists, seed=args.seed)
        for part, max_lists in _pair_with_bounds(training, validation, params)
    )


def _pair_with_bounds(training: list, validation: list, params: RankingParams) -> list[tuple]:
    """Return each side with the number of lists that it gives at most."""
    return [(training, params.max_pairs), (validation, params.max_validation_pairs)]


def _open_source(
    records: Sequence[RankedRecord], args: argparse.Namespace, params: RankingParams
) -> ImageSource:
    return ImageSource(
        distinct_images(records),
        params.input_shape[:2],
        max_pixels=params.max_pixels,
        reduced_decode=params.reduced_decode,
        cache=args.cache,
        cache_dir=Path(args.experiment_dir) / "cache",
    )
