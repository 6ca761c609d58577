"""Train a network that says how much each pixel belongs to an object of any kind."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from training.experiment import start_seed
from training.runs import load_run_params
from training.saliency.fitting import fit_saliency
from training.saliency.model import build_new_network
from training.saliency.pictures import read_pictures
from training.saliency.scoring import score_run


def train(args: argparse.Namespace) -> Path:
    """Make labels, train on them, score the best weights, draw, report and export them.

    Args:
        args: the arguments of `train_wrapper.py`.

    Returns:
        The run folder: `labels/`, `saliency.keras`, `last.keras`, `fit.json`, `predictions.csv`,
        `results.csv`, `results.json`, `figures/`, `saved_model/`, `report.html`.

    Raises:
        InputError: the configuration or the data set cannot be used, or the loss became NaN.
        StoppedRun: stopped from outside; the run can be resumed.

    Example:
        >>> # python train_wrapper.py --experiment training/saliency --set labels=rbd ...
    """
    started = time.monotonic()
    params = load_run_params(args)
    start_seed(args.seed)
    splits = read_pictures(args, params)
    network = build_new_network(params)
    run = fit_saliency(args, params, network, splits, started=started)
    score_run(args, params, run)
    return run
