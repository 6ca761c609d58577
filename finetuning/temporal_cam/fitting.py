"""Trains the decoder on the maps of a classifier, and chooses its threshold without labels."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import keras

from config.errors import InputError
from config.schema import TemporalCamParams
from datasets.cam_store import CamStore
from datasets.pipeline import count_steps
from datasets.records import ShotRecord
from datasets.shot_pictures import ShotPictures
from datasets.shots import ShotSplits
from finetuning.temporal_cam.model import build_models
from finetuning.temporal_cam.prediction import find_decoder_threshold
from finetuning.temporal_cam.samples import Places, make_training_batches, make_validation_batches
from models.locator import find_localizer
from models.map_locator import build_map_locator
from reporting.model_files import load_keras_model
from training.barriers import BarrierGrowth
from training.callbacks import save_model
from training.engine_options import EngineOptions, read_engine_options
from training.experiment import FitPlan, fit, start_seed
from training.video_classifier.cam_stage import read_shot_cams
from training.video_classifier.frame_runs import spread_evenly
from training.workers import is_chief

DECODER_FILE = "decoder.keras"
CORLOC, LOSS = "val_corloc", "val_loss"


@dataclasses.dataclass(frozen=True, eq=False)
class Watched:
    """The frames that are looked at after every epoch.

    Attributes:
        shots: to validate on; the training shots where there are none.
        places: the frames.
        monitor: "val_corloc" where a true box is known of a held-out frame, else "val_loss".

    Example:
        >>> choose_watched(ShotSplits([], [], [], ()), most=4).monitor
        'val_loss'
    """

    shots: Sequence[ShotRecord]
    places: Places
    monitor: str


def choose_watched(splits: ShotSplits, *, most: int) -> Watched:
    """Choose the frames that are looked at after every epoch.

    Boxes and masks of training shots are never looked at: where no shot is held out, the loss on
    one frame of each is all that is told.

    Args:
        splits: of a run.
        most: frames of a validation shot at most.

    Returns:
        What is watched.

    Example:
        >>> shots = [ShotRecord("a", (Path("1.jpg"),) * 9, 1, ("cat",))]
        >>> choose_watched(ShotSplits(shots, [], shots, ("cat",), True), most=4).places
        [(0, 4)]
    """
    shots = splits.validation
    if not shots:
        shots = [dataclasses.replace(shot, boxes=(), masks=()) for shot in splits.training]
        most = 1
    places = [
        (place, frame)
        for place, shot in enumerate(shots)
        for frame in spread_evenly(shot.annotated or range(len(shot.frames)), most)
    ]
    known = any(shot.annotated for shot in shots)
    return Watched(shots, places, CORLOC if known else LOSS)


def fit_decoder(
    args: argparse.Namespace,
    params: TemporalCamParams,
    classifier: keras.Model,
    splits: ShotSplits,
    *,
    run: Path,
    store: CamStore,
) -> dict:
    """Train a decoder and keep it with its threshold: `decoder.keras`.

    Kept is the epoch with the best CorLoc on the validation frames, where true boxes of such are
    known; else the last one, and nothing stops the training before it. The threshold of its boxes
    comes from its maps of training frames, without a box.

    Args:
        args: a wrapper's arguments.
        params: resolved parameters.
        classifier: that is frozen.
        splits: of the run.
        run: run folder.
        store: maps of all shots to learn from and to validate on.

    Returns:
        What `fit.json` holds but for the time.

    Raises:
        InputError: a parameter cannot be used, or the loss became NaN.
        StoppedRun: stopped from outside; the run can be resumed.

    Example:
        >>> # see `finetuning.temporal_cam.train`
    """
    options = _read_options(args)
    start_seed(args.seed)
    size = classifier.input.shape[1]
    pictures = open_pictures(splits.training, args, params, size)
    steps = count_steps(pictures.num_samples, batch_size=params.batch_size)
    locator, trainer = build_models(
        params, classifier, splits.class_names, updates_per_epoch=steps * options.accumulate
    )
    watched = choose_watched(splits, most=params.validation_frames)
    chosen = watched.monitor == CORLOC
    read_cams = partial(read_shot_cams, store)
    plan = FitPlan(
        run=run,
        epochs=params.epochs,
        steps_per_epoch=steps,
        models={DECODER_FILE: locator} if chosen else {},
        monitor=watched.monitor,
        patience=args.patience if chosen else params.epochs,
        callbacks=[_grow_barriers(trainer, params)],
        options=options,
    )
    sources = {"cache": args.cache, "cache_dir": Path(args.experiment_dir) / "cache"}
    held_out = make_validation_batches(
        watched.shots, watched.places, read_cams, params, image_size=size, **sources
    )
    order = {"steps_per_epoch": steps, "seed": args.seed}
    make = partial(make_training_batches, pictures, read_cams, params, **order)
    history = fit(trainer, lambda step: make(first_step=step), held_out, plan)
    if not chosen and is_chief():
        save_model(locator, run / DECODER_FILE)
    return {
        "class_names": list(splits.class_names),
        "transductive": splits.transductive,
        "num_training_shots": len(splits.training),
        "num_training_frames": sum(len(shot.frames) for shot in splits.training),
        "num_validation_shots": len(splits.validation),
        "num_epochs": len(history),
        "monitor": watched.monitor if chosen else None,
        "best": max(row[CORLOC] for row in history) if chosen else None,
    }


def keep_threshold(run: Path, splits: ShotSplits, params: TemporalCamParams) -> float:
    """Choose the threshold of the kept decoder without labels, and write it into its file.

    Args:
        run: run folder with `decoder.keras`.
        splits: of the run; of them the training shots, whose boxes are not looked at.
        params: resolved parameters.

    Returns:
        Share of a map's maximum.

    Raises:
        InputError: every map is constant, a frame cannot be read, or an answer is not finite.

    Example:
        >>> # see `finetuning.temporal_cam.train`
    """
    decoder = find_localizer(load_keras_model(run / DECODER_FILE))
    threshold = find_decoder_threshold(decoder, splits.training, params)
    locator = build_map_locator(decoder, splits.class_names, threshold=threshold)
    save_model(locator, run / DECODER_FILE)
    return threshold


def open_pictures(
    shots: Sequence[ShotRecord], args: argparse.Namespace, params: TemporalCamParams, size: int
) -> ShotPictures:
    """Open the frames of shots at the size that windows are cut out of.

    Args:
        shots: the shots.
        args: a wrapper's arguments, with `cache`.
        params: resolved parameters.
        size: side of the classifier's input, pixels.

    Returns:
        The pictures.

    Raises:
        InputError: `resize_size` is below `size`.
        OSError: the disk cache cannot be made.

    Example:
        >>> # see `fit_decoder`
    """
    return ShotPictures(
        shots,
        size,
        resize_size=params.resize_size,
        frames_per_shot=params.frames_per_shot,
        max_pixels=params.max_pixels,
        cache=args.cache,
        cache_dir=Path(args.experiment_dir) / "cache",
    )


def _grow_barriers(trainer: keras.Model, params: TemporalCamParams) -> BarrierGrowth:
    limits = {"growth": params.sharpness_growth, "cap": params.sharpness_cap}
    return BarrierGrowth(trainer.sharpness, **limits)


def _read_options(args: argparse.Namespace) -> EngineOptions:
    options = read_engine_options(args)
    if options.jit == "on":
        raise InputError(
            "`--jit` must be auto or off: XLA compiles neither the filter of the CRF loss nor the "
            "boxes of validation. Received on."
        )
    return options
