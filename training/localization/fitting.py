"""Fits a localizer to boxed pictures; what its training and its fine-tuning share."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import keras
import numpy as np

from config.errors import InputError
from config.files import write_json
from config.schema import LocalizationFitParams, LocalizationParams
from datasets.box_pipeline import (
    AUGMENTED_DETAIL,
    BoxPictures,
    make_box_dataset,
    make_box_sample_loader,
)
from datasets.boxes import BoxSplits
from datasets.pipeline import count_steps, make_sample_dataset
from datasets.records import BoxRecord
from models.localizer import set_mean_box
from models.locator import build_locator
from training.callbacks import save_model
from training.continued_runs import LOCALIZER_FILE
from training.distribution import evaluate
from training.engine_options import read_engine_options
from training.experiment import FitPlan, fit
from training.fit_files import FIT_FILE
from training.localization.model import MONITOR, build_trained, thaw_encoder
from training.localization.targets import make_target_maker
from training.reading import name_datasets
from training.runs import open_run
from training.scored_splits import choose_scored
from training.seen_pictures import Seen, list_seen, write_seen
from training.workers import is_chief

LAST_FILE = "last.keras"


def fit_localizer(
    args: argparse.Namespace,
    params: LocalizationFitParams,
    localizer: keras.Model,
    splits: BoxSplits,
    *,
    started: float,
    earlier: Seen | None = None,
) -> Path:
    """Train a localizer and keep its best and its last weights.

    Args:
        args: a wrapper's arguments.
        params: resolved parameters.
        localizer: what `models.localizer.build_localizer` returned; changed in place.
        splits: of `read_pictures`.
        started: `time.monotonic()` when the command began.
        earlier: what the localizer has seen in the run that is continued; None for an untrained
            one. With it the localizer as it comes is the first best, so that what is kept is
            never worse on the validation pictures.

    Returns:
        The run folder: `localizer.keras`, the best by `val_iou`; `last.keras`; `fit.json`;
        `pictures.json`.

    Raises:
        InputError: a parameter cannot be used, or the loss became NaN.
        StoppedRun: stopped from outside; the run can be resumed.

    Example:
        >>> # see `training.localization.train`
    """
    options = read_engine_options(args)
    training = open_pictures(splits.training, args, params, localizer, augmented=True)
    validation = open_pictures(splits.validation, args, params, localizer)
    if isinstance(params, LocalizationParams) and params.start_at_mean_box:
        set_mean_box(localizer, find_mean_box(training))
    num_thawed = thaw_encoder(localizer, params)
    steps = count_steps(len(splits.training), batch_size=params.batch_size)
    trained, callbacks = build_trained(
        localizer, params, num_steps=steps * params.epochs * options.accumulate
    )
    make_targets = make_target_maker(localizer, list(trained.output))
    load = make_box_sample_loader(training, recipe=params.augment, make_targets=make_targets)
    held_out = make_box_dataset(validation, batch_size=params.batch_size, make_targets=make_targets)
    locator = build_locator(localizer, class_names=name_answers(localizer, splits.class_names))
    run = _open_run(args, params, splits)
    start = None if earlier is None else evaluate(trained, held_out)[MONITOR.removeprefix("val_")]
    plan = FitPlan(
        run=run,
        epochs=params.epochs,
        steps_per_epoch=steps,
        models={LOCALIZER_FILE: locator},
        monitor=MONITOR,
        patience=params.patience,
        callbacks=callbacks,
        start=start,
        options=options,
    )
    order = {"steps_per_epoch": steps, "epochs": params.epochs, "batch_size": params.batch_size}
    make = partial(make_sample_dataset, len(splits.training), load, seed=args.seed, **order)
    history = fit(trained, lambda step: make(first_step=step), held_out, plan)
    if is_chief():
        save_model(locator, run / LAST_FILE)
        write_seen(list_seen(splits, Path(args.data_dir), earlier), run)
        told = {"num_thawed_layers": num_thawed, **_summarise(splits, training, history, start)}
        write_json({**told, "seconds": time.monotonic() - started}, run / FIT_FILE)
    return run


def open_pictures(
    records: Sequence[BoxRecord],
    args: argparse.Namespace,
    params: LocalizationFitParams,
    localizer: keras.Model,
    *,
    augmented: bool = False,
) -> BoxPictures:
    """Open the pictures of records at a localizer's size.

    Args:
        records: with one box each.
        args: a wrapper's arguments, with `cache`.
        params: resolved parameters.
        localizer: knows its size.
        augmented: whether `params.augment` will change them; they are then kept larger.

    Returns:
        The pictures.

    Raises:
        InputError: a header cannot be read.
        OSError: the disk cache cannot be made.

    Example:
        >>> # see `fit_localizer`
    """
    return BoxPictures(
        records,
        localizer.input.shape[1],
        max_pixels=params.max_pixels,
        detail=AUGMENTED_DETAIL if augmented and params.augment != "none" else 1.0,
        cache=args.cache,
        cache_dir=Path(args.experiment_dir) / "cache",
    )


def find_mean_box(pictures: BoxPictures) -> np.ndarray:
    """Average the boxes of pictures.

    Args:
        pictures: at least one.

    Returns:
        (4,) float64 xyxy, fractions of the picture.

    Example:
        >>> # see `fit_localizer`
    """
    return np.mean([pictures.read_fraction(i) for i in range(len(pictures.records))], axis=0)


def name_answers(localizer: keras.Model, class_names: Sequence[str]) -> tuple[str, ...]:
    """Name the classes that a localizer's answers have.

    Args:
        localizer: with or without classes.
        class_names: of the pictures it learns from.

    Returns:
        The names where it tells classes apart, or where there is one; else ().

    Raises:
        InputError: it has another number of classes.

    Example:
        >>> x = keras.Input((2,))
        >>> name_answers(keras.Model(x, {"box": x}), ["cat", "dog"])
        ()
    """
    if "class_logits" not in localizer.output:
        return tuple(class_names) if len(class_names) == 1 else ()
    num_classes = localizer.output["class_logits"].shape[-1]
    if num_classes != len(class_names):
        raise InputError(
            f"the data must have the localizer's {num_classes} classes. Received "
            f"{len(class_names)}: {', '.join(class_names)}; choose with `--set classes=...`."
        )
    return tuple(class_names)


def _open_run(args: argparse.Namespace, params: LocalizationFitParams, splits: BoxSplits) -> Path:
    records = {
        "training": splits.training,
        "validation": splits.validation,
        "scored": choose_scored(splits)[0],
    }
    return open_run(args, params, name_datasets(args)[0], records=records)


def _summarise(
    splits: BoxSplits, training: BoxPictures, history: list[dict], start: float | None
) -> dict:
    values = [row[MONITOR] for row in history] + ([] if start is None else [start])
    return {
        "mean_box": find_mean_box(training).tolist(),
        "class_names": list(splits.class_names),
        "num_training_images": len(splits.training),
        "num_validation_images": len(splits.validation),
        "num_epochs": len(history),
        "start_val_iou": start,
        "best_val_iou": float(np.nanmax(values)),
    }
