"""Train a classifier of image tags whose activation maps show where each tag is."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from training.experiment import start_seed
from training.runs import load_run_params
from training.seeds.fitting import fit_seeds
from training.seeds.model import build_models
from training.seeds.pictures import read_pictures
from training.seeds.scoring import score_run


def train(args: argparse.Namespace) -> Path:
    """Train a seed network, score its best weights, draw and report them.

    Tags that `class_map` gives to labels of a pre-trained classifier are not learnt; where all
    are, nothing is trained.

    Args:
        args: the arguments of `train_wrapper.py`.

    Returns:
        The run folder: `seeds.keras`, `last.keras`, `tags.json`, `fit.json`, `pictures.json`,
        `predictions.csv`, `results.csv` (where something was trained), `results.json`, `figures/`,
        `report.html`.

    Raises:
        InputError: the configuration or the data set cannot be used, or the loss became NaN.
        StoppedRun: stopped from outside; the run can be resumed.

    Example:
        >>> # python train_wrapper.py --experiment training/seeds --format voc ...
    """
    started = time.monotonic()
    params = load_run_params(args)
    start_seed(args.seed)
    splits = read_pictures(args, params)
    models = build_models(params, splits.class_names)
    run = fit_seeds(args, params, models, splits, started=started)
    score_run(args, params, run)
    return run
