"""Pre-train an encoder by ranking lists of pictures, after those that look wrong were taken out."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from training.finish import finish_run
from training.ranked_lists import read_lists
from training.ranker_fitting import build_models, fit_ranker, summarize_ranker
from training.runs import load_run_params, open_run
from training.triplets.filtering import filter_lists
from training.triplets.noise_rankers import deal_lists
from training.triplets.summary import VERDICT_UNITS, describe_verdict


def train(args: argparse.Namespace) -> Path:
    """Filter the ranked lists, train the ranker on what is left and keep its best encoder.

    Each ranker of the filter is a stage of its own in the run folder: the same command line goes
    on where it was stopped, and a later run takes over what is unchanged.

    Args:
        args: the arguments of `train_wrapper.py`.

    Returns:
        The run folder: all that `training.baseline` leaves; with a filter also `noise/` and
        `dropped.json`.

    Raises:
        InputError: the configuration or the data set cannot be used, the filter leaves too few
            lists, or the loss became NaN.
        StoppedRun: stopped from outside; the run can be resumed.

    Example:
        >>> # python train_wrapper.py --experiment training/triplets

    References:
        D'Alessandro et al., "AFreeCA: Annotation-Free Counting for All", arXiv 2403.04943:
        triplets and a filter of noisy pairs. Its text does not fix the filter; here every list is
        judged by rankers that did not learn from it, and a list may have any length.
    """
    started = time.monotonic()
    params = load_run_params(args)
    lists = read_lists(args, params, join_pairs=params.join_pairs)
    build_models(lists, args, params)  # what cannot be built is refused now, and leaves no folder
    jury = deal_lists(lists, params, seed=args.seed) if params.noise_rankers else None
    run = open_run(args, params, args.dataset, records=lists.records)
    notes = []
    if jury is not None:
        verdict = filter_lists(lists, jury, args, params, run)
        notes = describe_verdict(verdict, params)
        lists = verdict.take_kept(lists)
    scores = fit_ranker(build_models(lists, args, params), lists, args, params, run)
    metrics, units = summarize_ranker(scores, lists)
    if jury is not None:
        metrics |= verdict.metrics
        units |= VERDICT_UNITS
    finish_run(run, args, params, metrics, units, started=started, notes=notes)
    return run
