"""Train a network that counts and locates objects from one point each (LCFCN)."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from models.encoders import build_encoder
from training.experiment import start_seed
from training.points.fitting import fit_points
from training.points.model import ENCODER_SHAPE
from training.points.pictures import read_scored_pictures, read_training_pictures
from training.points.scoring import score_run
from training.runs import load_run_params


def train(args: argparse.Namespace) -> Path:
    """Train the network, score its best weights, draw, report and export them.

    Args:
        args: the arguments of `train_wrapper.py`.

    Returns:
        The run folder: `points.keras`, `last.keras`, `points.json`, `predictions.csv`,
        `results.csv`, `results.json`, `figures/`, `saved_model/`, `report.html`.

    Raises:
        InputError: the configuration or the data set cannot be used, or the loss became NaN.
        StoppedRun: stopped from outside; the run can be resumed.

    Example:
        >>> # python train_wrapper.py --experiment training/points --format dots ...
    """
    started = time.monotonic()
    params = load_run_params(args)
    start_seed(args.seed)
    training, validation = read_training_pictures(args, params)
    scored, _ = read_scored_pictures(args, params)  # What it refuses is refused before any work.
    encoder = build_encoder(
        params.model_name, ENCODER_SHAPE, weights=params.weights, alpha=params.alpha
    )
    run = fit_points(args, params, encoder, (training, validation, scored), started=started)
    score_run(args, params, run)
    return run
