"""Train a classifier of the tags of shots whose activation maps show where the object is."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from training.experiment import start_seed
from training.runs import load_run_params
from training.video_classifier.fitting import fit_classifier
from training.video_classifier.model import build_models
from training.video_classifier.pictures import read_videos
from training.video_classifier.scoring import score_run


def train(args: argparse.Namespace) -> Path:
    """Train a classifier of shots, score its tags and its maps, draw and report them.

    Where `class_map` gives the tags to labels of a pre-trained classifier, nothing is trained.

    Args:
        args: the arguments of `train_wrapper.py`.

    Returns:
        The run folder: `best_classification.keras`, `best_localization.keras`, `last.keras`,
        `tags.json`, `fit.json`, `predictions.csv`, `scores.json`, `shots.csv`, `results.csv` (where
        something was trained), `results.json`, `figures/`, `saved_model/`, `report.html`.

    Raises:
        InputError: the configuration or the data set cannot be used, or the loss became NaN.
        StoppedRun: stopped from outside; the run can be resumed.

    Example:
        >>> # python train_wrapper.py --experiment training/video_classifier
    """
    started = time.monotonic()
    params = load_run_params(args)
    start_seed(args.seed)
    splits = read_videos(args, params)
    models = build_models(params, splits.class_names)
    run = fit_classifier(args, params, models, splits, started=started)
    score_run(args, params, run)
    return run
