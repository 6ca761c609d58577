"""The boxed pictures of a run: those to learn from, to validate on and to score."""

from __future__ import annotations

import argparse
import dataclasses

from config.errors import InputError
from config.localization_params import take_box_options
from config.schema import LocalizationFitParams
from datasets.boxes import BoxSplits, read_boxes
from training.reading import keep_sound_splits, name_datasets, refuse_filter_classes


def read_pictures(args: argparse.Namespace, params: LocalizationFitParams) -> BoxSplits:
    """Read the pictures of all splits, without unreadable ones.

    Args:
        args: a wrapper's arguments.
        params: resolved parameters.

    Returns:
        The splits; `test` is empty where there are no test pictures.

    Raises:
        InputError: the data sets cannot be used, or there is nothing to validate on.

    Example:
        >>> # see `training.localization.train`
    """
    learnt, scored = name_datasets(args)
    splits = _read(args, params, learnt)
    if not splits.validation:
        raise InputError(
            f"`{learnt}` must give pictures to validate on, which choose the best epoch. Received "
            "none; set `validation_fraction` above 0."
        )
    if scored != learnt:
        others = _read(args, params, scored)
        if others.class_names != splits.class_names:
            raise InputError(
                f"`{scored}` must have the classes of `{learnt}`: {', '.join(splits.class_names)}. "
                f"Received {', '.join(others.class_names)}; choose some with `--set classes=...`."
            )
        splits = dataclasses.replace(splits, test=others.test)
    return keep_sound_splits(splits, args, params)


def _read(args: argparse.Namespace, params: LocalizationFitParams, dataset: str) -> BoxSplits:
    refuse_filter_classes(args, "boxes; name the classes to keep with `--set classes=...`.")
    return read_boxes(
        args.format,
        args.data_dir,
        dataset,
        **take_box_options(params),
    )
