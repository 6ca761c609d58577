"""Scores the localizer of a run, and leaves all files that say how good it is."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import keras
import numpy as np

from config.files import write_json
from config.schema import LocalizationFitParams
from datasets.box_pipeline import make_box_dataset
from datasets.records import BoxRecord
from metrics.boxes import dice
from models.locator import find_localizer
from reporting.box_settings import BOXES_FILE, boxes_asset, find_box_settings
from reporting.export import export_saved_model
from reporting.model_files import load_keras_model
from training.continued_runs import LOCALIZER_FILE
from training.distribution import run_without_strategy
from training.finish import finish_run
from training.fit_files import read_fit
from training.localization.fitting import open_pictures
from training.localization.pictures import read_pictures
from training.localization.prediction import find_boxes
from training.localization.showing import draw_run, write_predictions
from training.localization.summary import describe_choices, summarise
from training.localization.targets import make_target_maker
from training.scored_splits import choose_place, choose_scored, join_earlier, name_by_split
from training.workers import is_chief


def score_run(
    args: argparse.Namespace, params: LocalizationFitParams, run: Path, *, split: str | None = None
) -> None:
    """Score the best localizer of a run, draw, report and export it.

    Of several workers only the chief does anything.

    Args:
        args: the wrapper's arguments.
        params: resolved parameters.
        run: run folder with `localizer.keras` and `fit.json`.
        split: "test" or "val" to score again, beside which the other split's figures are kept;
            None for a run just trained, whose test pictures are scored.

    Raises:
        InputError: the data or the run cannot be used.

    Example:
        >>> # see `training.localization.train`
    """
    if is_chief():
        run_without_strategy(partial(_score_run, args, params, run, split))


def _score_run(args, params: LocalizationFitParams, run: Path, asked: str | None) -> None:
    started = time.monotonic()
    fitted = read_fit(run, "localization")
    place = choose_place(run, asked)
    locator = load_keras_model(run / LOCALIZER_FILE)
    splits = read_pictures(args, params)
    records, split = choose_scored(splits, asked or "test")
    names = splits.class_names
    found = find_boxes(locator, records, max_pixels=params.max_pixels)
    told = "class_logits" in find_localizer(locator).output
    metrics, units = summarise(
        found, mean_box=np.array(fitted["mean_box"]), class_names=names if told else ()
    )
    metrics |= score_masks(locator, records, args, params)
    baseline = metrics["mean_box_iou"]
    metrics, units = (name_by_split(each, split) for each in (metrics, units))
    write_predictions(found, names, place.predictions)
    draw_run(place.figures, found, params, class_names=names, baseline=baseline, seed=args.seed)
    write_json(find_box_settings(locator), run / BOXES_FILE)
    folder = run / "saved_model"
    export_saved_model(locator, folder, max_pixels=params.max_pixels, assets=boxes_asset(locator))
    notes = describe_choices(split, len(records), fitted)
    metrics, units, notes = join_earlier(place.earlier, split, metrics, units, notes)
    started -= fitted["seconds"]
    finish_run(run, args, params, metrics, units, started=started, notes=notes)


def score_masks(
    locator: keras.Model,
    records: Sequence[BoxRecord],
    args: argparse.Namespace,
    params: LocalizationFitParams,
) -> dict[str, float]:
    """Score the masks of a localizer that draws them.

    Args:
        locator: of the run.
        records: the pictures.
        args: the wrapper's arguments.
        params: resolved parameters.

    Returns:
        {"dice": over all pictures at once, at a probability of .5}; {} for another head.

    Raises:
        InputError: a picture cannot be read.

    Example:
        >>> # see `score_run`
    """
    localizer = find_localizer(locator)
    if "mask" not in localizer.output:
        return {}
    batches = make_box_dataset(
        open_pictures(records, args, params, localizer),
        batch_size=params.batch_size,
        make_targets=make_target_maker(localizer, ["mask"]),
    )
    predicted, true = [], []
    for images, targets in batches:
        logits = localizer(images, training=False)["mask"]
        predicted.append(keras.ops.convert_to_numpy(logits) > 0)
        true.append(targets["mask"].numpy() > 0)
    return {"dice": dice(np.concatenate(predicted), np.concatenate(true))}
