"""The shots of a run: those to learn from, to validate on and to score."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from config.errors import InputError
from config.schema import VideoClassifierParams
from datasets.bad_frames import drop_bad_frames
from datasets.shots import ShotChoices, ShotSplits, read_shots
from training.reading import name_datasets, refuse_filter_classes
from training.workers import is_chief


def read_videos(args: argparse.Namespace, params: VideoClassifierParams) -> ShotSplits:
    """Read the shots of all splits, without unreadable frames.

    Args:
        args: a wrapper's arguments.
        params: resolved parameters.

    Returns:
        The splits; `validation` and `test` may be empty. Where they are `transductive`, frames and
        tags of the scored shots are learnt from, and boxes and masks never.

    Raises:
        InputError: the data set cannot be used, or gives nothing to score.

    Example:
        >>> # see `training.video_classifier.train`
    """
    refuse_filter_classes(args, "shots; name the tags to keep with `--set classes=...`.")
    dataset = name_datasets(args)[0]
    choices = ShotChoices(
        classes=params.classes,
        shot_tags=params.shot_tags,
        test_fraction=params.test_fraction,
        validation_fraction=params.validation_fraction,
        split_seed=params.split_seed,
    )
    splits = read_shots(args.format, Path(args.data_dir), dataset, choices)
    if not splits.test and not splits.validation:
        raise InputError(
            f"`{dataset}` must give shots to score. Received none for validation or test; set "
            "`test_fraction` to 0 for the training shots themselves, or above it."
        )
    return keep_sound_shots(splits, args, params)


def keep_sound_shots(
    splits: ShotSplits, args: argparse.Namespace, params: VideoClassifierParams
) -> ShotSplits:
    """Keep the frames of all splits that can be decoded; remember them for the next run.

    Args:
        splits: what a reader returned; perhaps without some.
        args: a wrapper's arguments, with `experiment_dir`.
        params: resolved parameters, with `max_bad_fraction` and `max_pixels`.

    Returns:
        The splits with the shots that have a sound frame, in order.

    Raises:
        InputError: of a split more frames are bad than allowed, or no shot is left.

    Example:
        >>> # see `read_videos`
    """
    memo = Path(args.experiment_dir) / "cache" / "sound_pictures.json" if is_chief() else None
    sound = {}
    for part in ("training", "validation", "test"):
        if part == "test" and splits.transductive:
            sound[part] = list(sound["training"])
        elif shots := getattr(splits, part):
            sound[part] = drop_bad_frames(
                shots,
                max_bad_fraction=params.max_bad_fraction,
                max_pixels=params.max_pixels,
                workers=vars(args).get("workers"),
                memo=memo,
            )
    return dataclasses.replace(splits, **sound)
