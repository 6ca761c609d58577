"""Fits a classifier to the tags of shots, and keeps its two best epochs."""

from __future__ import annotations

import argparse
import time
from functools import partial
from pathlib import Path

import keras
import numpy as np

from config.files import write_json
from config.schema import VideoClassifierParams
from datasets.pipeline import count_steps
from datasets.records import ShotRecord
from datasets.shot_pictures import ShotPictures
from datasets.shot_pipeline import make_classifier_dataset, make_frame_dataset
from datasets.shots import ShotSplits
from training.callbacks import BestModels, save_models
from training.continued_runs import CLASSIFYING_FILE, LOCALIZING_FILE
from training.engine_options import read_engine_options
from training.experiment import FitPlan, fit
from training.fit_files import FIT_FILE
from training.reading import name_datasets
from training.runs import open_run
from training.scored_splits import choose_scored
from training.video_classifier.frame_runs import ShotCamSettings, spread_frames
from training.video_classifier.localizing import CORLOC, CamLocalization
from training.video_classifier.model import VideoModels, build_trained
from training.workers import is_chief

LAST_FILE = "last.keras"


def fit_classifier(
    args: argparse.Namespace,
    params: VideoClassifierParams,
    models: VideoModels,
    splits: ShotSplits,
    *,
    started: float,
) -> Path:
    """Train the classifier where it learns, and keep what the scoring and later stages need.

    Args:
        args: a wrapper's arguments.
        params: resolved parameters.
        models: of `training.video_classifier.model.build_models`; trained in place.
        splits: of `read_videos`.
        started: `time.monotonic()` when the command began.

    Returns:
        The run folder: `best_classification.keras`, the first epoch with the best accuracy on
        frames of the validation shots (without such shots: the least loss on training frames);
        `best_localization.keras`, the first with the best CorLoc of its maps there, the same file
        where no box is known; `last.keras`; `fit.json`. Where all tags are mapped there is nothing
        to train, and all are the classifier as it came.

    Raises:
        InputError: a parameter cannot be used, or the loss became NaN.
        StoppedRun: stopped from outside; the run can be resumed.

    Example:
        >>> # see `training.video_classifier.train`
    """
    records = {
        "training": splits.training,
        "validation": splits.validation,
        "scored": choose_scored(splits)[0],
    }
    run = partial(open_run, args, params, name_datasets(args)[0], records=records)
    if models.learns:
        run, history = _train(args, params, models.classifier, splits, run)
    else:
        run, history = run(), []
    if is_chief():
        kept = [LAST_FILE] if history else [LAST_FILE, CLASSIFYING_FILE, LOCALIZING_FILE]
        save_models(run, dict.fromkeys(kept, models.classifier))
        names = splits.class_names
        told = {
            "class_names": list(names),
            "mapped": {names[tag - 1]: labels for tag, labels in models.mapped.items()},
            "transductive": splits.transductive,
            "num_training_shots": len(splits.training),
            "num_training_frames": sum(len(shot.frames) for shot in splits.training),
            "num_validation_shots": len(splits.validation),
            **_describe_history(history, choose_monitor(splits)),
            "seconds": time.monotonic() - started,
        }
        write_json(told, run / FIT_FILE)
    return run


def choose_monitor(splits: ShotSplits) -> str:
    """Choose the value by which the best epoch of classification is kept.

    Args:
        splits: of a run.

    Returns:
        "val_accuracy"; "val_loss" where the training shots themselves have to tell, all of which
        are right soon.

    Example:
        >>> choose_monitor(ShotSplits([], [], [], ()))
        'val_loss'
    """
    return "val_accuracy" if splits.validation else "val_loss"


def _train(args, params: VideoClassifierParams, classifier: keras.Model, splits: ShotSplits, start):
    options = read_engine_options(args)
    bounds = {"max_pixels": params.max_pixels}
    cache = {**bounds, "cache": args.cache, "cache_dir": Path(args.experiment_dir) / "cache"}
    training = ShotPictures(
        splits.training,
        params.image_size,
        resize_size=params.resize_size,
        frames_per_shot=params.frames_per_shot,
        **cache,
    )
    steps = count_steps(training.num_samples, batch_size=params.batch_size)
    trained = build_trained(
        classifier, params, steps_per_epoch=steps, accumulate=options.accumulate
    )
    held_out = [
        spread_frames(shot, params.validation_frames)
        for shot in splits.validation or splits.training
    ]
    validation = make_frame_dataset(
        held_out, params.image_size, batch_size=params.batch_size, targets=True, **cache
    )
    run = start()
    models, callbacks = _choose_kept(run, params, classifier, held_out if splits.validation else [])
    plan = FitPlan(
        run=run,
        epochs=params.epochs,
        steps_per_epoch=steps,
        models=models,
        monitor=choose_monitor(splits),
        patience=args.patience,
        callbacks=callbacks,
        options=options,
    )
    order = {"steps_per_epoch": steps, "epochs": params.epochs, "batch_size": params.batch_size}
    make = partial(make_classifier_dataset, training, seed=args.seed, **order)
    return run, fit(trained, lambda step: make(first_step=step), validation, plan)


def _choose_kept(
    run: Path, params: VideoClassifierParams, classifier: keras.Model, shots: list[ShotRecord]
):
    """Return the files of the best epoch of classification, and what keeps that of localization."""
    boxed = [shot.take(shot.annotated) for shot in shots if shot.annotated]
    if not boxed:
        return {CLASSIFYING_FILE: classifier, LOCALIZING_FILE: classifier}, []
    callback = CamLocalization(
        classifier,
        boxed,
        ShotCamSettings(image_size=params.image_size, method=params.cam_method),
        batch_size=params.batch_size,
        max_pixels=params.max_pixels,
        inclusive=params.inclusive_iou,
    )
    keep = BestModels(run, {LOCALIZING_FILE: classifier}, CORLOC)
    return {CLASSIFYING_FILE: classifier}, [callback, keep]


def _describe_history(history: list[dict], monitor: str) -> dict:
    """Return what the epochs reached."""
    told = {"num_epochs": len(history), "monitor": monitor, "best": None, "best_corloc": None}
    if history:
        values = [row[monitor] for row in history]
        told["best"] = float(np.nanmin(values) if monitor == "val_loss" else np.nanmax(values))
        if CORLOC in history[0]:
            told["best_corloc"] = max(row[CORLOC] for row in history)
    return told
