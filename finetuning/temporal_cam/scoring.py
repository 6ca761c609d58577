"""Scores the decoder of a run beside the maps it learnt from, and leaves all files of it."""

from __future__ import annotations

import argparse
import logging
import time
from functools import partial
from pathlib import Path

from config.errors import InputError
from config.files import write_json
from config.schema import TemporalCamParams
from datasets.cam_store import CamStore
from datasets.records import ShotRecord
from finetuning.temporal_cam.cams import open_cams
from finetuning.temporal_cam.fitting import DECODER_FILE
from finetuning.temporal_cam.pictures import read_videos
from finetuning.temporal_cam.seeing import look_at_shots, name_maps, open_seeing
from finetuning.temporal_cam.showing import draw_scored, draw_training, draw_videos
from finetuning.temporal_cam.summary import DECODER, describe_choices, summarise
from reporting.box_settings import BOXES_FILE, boxes_asset, find_box_settings
from reporting.export import export_saved_model
from reporting.model_files import load_keras_model
from reporting.videos import write_frame_table
from training.distribution import run_without_strategy
from training.finish import finish_run
from training.fit_files import read_fit
from training.scored_splits import choose_place, choose_scored, join_earlier, name_by_split
from training.video_classifier.cam_stage import CAMS
from training.video_classifier.shot_tables import SHOT_TABLE, write_shot_table
from training.workers import is_chief

BOX_TABLE, SCORES_FILE, VIDEOS = "boxes.csv", "scores.json", "videos"
_logger = logging.getLogger(__name__)


def score_run(
    args: argparse.Namespace,
    params: TemporalCamParams,
    run: Path,
    *,
    split: str | None = None,
) -> None:
    """Score the decoder of a run, draw, report and export it.

    Of several workers only the chief does anything.

    Args:
        args: the wrapper's arguments.
        params: resolved parameters.
        run: run folder with `decoder.keras` and `fit.json`.
        split: "test" or "val" to score again, beside which the other split's figures are kept;
            None for a run just trained, whose test shots are scored.

    Raises:
        InputError: the data or the run cannot be used.

    Example:
        >>> # see `finetuning.temporal_cam.eval`
    """
    if is_chief():
        run_without_strategy(partial(_score_run, args, params, run, split))


def _score_run(args, params: TemporalCamParams, run: Path, asked: str | None) -> None:
    started = time.monotonic()
    fitted = read_fit(run, "temporal CAM")
    place = choose_place(run, asked)
    splits = read_videos(args, params)
    shots, split = choose_scored(splits, asked or "test")
    if not shots:
        raise InputError(
            f"{run}: must have shots to score. Its data leave none for {split}; score the others."
        )
    shots = [choose_frames(shot, params) for shot in shots]
    store = None if place.beside else _open_kept_cams(args, params, run)
    locator = load_keras_model(run / DECODER_FILE)
    seeing = open_seeing(locator, args, params)
    found, tracks = look_at_shots(seeing, shots, splits.training, params)
    metrics, units = summarise(found, tracks, shots)
    metrics, units = (name_by_split(each, split) for each in (metrics, units))
    write_json({name: vars(each) for name, each in found.items()}, place.find(SCORES_FILE))
    write_shot_table(found, shots, place.find(SHOT_TABLE))
    write_frame_table([each for track in tracks for each in track], place.find(BOX_TABLE))
    shown = {"params": params, "seed": args.seed}
    draw_scored(place.figures, seeing, shots, tracks, found, **shown)
    draw_videos(place.find(VIDEOS), seeing, shots, tracks, **shown)
    if store is not None:
        draw_training(place.figures, seeing, splits.training, store, **shown)
    write_json(find_box_settings(locator), run / BOXES_FILE)
    saved = {"max_pixels": params.max_pixels, "assets": boxes_asset(locator)}
    export_saved_model(locator, run / "saved_model", **saved)
    num_frames = found[DECODER].oracle["num_frames"] if found else sum(map(len, tracks))
    how = {"maps": name_maps(params), "neighbours": params.num_neighbours}
    notes = describe_choices(split, num_frames, fitted, **how)
    metrics, units, notes = join_earlier(place.earlier, split, metrics, units, notes)
    started -= fitted["seconds"]
    finish_run(run, args, params, metrics, units, started=started, notes=notes)


def _open_kept_cams(args, params: TemporalCamParams, run: Path) -> CamStore | None:
    """Open the maps that the run learnt from; None where their folder was removed."""
    if (run / CAMS).is_dir():
        return open_cams(args, params, run)
    _logger.warning("%s was removed: no sheet shows the seeds that were learnt from", run / CAMS)
    return None


def choose_frames(shot: ShotRecord, params: TemporalCamParams) -> ShotRecord:
    """Keep the frames of a shot in which boxes are looked for.

    Args:
        shot: the shot.
        params: resolved parameters.

    Returns:
        The shot with all frames where they are wanted, or needed to smooth boxes over time, or
        where none is annotated; else with those annotated.

    Example:
        >>> # see `score_run`
    """
    every = params.all_frames or params.track_radius or not shot.annotated
    return shot if every else shot.take(shot.annotated)
