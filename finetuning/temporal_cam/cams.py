"""The first stage: the classifier's maps of all frames that are learnt from or validated on."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from config.schema import TemporalCamParams
from datasets.cam_store import CamStore
from datasets.records import ShotRecord
from training.continued_runs import CLASSIFYING_FILE, find_run_with
from training.distribution import run_without_strategy
from training.run_folders import list_runs
from training.video_classifier.cam_stage import (
    CAMS,
    describe_cams,
    open_shot_cams,
    read_cam_settings,
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
        InputError: the run has no such model, the method cannot be had, or a frame cannot be read.
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
    return open_shot_cams(run / CAMS, describe_cams(classifier_run, settings))


def open_cams(args: argparse.Namespace, params: TemporalCamParams, run: Path) -> CamStore:
    """Open the maps that a run learnt from.

    Args:
        args: the wrapper's arguments.
        params: resolved parameters.
        run: run folder.

    Returns:
        The store.

    Raises:
        InputError: the stage is not complete, or of another classifier; or the run that is
            continued is gone.

    Example:
        >>> # see `finetuning.temporal_cam.scoring`
    """
    source = find_run_with(CLASSIFYING_FILE, args.model_path, args.experiment_dir, params.continues)
    settings = read_cam_settings(source, method=params.cam_method, salient=params.salient)
    return open_shot_cams(run / CAMS, describe_cams(source, settings))


def _name(run: Path) -> str:
    return run.name
