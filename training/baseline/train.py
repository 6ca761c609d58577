"""Pre-train an encoder by ranking pictures by how full they are (SYRAC, stage 2)."""

from __future__ import annotations

import argparse
import dataclasses
import time
from pathlib import Path

import keras

from config.errors import InputError
from config.schema import BaselineParams
from datasets.annotations import read_ranked_annotations
from datasets.formats import read_counted
from datasets.image_source import ImageSource
from datasets.pipeline import (
    count_steps,
    distinct_images,
    make_ranked_dataset,
    make_ranked_sample_loader,
    make_sample_dataset,
)
from datasets.ranking import lists_from_counts
from datasets.records import RankedRecord
from datasets.splits import hold_out
from losses.ranking import build_ranking_loss
from metrics.counting import RankAccuracy
from models.augmentation import build_augment
from models.encoders import build_encoder, set_batch_norm
from models.ranker import build_ranker
from reporting.model_files import load_keras_model
from training.distribution import evaluate
from training.engine_options import read_engine_options
from training.experiment import FitPlan, build_optimizer, fit, start_seed
from training.finish import finish_run
from training.reading import keep_sound
from training.runs import load_run_params, open_run


def train(args: argparse.Namespace) -> Path:
    """Train the ranker and keep its best encoder.

    Args:
        args: the arguments of `train_wrapper.py`.

    Returns:
        The run folder: `best_model_{epoch:02d}.keras` (the encoder), `ranker.keras`,
        `results.csv`, `results.json`, `report.html`.

    Raises:
        InputError: the configuration or the data set cannot be used, or the loss became NaN.
        StoppedRun: stopped from outside; the run can be resumed.

    Example:
        >>> # python train_wrapper.py --experiment training/baseline
    """
    started = time.monotonic()
    params = load_run_params(args)
    start_seed(args.seed)
    training, validation = read_lists(args, params)
    steps = count_steps(
        len(training), batch_size=params.batch_size, records_per_epoch=params.pairs_per_epoch
    )
    options = read_engine_options(args)
    ranker, encoder = build_model(
        params,
        list_length=len(training[0].images),
        num_steps=steps * params.epochs * options.accumulate,
    )
    run = open_run(
        args, params, args.dataset, records={"training": training, "validation": validation}
    )
    load = make_ranked_sample_loader(
        training, open_source(training, args, params), build_augment(params.augment)
    )
    held_out = make_ranked_dataset(
        validation,
        open_source(validation, args, dataclasses.replace(params, reduced_decode=False)),
        batch_size=params.batch_size,
    )
    fit(
        ranker,
        lambda first_step: make_sample_dataset(
            len(training),
            load,
            batch_size=params.batch_size,
            steps_per_epoch=steps,
            epochs=params.epochs,
            seed=args.seed,
            first_step=first_step,
        ),
        held_out,
        FitPlan(
            run=run,
            epochs=params.epochs,
            steps_per_epoch=steps,
            models={"best_model_{epoch:02d}.keras": encoder, "ranker.keras": ranker},
            patience=args.patience,
            options=options,
        ),
    )
    best = load_keras_model(run / "ranker.keras")
    best.compile(loss=build_ranking_loss(params.loss), metrics=[RankAccuracy()])
    scores = evaluate(best, held_out)
    metrics = {
        "rank_accuracy": scores["rank_accuracy"],
        "val_loss": scores["loss"],
        "num_training_lists": len(training),
        "num_validation_lists": len(validation),
    }
    units = {"num_training_lists": "lists", "num_validation_lists": "lists"}
    finish_run(run, args, params, metrics, units, started=started)
    return run


def read_lists(
    args: argparse.Namespace, params: BaselineParams
) -> tuple[list[RankedRecord], list[RankedRecord]]:
    """Read the ranked lists to learn from and to validate on, without unreadable pictures.

    Counted formats give lists by the order of their training counts alone; a share of their
    pictures is held out, so that no picture is on both sides.

    Args:
        args: the wrapper's arguments.
        params: resolved parameters.

    Returns:
        (training lists, validation lists).

    Raises:
        InputError: the data set cannot be used.

    Example:
        >>> # see `train`
    """
    if args.format == "annotations":
        training, validation = (
            read_ranked_annotations(
                args.data_dir, args.dataset, split, filter_classes=args.filter_classes
            )
            for split in ("train", "val")
        )
        return keep_sound(training, args, params), keep_sound(validation, args, params)
    if args.filter_classes:
        raise InputError(
            "`--filter_classes` goes with `--format annotations`, whose pairs have an info.type. "
            f"Received it with {args.format}; leave it out."
        )
    training, validation = (
        keep_sound(read_counted(args.format, args.data_dir, args.dataset, split), args, params)
        for split in ("train", "val")
    )
    if not validation:
        training, validation = hold_out(training, params.validation_fraction, seed=args.seed)
    return tuple(
        lists_from_counts(part, params.list_length, max_lists=max_lists, seed=args.seed)
        for part, max_lists in (
            (training, params.max_pairs),
            (validation, params.max_validation_pairs),
        )
    )


def build_model(
    params: BaselineParams, *, list_length: int, num_steps: int
) -> tuple[keras.Model, keras.Model]:
    """Build the compiled ranker on its encoder.

    Args:
        params: resolved parameters.
        list_length: pictures per list.
        num_steps: steps of the whole training, see `build_optimizer`.

    Returns:
        (ranker, encoder); they share weights.

    Raises:
        InputError: a parameter cannot be used.

    Example:
        >>> # see `train`
    """
    encoder = build_encoder(
        params.model_name, params.input_shape, weights=params.weights, alpha=params.alpha
    )
    set_batch_norm(encoder, params.batch_norm, params.batch_norm_momentum)
    ranker = build_ranker(
        encoder,
        list_length=list_length,
        num_layers=params.num_layers,
        num_neurons=params.num_neurons,
        dropout=params.dropout,
        initializer=params.initializations,
    )
    optimizer = build_optimizer(
        params.optimizer, params.learning_rate, schedule=params.schedule, num_steps=num_steps
    )
    ranker.compile(optimizer, build_ranking_loss(params.loss), metrics=[RankAccuracy()])
    return ranker, encoder


def open_source(
    records: list[RankedRecord], args: argparse.Namespace, params: BaselineParams
) -> ImageSource:
    """Open the pictures of ranked lists at the network's size.

    Args:
        records: ranked lists.
        args: the wrapper's arguments, with `cache`.
        params: resolved parameters.

    Returns:
        The source.

    Raises:
        OSError: the disk cache cannot be made.

    Example:
        >>> # see `train`
    """
    return ImageSource(
        distinct_images(records),
        params.input_shape[:2],
        max_pixels=params.max_pixels,
        reduced_decode=params.reduced_decode,
        cache=args.cache,
        cache_dir=Path(args.experiment_dir) / "cache",
    )
