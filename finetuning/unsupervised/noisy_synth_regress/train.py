"""Fit counts on frozen features by non-negative least squares (SYRAC, stage 3)."""

from __future__ import annotations

import argparse
import logging
import time
from pathlib import Path

import numpy as np
from scipy.optimize import nnls

from config.errors import InputError
from config.files import write_json
from datasets.pipeline import make_patch_dataset
from finetuning.unsupervised.noisy_synth_regress.pictures import (
    read_test_pictures,
    read_train_pictures,
)
from models.counter import build_counter, build_feature_extractor
from reporting.results import read_results
from training.callbacks import save_model
from training.continued_runs import find_model_file
from training.distribution import predict
from training.experiment import start_seed
from training.model_files import load_encoder
from training.run_folders import is_finished
from training.runs import load_run_params, open_run
from training.workers import num_workers

logger = logging.getLogger(__name__)


def train(args: argparse.Namespace) -> Path:
    """Fit the counter's last layer and save the whole counter.

    Args:
        args: the arguments of `finetune_wrapper.py`.

    Returns:
        The run folder: `counter.keras`, `fit.json`.

    Raises:
        InputError: the configuration, the model or the data set cannot be used.

    Example:
        >>> # python finetune_wrapper.py
    """
    started = time.monotonic()
    if num_workers() > 1:
        raise InputError(
            f"{args.experiment} is solved in one process. Received {num_workers()} workers; start "
            "it without TF_CONFIG or `training.launch`."
        )
    params = load_run_params(args)
    start_seed(args.seed)
    model_file = find_model_file(args.model_path, args.experiment_dir, params.continues)
    encoder = load_encoder(model_file)
    records = read_train_pictures(args, params)
    scored = read_test_pictures(args, params)  # What `evaluate` would refuse is refused here.
    run = open_run(
        args,
        params,
        args.train_data,
        records={"training": records, "test": scored, "model": [model_file]},
    )
    whole_pictures = make_patch_dataset(
        records,
        encoder.input_shape[1:3],
        num_patches=1,
        batch_size=params.batch_size,
        max_pixels=params.max_pixels,
    )
    features = predict(
        build_feature_extractor(encoder), whole_pictures.map(lambda patches: patches[:, 0])
    )  # (num_images, C)
    counts = np.array([record.count for record in records], np.float64)
    weights = fit_weights(features, counts)
    save_model(build_counter(encoder, params.N, weights=weights), run / "counter.keras")
    residual = features @ weights - counts
    summary = {
        "model_file": model_file,
        "num_images": len(counts),
        "mean_count": counts.mean(),
        "train_mae": np.abs(residual).mean(),
        "num_weights_above_zero": int((weights > 0).sum()),
        "ranker_metrics": read_ranker_metrics(model_file.parent),
        "seconds": time.monotonic() - started,
    }
    write_json(summary, run / "fit.json")
    logger.info("fitted %d pictures, training MAE %.2f", len(counts), summary["train_mae"])
    return run


def read_ranker_metrics(run: Path) -> dict[str, float]:
    """Read how well the ranker that is continued put its validation lists in order.

    Args:
        run: folder of the model file.

    Returns:
        `ranker_rank_accuracy`; nothing when the folder is no finished run.

    Example:
        >>> read_ranker_metrics(Path("tests"))
        {}
    """
    if not is_finished(run):
        return {}
    metrics = read_results(run).metrics
    return {"ranker_rank_accuracy": metrics["rank_accuracy"]} if "rank_accuracy" in metrics else {}


def fit_weights(features: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Solve min ||features w - counts|| with w >= 0, without intercept.

    Args:
        features: (num_images, C), pooled features, >= 0.
        counts: (num_images,), objects.

    Returns:
        (C,) float64 weights, >= 0, objects per unit of feature.

    Raises:
        InputError: a feature is not finite, or every weight is 0 although there are objects.

    Example:
        >>> fit_weights(np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([2.0, 5.0]))
        array([2., 3.])

    References:
        Lawson and Hanson, "Solving Least Squares Problems", 1974, chapter 23, through SciPy.
    """
    if not np.isfinite(features).all():
        raise InputError("the encoder's features are not finite; train it again with a lower rate.")
    weights, _ = nnls(features.astype(np.float64), counts, maxiter=30 * features.shape[1])
    if counts.any() and not weights.any():
        raise InputError(
            "the encoder's features do not grow with the counts, so every weight is 0; "
            "train the encoder longer."
        )
    return weights
