"""Train a localizer further, with the layers of its encoder thawed and a lower learning rate."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from config.errors import InputError
from models.locator import find_class_names, find_localizer
from reporting.model_files import load_keras_model
from training.continued_runs import LOCALIZER_FILE, find_run_with
from training.experiment import start_seed
from training.localization.fitting import fit_localizer, name_answers
from training.localization.pictures import read_pictures
from training.runs import load_run_params
from training.seen_pictures import read_seen, require_unseen


def train(args: argparse.Namespace) -> Path:
    """Train the localizer of another run and keep its best and its last weights.

    The localizer as it comes counts as the first best by `val_iou`: what is kept is never worse on
    the validation pictures than what it began with.

    Args:
        args: the arguments of `finetune_wrapper.py`.

    Returns:
        The run folder: `localizer.keras`, `last.keras`, `fit.json`, `pictures.json`.

    Raises:
        InputError: the configuration, the run that is continued or the data set cannot be used, a
            test picture was learnt from in that run, or the loss became NaN.
        StoppedRun: stopped from outside; the run can be resumed.

    Example:
        >>> # python finetune_wrapper.py --experiment finetuning/localization --unfreeze all
    """
    started = time.monotonic()
    params = load_run_params(args)
    start_seed(args.seed)
    continued = find_run_with(
        LOCALIZER_FILE, args.model_path, args.experiment_dir, params.continues
    )
    splits = read_pictures(args, params)
    locator = load_keras_model(continued / LOCALIZER_FILE)
    localizer = find_localizer(locator)
    names = name_answers(localizer, splits.class_names)
    if names != find_class_names(locator):
        raise InputError(
            f"the data must have the classes of the run continued, in their order: "
            f"{', '.join(find_class_names(locator))}. Received {', '.join(names)}; choose with "
            "`--set classes=...`."
        )
    seen = read_seen(continued)
    require_unseen(splits, seen, Path(args.data_dir))
    return fit_localizer(args, params, localizer, splits, started=started, earlier=seen)
