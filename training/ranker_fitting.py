"""Builds, fits and scores a ranker: what experiments on ranked lists share."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import keras

from config.ranking_params import RankingParams
from datasets.pipeline import (
    count_steps,
    make_ranked_dataset,
    make_ranked_sample_loader,
    make_sample_dataset,
)
from losses.ranking import build_ranking_loss
from metrics.counting import RankAccuracy
from models.augmentation import build_augment
from models.encoders import build_encoder, set_batch_norm
from models.ranker import build_ranker
from reporting.model_files import RANKER_FILE, load_keras_model
from training.distribution import evaluate
from training.engine_options import read_engine_options
from training.experiment import FitPlan, build_optimizer, fit, start_seed
from training.ranked_lists import RankedLists

ENCODER_FILE = "best_model_{epoch:02d}.keras"


@dataclass(frozen=True)
class RankerModels:
    """A compiled ranker and what of it is kept beside it.

    Attributes:
        ranker: pictures of lists (B, L, H, W, 3) -> scores (B, L).
        encoder: the part of it that the next stage takes; shares its weights.
        steps_per_epoch: steps that it was built to be trained for, an epoch.

    Example:
        >>> # see `build_models`
    """

    ranker: keras.Model
    encoder: keras.Model
    steps_per_epoch: int


def build_models(
    lists: RankedLists, args: argparse.Namespace, params: RankingParams
) -> RankerModels:
    """Build the compiled ranker on its encoder; its first weights follow from `args.seed`.

    Args:
        lists: what it will learn from.
        args: the wrapper's arguments.
        params: resolved parameters.

    Returns:
        The models.

    Raises:
        InputError: a parameter cannot be used, or the lists do not fill a batch.

    Example:
        >>> # see `training.baseline.train`
    """
    steps = count_steps(
        len(lists.training),
        batch_size=params.batch_size,
        records_per_epoch=params.pairs_per_epoch,
    )
    start_seed(args.seed)
    encoder = build_encoder(
        params.model_name,
        params.input_shape,
        weights=params.weights,
        alpha=params.alpha,
        deepest_stride=params.deepest_stride,
    )
    set_batch_norm(encoder, params.batch_norm, params.batch_norm_momentum)
    ranker = build_ranker(
        encoder,
        list_length=lists.length,
        num_layers=params.num_layers,
        num_neurons=params.num_neurons,
        dropout=params.dropout,
        initializer=params.initializations,
    )
    optimizer = build_optimizer(
        params.optimizer,
        params.learning_rate,
        schedule=params.schedule,
        num_steps=steps * params.epochs * read_engine_options(args).accumulate,
    )
    ranker.compile(optimizer, build_ranking_loss(params.loss), metrics=[RankAccuracy()])
    return RankerModels(ranker, encoder, steps)


def fit_ranker(
    models: RankerModels,
    lists: RankedLists,
    args: argparse.Namespace,
    params: RankingParams,
    folder: Path,
) -> dict[str, float]:
    """Train a ranker from its folder's newest checkpoint to the end, and score its best epoch.

    Args:
        models: what `build_models` built for the same lists.
        lists: what it learns from.
        args: the wrapper's arguments.
        params: resolved parameters.
        folder: run folder, or one in it; gets `best_model_{epoch:02d}.keras` (the encoder),
            `ranker.keras`, `results.csv`, `checkpoints/`.

    Returns:
        `loss` and `rank_accuracy` of the validation lists.

    Raises:
        InputError: the loss became NaN, or a picture could not be read.
        StoppedRun: stopped from outside; the run can be resumed.

    Example:
        >>> # see `training.baseline.train`
    """
    load = make_ranked_sample_loader(
        lists.training, lists.training_source, build_augment(params.augment), kept=lists.kept
    )
    held_out = make_ranked_dataset(
        lists.validation, lists.validation_source, batch_size=params.batch_size
    )
    fit(
        models.ranker,
        lambda first_step: make_sample_dataset(
            len(lists.training),
            load,
            batch_size=params.batch_size,
            steps_per_epoch=models.steps_per_epoch,
            epochs=params.epochs,
            seed=args.seed,
            first_step=first_step,
        ),
        held_out,
        FitPlan(
            run=folder,
            epochs=params.epochs,
            steps_per_epoch=models.steps_per_epoch,
            models={ENCODER_FILE: models.encoder, RANKER_FILE: models.ranker},
            patience=args.patience,
            options=read_engine_options(args),
        ),
    )
    best = load_keras_model(folder / RANKER_FILE)
    best.compile(loss=build_ranking_loss(params.loss), metrics=[RankAccuracy()])
    return evaluate(best, held_out)


def summarize_ranker(
    scores: dict[str, float], lists: RankedLists
) -> tuple[dict[str, float], dict[str, str]]:
    """Name what a run of a ranker reached.

    Args:
        scores: what `fit_ranker` returned.
        lists: what it learnt from.

    Returns:
        (metrics, units), see `training.finish.finish_run`.

    Example:
        >>> # see `training.baseline.train`
    """
    metrics = {
        "rank_accuracy": scores["rank_accuracy"],
        "val_loss": scores["loss"],
        "num_training_lists": len(lists.training),
        "num_validation_lists": len(lists.validation),
    }
    return metrics, {"num_training_lists": "lists", "num_validation_lists": "lists"}
