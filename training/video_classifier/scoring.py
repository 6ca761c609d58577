"""Scores the classifier of a run, and leaves all files that say how good it is."""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import keras
from tqdm import tqdm

from config.errors import InputError
from config.files import write_json
from config.schema import VideoClassifierParams
from datasets.records import ShotRecord
from datasets.shots import ShotSplits
from models.tagger import build_tagger
from reporting.export import export_saved_model
from reporting.model_files import load_keras_model
from reporting.tag_settings import TAGS_FILE, tags_asset
from training.continued_runs import CLASSIFYING_FILE, LOCALIZING_FILE
from training.distribution import run_without_strategy
from training.finish import finish_run
from training.fit_files import read_fit
from training.scored_splits import choose_place, choose_scored, join_earlier, name_by_split
from training.shot_scores import ShotScores, choose_label_free_threshold
from training.video_classifier.frame_runs import (
    ShotCamSettings,
    ShotFunction,
    make_shot_drawer,
    make_shot_scorer,
    spread_evenly,
)
from training.video_classifier.pictures import read_videos
from training.video_classifier.shot_tables import (
    SHOT_TABLE,
    draw_corloc_tables,
    write_shot_table,
)
from training.video_classifier.showing import draw_run, write_predictions
from training.video_classifier.summary import (
    Localization,
    describe_choices,
    summarise_boxes,
    summarise_tags,
)
from training.workers import is_chief

SCORES_FILE = "scores.json"
_logger = logging.getLogger(__name__)


def score_run(
    args: argparse.Namespace,
    params: VideoClassifierParams,
    run: Path,
    *,
    split: str | None = None,
) -> None:
    """Score the tags and the maps of a run, draw, report and export it.

    Of several workers only the chief does anything. Scored are the annotated frames of each shot,
    or all of a shot that has none.

    Args:
        args: the wrapper's arguments.
        params: resolved parameters.
        run: run folder with `best_classification.keras`, `best_localization.keras`, `fit.json`.
        split: "test" or "val" to score again, beside which the other split's figures are kept;
            None for a run just trained, whose test shots are scored.

    Raises:
        InputError: the data or the run cannot be used.

    Example:
        >>> # see `training.video_classifier.train`
    """
    if is_chief():
        run_without_strategy(partial(_score_run, args, params, run, split))


def _score_run(args, params: VideoClassifierParams, run: Path, asked: str | None) -> None:
    started = time.monotonic()
    fitted = read_fit(run, "video classifier")
    place = choose_place(run, asked)
    splits = read_videos(args, params)
    shots, split = choose_scored(splits, asked or "test")
    if not shots:
        raise InputError(
            f"{run}: must have {split} shots to score. It has none; score those of the other split."
        )
    shots = [shot.take(shot.annotated) if shot.annotated else shot for shot in shots]
    bounds = {"batch_size": params.batch_size, "max_pixels": params.max_pixels}
    classifier = load_keras_model(run / CLASSIFYING_FILE)
    scores = _score_tags(make_shot_scorer(classifier, params.image_size, **bounds), shots)
    metrics, units = summarise_tags(shots, scores)
    draw = _make_drawer(run, params)
    threshold = _choose_threshold(draw, splits, params)
    found = _localize(draw, shots, scores, params, threshold)
    if found is not None:
        of_boxes = summarise_boxes(found)
        metrics, units = metrics | of_boxes[0], units | of_boxes[1]
    write_json(_describe_tags(fitted, params, threshold), run / TAGS_FILE)
    write_json({} if found is None else vars(found), place.find(SCORES_FILE))
    methods = {} if found is None else {params.cam_method: found}
    write_shot_table(methods, shots, place.find(SHOT_TABLE))
    if methods:
        draw_corloc_tables(place.figures, methods)
    write_predictions(shots, scores, place.predictions)
    draw_run(place.figures, shots, scores, draw, params, threshold=threshold, seed=args.seed)
    _export(classifier, splits.class_names, run, params)
    metrics, units = (name_by_split(each, split) for each in (metrics, units))
    num_frames = sum(map(len, scores))
    notes = describe_choices(split, num_frames, fitted, params.cam_method)
    metrics, units, notes = join_earlier(place.earlier, split, metrics, units, notes)
    started -= fitted["seconds"]
    finish_run(run, args, params, metrics, units, started=started, notes=notes)


def _make_drawer(run: Path, params: VideoClassifierParams) -> ShotFunction:
    settings = ShotCamSettings(image_size=params.image_size, method=params.cam_method)
    bounds = {"batch_size": params.batch_size, "max_pixels": params.max_pixels}
    return make_shot_drawer(load_keras_model(run / LOCALIZING_FILE), settings, **bounds)


def _score_tags(score: ShotFunction, shots: Sequence[ShotRecord]) -> list:
    return [score(shot) for shot in tqdm(shots, "tags", unit=" shots", delay=2, disable=None)]


def _choose_threshold(
    draw: ShotFunction, splits: ShotSplits, params: VideoClassifierParams
) -> float:
    """Choose the threshold of boxes on training frames, without looking at any box."""
    maps = []
    for shot in tqdm(splits.training, "threshold", unit=" shots", delay=2, disable=None):
        places = spread_evenly(range(len(shot.frames)), params.threshold_frames)
        maps += list(draw(shot.take(places)))
    try:
        return choose_label_free_threshold(maps, params.image_size)
    except InputError as error:
        _logger.warning("boxes are drawn around all that is not 0: %s", error)
        return 0.0


def _localize(
    draw: ShotFunction,
    shots: Sequence[ShotRecord],
    scores: Sequence,
    params: VideoClassifierParams,
    threshold: float,
) -> Localization | None:
    """Compare the maps of annotated shots with boxes; None where no frame has one."""
    counted = ShotScores(
        shots, params.image_size, max_pixels=params.max_pixels, inclusive=params.inclusive_iou
    )
    for place, shot in enumerate(tqdm(shots, "maps", unit=" shots", delay=2, disable=None)):
        for number, cam in enumerate(draw(shot) if shot.annotated else ()):
            counted.update(place, number, cam, scores[place][number])
    if not counted.num_frames:
        return None
    return Localization(counted.result(), counted.result(threshold=threshold))


def _export(classifier: keras.Model, class_names, run: Path, params: VideoClassifierParams) -> None:
    export_saved_model(
        build_tagger(classifier),
        run / "saved_model",
        max_pixels=params.max_pixels,
        assets=tags_asset(class_names),
    )


def _describe_tags(fitted: dict, params: VideoClassifierParams, threshold: float) -> dict:
    """Return what others need to draw the run's maps and boxes."""
    return {
        **{name: fitted[name] for name in ("class_names", "mapped")},
        "image_size": params.image_size,
        "cam_method": params.cam_method,
        "threshold": threshold,
        "threshold_chosen": "on maps of training frames, without boxes",
    }
