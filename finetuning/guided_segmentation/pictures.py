"""The tagged pictures of a run: those to learn from, to validate on and to score."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from config.schema import GuidedSegmentationParams
from datasets.tags import TagSplits, read_tags
from training.continued_runs import SEEDS_FILE, find_run_with
from training.reading import keep_sound, name_datasets
from training.seeds import pictures as seeds
from training.seen_pictures import PICTURES_FILE, drop_seen, list_seen, read_seen, write_seen


def read_pictures(
    args: argparse.Namespace, params: GuidedSegmentationParams, run: Path | None = None
) -> TagSplits:
    """Read the pictures of all splits, without unreadable ones and those learnt from before.

    Args:
        args: a wrapper's arguments.
        params: resolved parameters.
        run: the run folder to score; None before there is one.

    Returns:
        The splits (see `training.seen_pictures.drop_seen`); `test` is empty where there are no
        test pictures, and that of the data set to score where it is another one.

    Raises:
        InputError: the data sets cannot be used, there is nothing to validate on, or all pictures
            to score were learnt from.

    Example:
        >>> # see `finetuning.guided_segmentation.train`
    """
    splits = seeds.read_pictures(args, params)
    learnt, scored = name_datasets(args)
    if scored != learnt:
        splits = dataclasses.replace(splits, test=_read_scored(args, params, scored, splits))
    if run is None or not (run / PICTURES_FILE).is_file():
        run = find_run_with(SEEDS_FILE, args.model_path, args.experiment_dir, params.continues)
    seen = read_seen(run, cure="score it with `python -m training.seeds.eval`")
    return drop_seen(splits, seen, Path(args.data_dir))


def keep_seen(args: argparse.Namespace, splits: TagSplits, continued: Path, run: Path) -> None:
    """Keep in a run folder what it and the run of seeds learn from.

    Args:
        args: a wrapper's arguments.
        splits: of `read_pictures`.
        continued: folder of the run of seeds.
        run: run folder.

    Raises:
        InputError: the run of seeds has no such record.
        OSError: the file cannot be written.

    Example:
        >>> # see `finetuning.guided_segmentation.train`
    """
    write_seen(list_seen(splits, Path(args.data_dir), read_seen(continued)), run)


def _read_scored(args, params, dataset: str, splits: TagSplits) -> list:
    others = read_tags(
        args.format,
        args.data_dir,
        dataset,
        classes=splits.class_names,
        test_fraction=params.test_fraction,
        validation_fraction=params.validation_fraction,
        split_seed=params.split_seed,
        masks=params.masks,
    )
    return keep_sound(others.test, args, params) if others.test else []
