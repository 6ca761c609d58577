"""The shots of a run, and the classifier that it continues."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

import keras

from config.errors import InputError
from config.schema import TemporalCamParams
from datasets.shots import ShotSplits
from reporting.model_files import load_keras_model
from training.continued_runs import CLASSIFYING_FILE
from training.fit_files import read_fit
from training.reading import name_datasets
from training.video_classifier import pictures as classifier


def read_videos(args: argparse.Namespace, params: TemporalCamParams) -> ShotSplits:
    """Read the shots of all splits, without unreadable frames.

    Args:
        args: a wrapper's arguments.
        params: resolved parameters.

    Returns:
        The splits; `test` is that of the data set to score, where it is another one.

    Raises:
        InputError: the data sets cannot be used.

    Example:
        >>> # see `finetuning.temporal_cam.train`
    """
    splits = classifier.read_videos(args, params)
    learnt, scored = name_datasets(args)
    if scored == learnt:
        return splits
    other = argparse.Namespace(**{**vars(args), "train_data": scored, "test_data": scored})
    wanted = dataclasses.replace(params, classes=splits.class_names)
    test = classifier.read_videos(other, wanted).test
    return dataclasses.replace(splits, test=test, transductive=False)


def open_classifier(run: Path, class_names: Sequence[str]) -> keras.Model:
    """Open the classifier that tells tags best, which the decoder stands on.

    Args:
        run: of `training/video_classifier`.
        class_names: names of the tags 1 to K of the data.

    Returns:
        The classifier.

    Raises:
        InputError: the run is not finished, or is of other tags.

    Example:
        >>> open_classifier(Path("tests"), ["cat"])
        Traceback (most recent call last):
        ...
        config.errors.InputError: tests: must be a video classifier run that was trained to its \
end, with fit.json. ...
    """
    known = read_fit(run, "video classifier").get("class_names")
    if known != list(class_names):
        raise InputError(
            f"the data must have the tags of the classifier in {run}, in their order: "
            f"{', '.join(map(str, known or ()))}. Received {', '.join(class_names)}; choose with "
            "`--set classes=...`, or train a classifier of these."
        )
    return load_keras_model(run / CLASSIFYING_FILE)
