"""The first stage: the classifier's maps of all frames that are learnt from or validated on."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from config.errors import InputError
from config.schema import TemporalCamParams
from datasets.cam_store import CamStore
from datasets.records import ShotRecord
from training.continued_runs import CLASSIFYING_FILE, find_run_with
from training.distribution import run_without_strategy
from training.run_folders import list_runs
from training.stage_folders import StageFolder
from training.video_classifier.cam_stage import (
    CAMS,
    describe_cams,
    open_shot_cams,
    read_cam_settings,
    read_shot_cams,
    write_shot_cams,
)
from training.workers import is_chief, wait_for_workers


def write_cams(
    args: argparse.Namespace,
    params: TemporalCamParams,
    run: Path,
    shots: Sequence[ShotRecord],
    classifier_run: Path,
) -> CamStore:
    """Keep the maps of shots in `cams/`, as far as they are not there.

    Maps of the same classifier and method that the classifier's own run or another run of this
    experiment holds are taken over. Of several workers only the chief does anything.

    Args:
        args: the wrapper's arguments.
        params: resolved parameters.
        run: run folder.
        shots: those to learn from and to validate on.
        classifier_run: whose `best_localization.keras` draws.

    Returns:
        The store.

    Raises:
        InputError: the run has no such model, the method cannot be had, a frame cannot be read, or
            every map is constant, from which nothing is learnt.
        OSError: the disk is full.

    Example:
        >>> # see `finetuning.temporal_cam.train`
    """
    settings = read_cam_settings(classifier_run, method=params.cam_method, salient=params.salient)
    if is_chief():
        options = {"batch_size": params.batch_size, "max_pixels": params.max_pixels}
        others = (each for each in list_runs(Path(args.experiment_dir), args.experiment))
        newest = sorted((each for each in others if each != run), key=_name, reverse=True)
        earlier = [each / CAMS for each in (classifier_run, *newest)]
        run_without_strategy(
            lambda: write_shot_cams(
                classifier_run, shots, run / CAMS, settings=settings, earlier=earlier, **options
            )
        )
    wait_for_workers()
    store = open_shot_cams(run / CAMS, describe_cams(classifier_run, settings))
    if all(np.ptp(read_shot_cams(store, shot), axis=(1, 2)).max() == 0 for shot in shots):
        raise InputError(
            f"{classifier_run}: must have maps by {params.cam_method} that show something. Those "
            f"of all {len(shots)} shots are constant; train it for longer, or set another "
            "`cam_method`."
        )
    return store


def open_cams(args: argparse.Namespace, params: TemporalCamParams, run: Path) -> CamStore:
    """Open the maps that a run learnt from, or the same in the classifier's own run.

    Args:
        args: the wrapper's arguments.
        params: resolved parameters.
        run: run folder.

    Returns:
        The store.

    Raises:
        InputError: neither is complete and of that classifier; or the run that is continued is
            gone.

    Example:
        >>> # see `finetuning.temporal_cam.scoring`
    """
    source = find_run_with(CLASSIFYING_FILE, args.model_path, args.experiment_dir, params.continues)
    settings = read_cam_settings(source, method=params.cam_method, salient=params.salient)
    identity = describe_cams(source, settings)
    own = StageFolder(run / CAMS, {"stage": CAMS, **identity})
    return open_shot_cams((run if own.told is not None else source) / CAMS, identity)


def _name(run: Path) -> str:
    return run.name
