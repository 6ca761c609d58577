"""The pictures of a saliency run: those to learn from, to validate on and to score."""

from __future__ import annotations

import argparse
import dataclasses
import difflib
from collections.abc import Sequence
from pathlib import Path

from config.errors import InputError
from config.schema import SaliencyParams
from datasets.records import BadRecord, TagRecord
from datasets.tags import TagSplits, read_tags
from training import scored_splits
from training.reading import keep_sound_splits, name_datasets, refuse_filter_classes


def read_pictures(args: argparse.Namespace, params: SaliencyParams) -> TagSplits:
    """Read the pictures of all splits, without unreadable ones and excluded classes.

    Args:
        args: a wrapper's arguments.
        params: resolved parameters.

    Returns:
        The splits; `test` is empty where there are no test pictures. Excluded classes stay in it:
        it tells whether the network knows objects that it has not seen.

    Raises:
        InputError: the data set cannot be used, or there is nothing to learn from or to validate
            on.

    Example:
        >>> # see `training.saliency.train`
    """
    refuse_filter_classes(
        args, "pictures of objects; name classes with `--set exclude_classes=...`."
    )
    dataset = name_datasets(args)[0]
    splits = read_tags(
        args.format,
        Path(args.data_dir),
        dataset,
        test_fraction=params.test_fraction,
        validation_fraction=params.validation_fraction,
        split_seed=params.split_seed,
        masks=params.masks,
    )
    splits = exclude_classes(splits, params.exclude_classes or ())
    for part in ("training", "validation"):
        if not getattr(splits, part):
            raise InputError(
                f"`{dataset}` must give {part} pictures. Received none; lower "
                "`exclude_classes`, or set `validation_fraction` above 0."
            )
    return keep_sound_splits(splits, args, params)


def exclude_classes(splits: TagSplits, names: Sequence[str]) -> TagSplits:
    """Leave out of training and validation what shows certain classes.

    Args:
        splits: of `datasets.tags.read_tags`.
        names: of the classes.

    Returns:
        The splits, their test pictures as they were.

    Raises:
        InputError: the data have no such class.

    Example:
        >>> records = [TagRecord(Path(name), (i,), ("cat", "dog"))
        ...            for i, name in enumerate("ab", 1)]
        >>> left = exclude_classes(TagSplits(records, [], records, ("cat", "dog")), ["cat"])
        >>> [record.image.name for record in left.training], len(left.test)
        (['b'], 2)

    References:
        Oh et al., CVPR 2017, whose saliency network sees no picture of VOC's classes ("NP").
    """
    for name in names:
        if name not in splits.class_names:
            nearest = difflib.get_close_matches(name, splits.class_names, n=1, cutoff=0)
            raise InputError(
                f"`exclude_classes` must name classes of the data: "
                f"{', '.join(splits.class_names)}. Received {name}; the nearest is {nearest[0]}."
            )

    def keep(records):
        return [
            record
            for record in records
            if isinstance(record, BadRecord) or not set(names) & set(record.names)
        ]

    return dataclasses.replace(
        splits, training=keep(splits.training), validation=keep(splits.validation)
    )


def choose_scored(splits: TagSplits, split: str = "test") -> tuple[list[TagRecord], str]:
    """Choose the pictures to score.

    Args:
        splits: of `read_pictures`.
        split: "test" or "val".

    Returns:
        (records, "test" or "val"): "val" also where there are no test pictures. Where some have
        masks, those alone.

    Example:
        >>> choose_scored(TagSplits([], [], [], ()), "val")
        ([], 'val')
    """
    records, split = scored_splits.choose_scored(splits, split)
    return [record for record in records if record.mask is not None] or records, split
