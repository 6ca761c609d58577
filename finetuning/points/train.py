"""Fine-tune the encoder of another run on few annotated pictures, to count and locate (LCFCN)."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from training.continued_runs import find_model_file
from training.experiment import start_seed
from training.model_files import load_encoder
from training.points.fitting import fit_points
from training.points.pictures import read_scored_pictures, read_training_pictures
from training.runs import load_run_params


def train(args: argparse.Namespace) -> Path:
    """Train the network from another run's encoder and keep its best and its last counter.

    Args:
        args: the arguments of `finetune_wrapper.py`.

    Returns:
        The run folder: `points.keras`, `last.keras`, `fit.json`.

    Raises:
        InputError: the configuration, the model or the data set cannot be used, or the loss became
            NaN.
        StoppedRun: stopped from outside; the run can be resumed.

    Example:
        >>> # python finetune_wrapper.py --experiment finetuning/points --num_labelled 10 ...
    """
    started = time.monotonic()
    params = load_run_params(args)
    start_seed(args.seed)
    encoder = load_encoder(find_model_file(args.model_path, args.experiment_dir, params.continues))
    training, validation = read_training_pictures(args, params)
    scored, _ = read_scored_pictures(args, params)  # What it refuses is refused before any work.
    return fit_points(args, params, encoder, (training, validation, scored), started=started)
