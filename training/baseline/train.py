"""Pre-train an encoder by ranking pictures by how full they are (SYRAC, stage 2)."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from training.finish import finish_run
from training.ranked_lists import read_lists
from training.ranker_fitting import build_models, fit_ranker, summarize_ranker
from training.runs import load_run_params, open_run


def train(args: argparse.Namespace) -> Path:
    """Train the ranker and keep its best encoder.

    Args:
        args: the arguments of `train_wrapper.py`.

    Returns:
        The run folder: `best_model_{epoch:02d}.keras` (the encoder), `ranker.keras`,
        `results.csv`, `results.json`, `report.html`.

    Raises:
        InputError: the configuration or the data set cannot be used, or the loss became NaN.
        StoppedRun: stopped from outside; the run can be resumed.

    Example:
        >>> # python train_wrapper.py --experiment training/baseline
    """
    started = time.monotonic()
    params = load_run_params(args)
    lists = read_lists(args, params)
    models = build_models(lists, args, params)  # what cannot be built leaves no folder
    run = open_run(args, params, args.dataset, records=lists.records)
    scores = fit_ranker(models, lists, args, params, run)
    metrics, units = summarize_ranker(scores, lists)
    finish_run(run, args, params, metrics, units, started=started)
    return run
