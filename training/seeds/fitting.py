"""Fits a seed network to tagged pictures."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import tensorflow as tf

from config.files import write_json
from config.schema import SeedsParams
from datasets.class_balance import make_balanced_order
from datasets.pipeline import count_steps, make_sample_dataset
from datasets.records import TagRecord
from datasets.sample_order import make_ordered_dataset
from datasets.tag_pipeline import TagPictures, make_tag_dataset, make_tag_sample_loader
from datasets.tags import TagSplits
from training.callbacks import save_model
from training.continued_runs import SEEDS_FILE
from training.engine_options import read_engine_options
from training.experiment import FitPlan, fit
from training.fit_files import FIT_FILE
from training.reading import name_datasets
from training.runs import open_run
from training.scored_splits import choose_scored
from training.seeds.model import SeedModels, build_trained, choose_monitor
from training.seen_pictures import list_seen, write_seen
from training.workers import is_chief

LAST_FILE = "last.keras"


def fit_seeds(
    args: argparse.Namespace,
    params: SeedsParams,
    models: SeedModels,
    splits: TagSplits,
    *,
    started: float,
) -> Path:
    """Train what has to be learnt and keep the best and the last seeder.

    Args:
        args: a wrapper's arguments.
        params: resolved parameters.
        models: of `training.seeds.model.build_models`; trained in place.
        splits: of `read_pictures`.
        started: `time.monotonic()` when the command began.

    Returns:
        The run folder: `seeds.keras`, the best by `val_map` (one learnt tag: by `val_loss`);
        `last.keras`; `fit.json`; `pictures.json`. Where every tag is mapped there is nothing to
        train, and both are the seeder as it came.

    Raises:
        InputError: a parameter cannot be used, or the loss became NaN.
        StoppedRun: stopped from outside; the run can be resumed.

    Example:
        >>> # see `training.seeds.train`
    """
    records = {
        "training": splits.training,
        "validation": splits.validation,
        "scored": choose_scored(splits)[0],
    }
    names = splits.class_names
    if models.network is None:
        run = open_run(args, params, name_datasets(args)[0], records=records)
        if is_chief():
            save_model(models.seeder, run / SEEDS_FILE)
        history = []
    else:
        run, history = _train(args, params, models, splits, records)
    if is_chief():
        save_model(models.seeder, run / LAST_FILE)
        write_seen(list_seen(splits, Path(args.data_dir)), run)
        monitor = choose_monitor(len(models.learnt))
        told = {
            "class_names": list(names),
            "learnt": [names[number - 1] for number in models.learnt],
            "mapped": {names[tag - 1]: labels for tag, labels in models.mapped.items()},
            "num_training_images": len(splits.training),
            "num_validation_images": len(splits.validation),
            "num_epochs": len(history),
            "monitor": monitor,
            "best": _find_best([row[monitor] for row in history], monitor),
            "seconds": time.monotonic() - started,
        }
        write_json(told, run / FIT_FILE)
    return run


def open_pictures(
    records: Sequence[TagRecord], args: argparse.Namespace, params: SeedsParams
) -> TagPictures:
    """Open the pictures of records at the network's size.

    Args:
        records: tagged pictures.
        args: a wrapper's arguments, with `cache`.
        params: resolved parameters.

    Returns:
        The pictures.

    Raises:
        InputError: a header cannot be read.
        OSError: the disk cache cannot be made.

    Example:
        >>> # see `fit_seeds`
    """
    return TagPictures(
        records,
        params.image_size,
        max_pixels=params.max_pixels,
        cache=args.cache,
        cache_dir=Path(args.experiment_dir) / "cache",
    )


def _train(args, params: SeedsParams, models: SeedModels, splits: TagSplits, records: dict):
    options = read_engine_options(args)
    training, validation = (
        open_pictures(each, args, params) for each in (splits.training, splits.validation)
    )
    columns = np.array(models.learnt) - 1
    steps = count_steps(len(splits.training), batch_size=params.batch_size)
    trained = build_trained(
        models.network,
        params,
        num_steps=steps * params.epochs * options.accumulate,
        accumulate=options.accumulate,
    )
    load = _keep_columns(make_tag_sample_loader(training, augment=params.augment), columns)
    held_out = make_tag_dataset(validation, batch_size=params.batch_size)
    held_out = held_out.map(lambda images, tags: (images, tf.gather(tags, columns, axis=1)))
    run = open_run(args, params, name_datasets(args)[0], records=records)
    plan = FitPlan(
        run=run,
        epochs=params.epochs,
        steps_per_epoch=steps,
        models={SEEDS_FILE: models.seeder},
        monitor=choose_monitor(len(models.learnt)),
        patience=args.patience,
        options=options,
    )
    make = _make_batches(splits.training, load, params, steps=steps, seed=args.seed)
    return run, fit(trained, lambda step: make(first_step=step), held_out, plan)


def _make_batches(records, load: Callable, params: SeedsParams, *, steps: int, seed: int):
    order = {"steps_per_epoch": steps, "epochs": params.epochs, "batch_size": params.batch_size}
    if not params.balanced:
        return partial(make_sample_dataset, len(records), load, seed=seed, **order)
    tags = [record.tags for record in records]
    balanced = make_balanced_order(tags, length=steps * params.batch_size, seed=seed)
    return partial(make_ordered_dataset, balanced, load, seed=seed, **order)


def _keep_columns(load: Callable, columns: np.ndarray) -> Callable:
    """Make a loader that gives the targets of the learnt tags alone."""

    def load_some(number: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        image, tags = load(number, seed)
        return image, tf.gather(tags, columns)

    return load_some


def _find_best(values: list[float], monitor: str) -> float | None:
    if not values:
        return None
    return float(np.nanmin(values) if monitor.endswith("loss") else np.nanmax(values))
