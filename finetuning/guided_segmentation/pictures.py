"""The tagged pictures of a run: those to learn from, to validate on and to score."""

from __future__ import annotations

import argparse
import dataclasses

from config.schema import GuidedSegmentationParams
from datasets.tags import TagSplits, read_tags
from training.reading import keep_sound, name_datasets
from training.seeds import pictures as seeds


def read_pictures(args: argparse.Namespace, params: GuidedSegmentationParams) -> TagSplits:
    """Read the pictures of all splits, without unreadable ones.

    Args:
        args: a wrapper's arguments.
        params: resolved parameters.

    Returns:
        The splits; `test` is empty where there are no test pictures, and that of the data set to
        score where it is another one.

    Raises:
        InputError: the data sets cannot be used, or there is nothing to validate on.

    Example:
        >>> # see `finetuning.guided_segmentation.train`
    """
    splits = seeds.read_pictures(args, params)
    learnt, scored = name_datasets(args)
    if scored == learnt:
        return splits
    others = read_tags(
        args.format,
        args.data_dir,
        scored,
        classes=splits.class_names,
        test_fraction=params.test_fraction,
        validation_fraction=params.validation_fraction,
        split_seed=params.split_seed,
        masks=params.masks,
    )
    test = keep_sound(others.test, args, params) if others.test else []
    return dataclasses.replace(splits, test=test)
