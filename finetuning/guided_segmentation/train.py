"""From image tags to a segmenter: heat maps, saliency, guide labels, training, a second round."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from config.files import write_json
from datasets.pipeline import count_steps
from finetuning.guided_segmentation.fitting import (
    SEGMENTER_FILE,
    fit_segmenter,
    list_rounds,
)
from finetuning.guided_segmentation.model import build_models
from finetuning.guided_segmentation.pictures import keep_seen, read_pictures
from finetuning.guided_segmentation.relabelling import relabel_pictures
from finetuning.guided_segmentation.stages import Chain, make_guides
from training.continued_runs import SEEDS_FILE, find_run_with
from training.fit_files import FIT_FILE
from training.reading import name_datasets
from training.runs import load_run_params, open_run
from training.scored_splits import choose_scored
from training.seeds.tag_names import find_columns, read_tag_names
from training.workers import is_chief


def train(args: argparse.Namespace) -> Path:
    """Make labels out of the heat maps of a run of seeds and of saliency, and train on them.

    Each stage keeps its files in the run folder and is done once: the same command line goes on
    where it was stopped, and a later run takes over what is unchanged.

    Args:
        args: the arguments of `finetune_wrapper.py`.

    Returns:
        The run folder: `heat_maps/`, `saliency/`, `guides/`, `segmenter.keras`, `fit.json`,
        `pictures.json`; with two rounds also `round_1/` and `guides_round_2/`.

    Raises:
        InputError: the configuration, the run that is continued or the data set cannot be used, or
            the loss became NaN.
        StoppedRun: stopped from outside; the run can be resumed.

    Example:
        >>> # python finetune_wrapper.py --experiment finetuning/guided_segmentation
    """
    started = time.monotonic()
    params = load_run_params(args)
    continued = find_run_with(SEEDS_FILE, args.model_path, args.experiment_dir, params.continues)
    seeds = continued / SEEDS_FILE
    splits = read_pictures(args, params)
    # What would stop the training is refused now, not after hours of the stages before it.
    find_columns(read_tag_names(continued), splits.class_names)
    build_models(params, splits.class_names, seeds, num_steps=1)
    count_steps(len(splits.training), batch_size=params.batch_size)
    records = {
        "training": splits.training,
        "validation": splits.validation,
        "scored": choose_scored(splits)[0],
    }
    run = open_run(args, params, name_datasets(args)[0], records=records)
    if is_chief():
        keep_seen(args, splits, continued, run)
    learnt = [*splits.training, *splits.validation]
    chain = Chain(args, params, run, learnt, len(splits.training), splits.class_names)
    guides = make_guides(chain, seeds)
    for number, folder in enumerate(list_rounds(run, params.rounds), start=1):
        if number == 2:
            guides = relabel_pictures(chain, run / "round_1" / SEGMENTER_FILE)
        fitted = fit_segmenter(chain, guides, folder, seeds)
        if is_chief():
            write_json({**fitted, "seconds": time.monotonic() - started}, folder / FIT_FILE)
        started = time.monotonic()
    return run
