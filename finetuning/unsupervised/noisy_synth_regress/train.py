"""Fit counts on frozen features by least squares (SYRAC, stage 3)."""

from __future__ import annotations

import argparse
import logging
import time
from pathlib import Path

import numpy as np

from config.counting_params import NoisySynthRegressParams
from config.errors import InputError
from config.files import write_json
from finetuning.unsupervised.calibrating import calibrate_run
from finetuning.unsupervised.features import compute_features, count_cells, list_counts
from finetuning.unsupervised.fitting import fit_weights, read_ranker_metrics
from finetuning.unsupervised.pictures import CountedPictures, knows_cells
from finetuning.unsupervised.ridge import count_pictures, fit_ridge
from finetuning.unsupervised.starting import start_fit
from models.counter import CountWeights, FeatureGrid, build_counter, build_feature_extractor
from ops.cell_grids import group_by_patch
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
    fit = start_fit(args, _build_extractor)
    params, pictures, run, extractor = fit.params, fit.pictures, fit.run, fit.extractor
    num_patches = params.fit_N or params.N
    features = compute_features(extractor, pictures.fitted, params, num_patches=num_patches)
    counts = list_counts(pictures.fitted)
    weights, told = _solve(features, pictures.fitted, params)
    # Counted as test pictures are, in N x N patches.
    cells = compute_features(extractor, pictures.calibration, params, num_patches=params.N)
    calibration = calibrate_run(
        run,
        list_counts(pictures.calibration),
        count_pictures(cells, weights),
        interval=params.interval,
        mean_count=counts.mean(),
        calibrated_on=pictures.calibrated_on,
    )
    counter = build_counter(
        fit.encoder,
        params.N,
        weights=weights,
        features=choose_features(params, pictures.fitted),
        calibration=calibration,
    )
    save_model(counter, run / "counter.keras")
    summary = {
        "model_file": fit.model_file,
        "num_images": len(counts),
        "mean_count": counts.mean(),
        "train_mae": np.abs(count_pictures(features, weights) - counts).mean(),
        **told,
        "ranker_metrics": read_ranker_metrics(fit.model_file.parent),
        "seconds": time.monotonic() - started,
    }
    write_json(summary, run / FIT_FILE)
    logger.info("fitted %d pictures, training MAE %.2f", len(counts), summary["train_mae"])
    return run


def choose_solver(params: NoisySynthRegressParams, records: CountedPictures) -> str:
    """Choose what the counts are fitted by.

    Args:
        params: resolved parameters.
        records: pictures to fit on.

    Returns:
        "nnls" or "ridge".

    Raises:
        InputError: ridge is asked for, and there is one picture alone.

    Example:
        >>> # see `train`
    """
    if params.solver == "auto":
        return "ridge" if len(records) > 1 and knows_cells(records) else "nnls"
    if params.solver == "ridge" and len(records) < 2:
        raise InputError(
            "`solver` ridge needs two pictures at least to fit on, one to hold out. Received "
            f"{len(records)}; give more, or take nnls."
        )
    return params.solver


def choose_features(params: NoisySynthRegressParams, records: CountedPictures) -> FeatureGrid:
    """Choose which features are fitted on.

    Args:
        params: resolved parameters.
        records: pictures to fit on.

    Returns:
        Those of the parameters; without a grid by "nnls", whose sum over cells is the whole
        patch's.

    Raises:
        InputError: as `choose_solver`.

    Example:
        >>> # see `train`
    """
    grid = 1 if choose_solver(params, records) == "nnls" else params.grid
    return FeatureGrid(grid, params.strides or ())


def _build_extractor(encoder, params, pictures):
    return build_feature_extractor(encoder, choose_features(params, pictures.fitted))


def _solve(
    features: np.ndarray, records: CountedPictures, params: NoisySynthRegressParams
) -> tuple[CountWeights, dict[str, str | float | int | bool]]:
    """Fit by the solver that is chosen, and say what `fit.json` is to tell of it."""
    counts, solver = list_counts(records), choose_solver(params, records)
    if solver == "nnls":
        weights = CountWeights(fit_weights(features.sum(axis=1), counts))
        above = int((weights.kernel > 0).sum())
        return weights, {"solver": solver, "num_weights_above_zero": above}
    cell_counts, num_patches, known = None, params.fit_N or params.N, knows_cells(records)
    if known:
        side = num_patches * params.grid
        cell_counts = count_cells(records, side, params).reshape(-1, side, side)
        cell_counts = group_by_patch(cell_counts, num_patches)
    found = fit_ridge(features, counts, cell_counts)
    return found.weights, {
        "solver": solver,
        "cells_known": known,
        "penalty": found.penalty,
        "validation_mae": found.validation_mae,
    }
