"""Fit a counter that cuts dense cells again, on cells of counted pictures."""

from __future__ import annotations

import argparse
import logging
import time
from collections import Counter
from pathlib import Path

from config.files import write_json
from finetuning.unsupervised.calibrating import calibrate_run
from finetuning.unsupervised.cells import classify_counts, collect_cells, fit_cell_weights
from finetuning.unsupervised.density_guided.reading import read_guided
from finetuning.unsupervised.features import compute_features, list_counts
from finetuning.unsupervised.fitting import fit_weights, read_ranker_metrics
from finetuning.unsupervised.starting import start_fit
from models.counter import build_feature_extractor
from models.density_counter import CELL_CLASSES, build_density_counter
from training.callbacks import save_model
from training.fit_files import FIT_FILE

logger = logging.getLogger(__name__)


def train(args: argparse.Namespace) -> Path:
    """Fit what reads cells, calibrate the interval and save the whole counter.

    Args:
        args: the arguments of `finetune_wrapper.py`.

    Returns:
        The run folder: `counter.keras`, `fit.json`, `calibration.json`.

    Raises:
        InputError: the configuration, the model or the data set cannot be used.

    Example:
        >>> # python finetune_wrapper.py --experiment finetuning/unsupervised/density_guided
    """
    started = time.monotonic()
    fit = start_fit(args, lambda encoder, *_: build_feature_extractor(encoder))
    params, pictures, run, extractor = fit.params, fit.pictures, fit.run, fit.extractor
    cells = collect_cells(extractor, pictures.fitted, params, max_cells=params.max_cells)
    weights = fit_cell_weights(cells, params)
    # For comparison, as `noisy_synth_regress` does.
    counts = list_counts(pictures.fitted)
    whole = fit_weights(compute_features(extractor, pictures.fitted, params)[:, 0], counts)
    shape = {"num_patches": params.N, "max_depth": params.max_depth}
    save_model(build_density_counter(fit.encoder, weights, **shape), run / "counter.keras")
    predicted = read_guided(run / "counter.keras", pictures.calibration, params)
    calibration = calibrate_run(
        run,
        list_counts(pictures.calibration),
        predicted["count"],
        interval=params.interval,
        mean_count=counts.mean(),
        calibrated_on=pictures.calibrated_on,
    )
    counter = build_density_counter(fit.encoder, weights, **shape, calibration=calibration)
    save_model(counter, run / "counter.keras")
    classes = Counter(classify_counts(cells.counts, params.sparse_max).tolist())
    summary = {
        "model_file": fit.model_file,
        "num_images": len(counts),
        "mean_count": counts.mean(),
        "num_cells": {name: classes[i] for i, name in enumerate(CELL_CLASSES)},
        "whole_weights": whole.tolist(),
        "ranker_metrics": read_ranker_metrics(fit.model_file.parent),
        "seconds": time.monotonic() - started,
    }
    write_json(summary, run / FIT_FILE)
    logger.info("fitted %d cells of %d pictures", len(cells.counts), len(counts))
    return run
