"""Train a network that finds the one object of a picture, as published on a frozen encoder."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from config.errors import InputError
from training.experiment import start_seed
from training.localization.fitting import fit_localizer
from training.localization.model import build_new_localizer
from training.localization.pictures import read_pictures
from training.localization.scoring import score_run
from training.runs import load_run_params


def train(args: argparse.Namespace) -> Path:
    """Train a localizer, score its best weights, draw, report and export them.

    Args:
        args: the arguments of `train_wrapper.py`.

    Returns:
        The run folder: `localizer.keras`, `last.keras`, `boxes.json`, `pictures.json`,
        `predictions.csv`, `results.csv`, `results.json`, `figures/`, `saved_model/`,
        `report.html`.

    Raises:
        InputError: the configuration or the data set cannot be used, or the loss became NaN.
        StoppedRun: stopped from outside; the run can be resumed.

    Example:
        >>> # python train_wrapper.py --experiment training/localization --set head=grid ...
    """
    started = time.monotonic()
    params = load_run_params(args)
    start_seed(args.seed)
    splits = read_pictures(args, params)
    num_classes = len(splits.class_names) if params.with_classes else 0
    if params.with_classes and num_classes < 2:
        raise InputError(
            "`with_classes` needs data of at least 2 classes. Received "
            f"{', '.join(splits.class_names) or 'none'}; add `--set with_classes=false`, and "
            "take head box in the place of box_class."
        )
    localizer = build_new_localizer(params, num_classes)
    run = fit_localizer(args, params, localizer, splits, started=started)
    score_run(args, params, run)
    return run
