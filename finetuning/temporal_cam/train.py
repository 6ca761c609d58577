"""From video tags to a box per frame: maps of a classifier, joined over time, teach a decoder."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from config.files import write_json
from datasets.pipeline import count_steps
from finetuning.temporal_cam.cams import write_cams
from finetuning.temporal_cam.fitting import fit_decoder, keep_threshold, open_pictures
from finetuning.temporal_cam.model import build_models
from finetuning.temporal_cam.pictures import open_classifier, read_videos
from finetuning.temporal_cam.seeding import SeedRules
from finetuning.temporal_cam.seeing import check_baselines
from training.continued_runs import CLASSIFYING_FILE, find_run_with
from training.distribution import run_without_strategy
from training.fit_files import FIT_FILE
from training.reading import name_datasets
from training.runs import load_run_params, open_run
from training.scored_splits import choose_scored
from training.workers import is_chief, wait_for_workers


def train(args: argparse.Namespace) -> Path:
    """Keep the maps of a video classifier's run, train a decoder on them, choose its threshold.

    Args:
        args: the arguments of `finetune_wrapper.py`.

    Returns:
        The run folder: `cams/`, `decoder.keras`, `results.csv`, `fit.json`.

    Raises:
        InputError: the configuration, the run that is continued or the data set cannot be used, or
            the loss became NaN.
        StoppedRun: stopped from outside; the run can be resumed.

    Example:
        >>> # python finetune_wrapper.py --experiment finetuning/temporal_cam
    """
    started = time.monotonic()
    params = load_run_params(args)
    continued = find_run_with(
        CLASSIFYING_FILE, args.model_path, args.experiment_dir, params.continues
    )
    splits = read_videos(args, params)
    classifier = open_classifier(continued, splits.class_names)
    # What would stop the training is refused now, not after the maps of all frames.
    SeedRules.of(params)
    check_baselines(params)
    build_models(params, classifier, splits.class_names, updates_per_epoch=1)
    pictures = open_pictures(splits.training, args, params, classifier.input.shape[1])
    count_steps(pictures.num_samples, batch_size=params.batch_size)
    records = {
        "training": splits.training,
        "validation": splits.validation,
        "scored": choose_scored(splits)[0],
    }
    run = open_run(args, params, name_datasets(args)[0], records=records)
    store = write_cams(args, params, run, [*splits.training, *splits.validation], continued)
    fitted = fit_decoder(args, params, classifier, splits, run=run, store=store)
    if is_chief():
        threshold = run_without_strategy(lambda: keep_threshold(run, splits, params))
        fitted |= {"threshold": threshold, "seconds": time.monotonic() - started}
        write_json(fitted, run / FIT_FILE)
    wait_for_workers()
    return run
