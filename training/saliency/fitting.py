"""Fits a saliency network to labels that boxes, or nothing at all, gave."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import keras
import numpy as np

from config.files import write_json
from config.schema import SaliencyParams
from datasets.box_pipeline import AUGMENTED_DETAIL
from datasets.labelled_pipeline import (
    LabelledPictures,
    make_labelled_dataset,
    make_labelled_sample_loader,
)
from datasets.pipeline import count_steps, make_sample_dataset
from datasets.records import TagRecord
from datasets.tags import TagSplits
from models.saliency_network import build_saliency_model
from training.callbacks import save_model
from training.engine_options import read_engine_options
from training.experiment import FitPlan, fit
from training.fit_files import FIT_FILE
from training.reading import name_datasets
from training.runs import open_run
from training.saliency.labels import make_labels, name_labels
from training.saliency.model import MONITOR, build_trained
from training.saliency.pictures import choose_scored
from training.workers import is_chief

SALIENCY_FILE = "saliency.keras"
LAST_FILE = "last.keras"


def fit_saliency(
    args: argparse.Namespace,
    params: SaliencyParams,
    network: keras.Model,
    splits: TagSplits,
    *,
    started: float,
) -> Path:
    """Make the labels, train a network on them and keep its best and its last weights.

    Args:
        args: a wrapper's arguments.
        params: resolved parameters.
        network: what `models.saliency_network.build_saliency_network` returned; changed in place.
        splits: of `training.saliency.pictures.read_pictures`.
        started: `time.monotonic()` when the command began.

    Returns:
        The run folder: `labels/`; `saliency.keras`, the best by `val_iou`, which is taken with
        labels of the same kind as those learnt from; `last.keras`; `fit.json`.

    Raises:
        InputError: a parameter cannot be used, or the loss became NaN.
        StoppedRun: stopped from outside; the run can be resumed.

    Example:
        >>> # see `training.saliency.train`
    """
    options = read_engine_options(args)
    steps = count_steps(len(splits.training), batch_size=params.batch_size)
    trained = build_trained(network, params, num_steps=steps * params.epochs * options.accumulate)
    saliency_model = build_saliency_model(network)
    run = _open_run(args, params, splits)
    make_labels(args, params, list_labelled(splits), run)
    training = open_pictures(splits.training, args, params, run, augmented=True)
    validation = open_pictures(splits.validation, args, params, run)
    load = make_labelled_sample_loader(training, recipe=params.augment)
    held_out = make_labelled_dataset(validation, batch_size=params.batch_size)
    plan = FitPlan(
        run=run,
        epochs=params.epochs,
        steps_per_epoch=steps,
        models={SALIENCY_FILE: saliency_model},
        monitor=MONITOR,
        patience=args.patience,
        options=options,
    )
    order = {"steps_per_epoch": steps, "epochs": params.epochs, "batch_size": params.batch_size}
    make = partial(make_sample_dataset, len(splits.training), load, seed=args.seed, **order)
    history = fit(trained, lambda step: make(first_step=step), held_out, plan)
    if is_chief():
        save_model(saliency_model, run / LAST_FILE)
        told = {**_summarise(splits, history), "seconds": time.monotonic() - started}
        write_json(told, run / FIT_FILE)
    return run


def list_labelled(splits: TagSplits) -> list[TagRecord]:
    """List the pictures that need labels: all but those that have masks to be scored with.

    Args:
        splits: of `training.saliency.pictures.read_pictures`.

    Returns:
        The records, training first.

    Example:
        >>> list_labelled(TagSplits([], [], [], ()))
        []
    """
    scored, split = choose_scored(splits)
    needed = [] if split == "val" else [each for each in scored if each.mask is None]
    return [*splits.training, *splits.validation, *needed]


def open_pictures(
    records: Sequence[TagRecord],
    args: argparse.Namespace,
    params: SaliencyParams,
    run: Path,
    *,
    augmented: bool = False,
) -> LabelledPictures:
    """Open the pictures of records, and their label maps, at the network's size.

    Args:
        records: whose labels are made.
        args: a wrapper's arguments, with `cache`.
        params: resolved parameters.
        run: run folder with the label maps.
        augmented: whether `params.augment` will change them; they are then kept larger.

    Returns:
        The pictures.

    Raises:
        InputError: a header cannot be read.
        OSError: the disk cache cannot be made.

    Example:
        >>> # see `fit_saliency`
    """
    return LabelledPictures(
        [record.image for record in records],
        [name_labels(record, Path(args.data_dir), run) for record in records],
        params.image_size,
        label_size=params.image_size // params.finest_stride,
        max_pixels=params.max_pixels,
        detail=AUGMENTED_DETAIL if augmented and params.augment != "none" else 1.0,
        cache=args.cache,
        cache_dir=Path(args.experiment_dir) / "cache",
    )


def _open_run(args: argparse.Namespace, params: SaliencyParams, splits: TagSplits) -> Path:
    records = {
        "training": splits.training,
        "validation": splits.validation,
        "scored": choose_scored(splits)[0],
    }
    return open_run(args, params, name_datasets(args)[0], records=records)


def _summarise(splits: TagSplits, history: list[dict]) -> dict:
    return {
        "num_training_images": len(splits.training),
        "num_validation_images": len(splits.validation),
        "num_epochs": len(history),
        "best_val_iou": float(np.nanmax([row[MONITOR] for row in history])),
    }
