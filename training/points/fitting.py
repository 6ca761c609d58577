"""Fits a network to points; what pre-training and fine-tuning on points share."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import keras
import numpy as np

from config.errors import InputError
from config.files import write_json
from config.schema import PointFitParams
from datasets.pipeline import make_sample_dataset
from datasets.point_pipeline import (
    PointPictures,
    check_whole_pictures,
    count_samples,
    make_point_dataset,
    make_point_sample_loader,
)
from datasets.records import PointRecord
from training.callbacks import save_model
from training.engine_options import EngineOptions, read_engine_options
from training.experiment import FitPlan, fit
from training.fit_files import FIT_FILE
from training.points.model import build_counter, build_network, build_trained, read_rule
from training.reading import name_datasets
from training.runs import open_run
from training.workers import is_chief

BEST_FILE, LAST_FILE = "points.keras", "last.keras"


def fit_points(
    args: argparse.Namespace,
    params: PointFitParams,
    encoder: keras.Model,
    pictures: tuple[list[PointRecord], list[PointRecord], list[PointRecord]],
    *,
    started: float,
) -> Path:
    """Train a network on an encoder and keep its best and its last counter.

    Args:
        args: a wrapper's arguments.
        params: resolved parameters.
        encoder: see `build_network`.
        pictures: (training, validation, scored), of `training.points.pictures`.
        started: `time.monotonic()` when the command began.

    Returns:
        The run folder: `points.keras`, the best by `val_mae`; `last.keras`; `fit.json`.

    Raises:
        InputError: a parameter cannot be used, or the loss became NaN.
        StoppedRun: stopped from outside; the run can be resumed.

    Example:
        >>> # see `training.points.train`
    """
    options = _read_options(args, params)
    num_classes = max(1, len(params.classes or ()))
    training, validation = (
        open_pictures(records, args, params, num_classes) for records in pictures[:2]
    )
    num_samples, steps = count_samples(
        len(training.records), params.crops_per_epoch, batch_size=params.batch_size
    )
    network = build_network(encoder, params, num_classes)
    num_steps = steps * params.epochs * options.accumulate
    trained = build_trained(network, params, num_classes, num_steps=num_steps)
    counter = build_counter(network, params, read_rule(params), params.objects_per_blob)
    load = _make_loader(training, params)
    records = dict(zip(("training", "validation", "scored"), pictures, strict=True))
    run = open_run(args, params, name_datasets(args)[0], records=records)
    plan = FitPlan(
        run=run,
        epochs=params.epochs,
        steps_per_epoch=steps,
        models={BEST_FILE: counter},
        monitor="val_mae",
        patience=args.patience,
        options=options,
    )
    order = {"steps_per_epoch": steps, "epochs": params.epochs, "batch_size": params.batch_size}
    make = partial(make_sample_dataset, num_samples, load, seed=args.seed, **order)
    fit(trained, lambda step: make(first_step=step), make_point_dataset(validation), plan)
    if is_chief():
        save_model(counter, run / LAST_FILE)
        write_json(_summarise(pictures[:2], started), run / FIT_FILE)
    return run


def open_pictures(
    records: Sequence[PointRecord],
    args: argparse.Namespace,
    params: PointFitParams,
    num_classes: int,
) -> PointPictures:
    """Open the pictures of point records at the network's scale.

    Args:
        records: what a reader returned.
        args: a wrapper's arguments, with `cache`.
        params: resolved parameters.
        num_classes: number of classes, K.

    Returns:
        The pictures.

    Raises:
        InputError: a header cannot be read.
        OSError: the disk cache cannot be made.

    Example:
        >>> # see `fit_points`
    """
    return PointPictures(
        records,
        num_classes=num_classes,
        scale=params.scale,
        max_pixels=params.max_pixels,
        cache=args.cache,
        cache_dir=Path(args.experiment_dir) / "cache",
    )


def _make_loader(training: PointPictures, params: PointFitParams) -> Callable:
    if params.crop is None:
        check_whole_pictures(training, params.batch_size)
    return make_point_sample_loader(
        training, crop=params.crop, flip=params.flip, color=params.augment_color
    )


def _read_options(args: argparse.Namespace, params: PointFitParams) -> EngineOptions:
    options = read_engine_options(args)
    if params.fit_objects_per_blob and not params.calibrate:
        raise InputError(
            "`fit_objects_per_blob` is part of `calibrate`, which must then be true. Received "
            "false; set it, or leave the factor to `objects_per_blob`."
        )
    if options.jit == "on":
        raise InputError(
            "`--jit` must be auto or off: the loss on points calls NumPy, which XLA cannot. "
            "Received on."
        )
    return options


def _summarise(pictures, started: float) -> dict:
    training, validation = pictures
    return {
        "mean_count": float(np.mean([record.count for record in training])),
        "num_training_images": len(training),
        "num_validation_images": len(validation),
        "seconds": time.monotonic() - started,
    }
