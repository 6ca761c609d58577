"""Fit counts on frozen features by non-negative least squares (SYRAC, stage 3)."""

from __future__ import annotations

import argparse
import logging
import time
from pathlib import Path

import numpy as np

from config.files import write_json
from finetuning.unsupervised.calibrating import calibrate_run
from finetuning.unsupervised.features import compute_features, list_counts
from finetuning.unsupervised.fitting import fit_weights, read_ranker_metrics
from finetuning.unsupervised.starting import start_fit
from models.counter import build_counter, build_feature_extractor
from training.callbacks import save_model
from training.fit_files import FIT_FILE

logger = logging.getLogger(__name__)


def train(args: argparse.Namespace) -> Path:
    """Fit the counter's last layer, calibrate its interval and save the whole counter.

    Args:
        args: the arguments of `finetune_wrapper.py`.

    Returns:
        The run folder: `counter.keras`, `fit.json`, `calibration.json`.

    Raises:
        InputError: the configuration, the model or the data set cannot be used.

    Example:
        >>> # python finetune_wrapper.py
    """
    started = time.monotonic()
    fit = start_fit(args)
    params, pictures, run = fit.params, fit.pictures, fit.run
    extractor = build_feature_extractor(fit.encoder)
    num_patches = params.fit_N or params.N
    features = compute_features(extractor, pictures.fitted, params, num_patches=num_patches)
    features = features.sum(axis=1)  # (num_images, C)
    counts = list_counts(pictures.fitted)
    weights = fit_weights(features, counts)
    # Counted as test pictures are, in N x N patches.
    patches = compute_features(extractor, pictures.calibration, params, num_patches=params.N)
    calibration = calibrate_run(
        run,
        list_counts(pictures.calibration),
        (patches @ weights).sum(axis=1),
        interval=params.interval,
        mean_count=counts.mean(),
        calibrated_on=pictures.calibrated_on,
    )
    counter = build_counter(fit.encoder, params.N, weights=weights, calibration=calibration)
    save_model(counter, run / "counter.keras")
    summary = {
        "model_file": fit.model_file,
        "num_images": len(counts),
        "mean_count": counts.mean(),
        "train_mae": np.abs(features @ weights - counts).mean(),
        "num_weights_above_zero": int((weights > 0).sum()),
        "ranker_metrics": read_ranker_metrics(fit.model_file.parent),
        "seconds": time.monotonic() - started,
    }
    write_json(summary, run / FIT_FILE)
    logger.info("fitted %d pictures, training MAE %.2f", len(counts), summary["train_mae"])
    return run
