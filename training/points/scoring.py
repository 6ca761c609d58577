"""Scores the counter of a points run, and leaves all files that say how good it is."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import keras

from config.files import write_json
from config.schema import PointFitParams
from reporting.export import export_saved_model
from reporting.model_files import load_keras_model
from reporting.point_settings import POINTS_FILE, find_settings, settings_asset
from training.callbacks import save_model
from training.distribution import run_without_strategy
from training.finish import finish_run
from training.fit_files import read_fit
from training.points.calibration import choose_rule
from training.points.fitting import BEST_FILE
from training.points.model import build_counter, find_network, read_rule
from training.points.pictures import read_scored_pictures, read_training_pictures
from training.points.prediction import make_predict, score_picture
from training.points.showing import draw_run, write_predictions
from training.points.summary import describe_choices, summarise
from training.scored_splits import choose_place, join_earlier, name_by_split
from training.workers import is_chief


@dataclass(frozen=True)
class Asked:
    """What an evaluation is asked for.

    Attributes:
        split: "test" or "val".
        threshold: of the blobs; None for that of the run's counter, as for the next two.
        levels: thresholds over which blobs that touch may come apart.
        min_area: smallest blob, in pixels of the picture.
        calibrate: choose them on the validation pictures.

    Example:
        >>> Asked(calibrate=True).split
        'test'
    """

    split: str = "test"
    threshold: float | None = None
    levels: int | None = None
    min_area: int | None = None
    calibrate: bool = False


def score_run(
    args: argparse.Namespace, params: PointFitParams, run: Path, asked: Asked | None = None
) -> None:
    """Score the best counter of a run, draw, report and export it.

    Of several workers only the chief does anything.

    Args:
        args: the wrapper's arguments.
        params: resolved parameters.
        run: run folder with `points.keras` and `fit.json`.
        asked: what to score again and how, beside which the other split's figures are kept
            unless the settings change; None for a run just trained, whose test pictures are
            scored as `params` say.

    Raises:
        InputError: the data or the run cannot be used.

    Example:
        >>> # see `training.points.train`
    """
    if is_chief():
        run_without_strategy(partial(_score_run, args, params, run, asked))


def _score_run(args, params: PointFitParams, run: Path, asked: Asked | None) -> None:
    started = time.monotonic()
    again = None if asked is None else asked.split
    asked = asked or Asked(calibrate=params.calibrate)
    fitted = read_fit(run, "points")
    counter, chosen = settle_counter(args, params, run, asked)
    settings = find_settings(counter)
    rule, factor = read_rule(settings), settings.objects_per_blob
    told = asdict(rule) | {"objects_per_blob": factor}
    place = choose_place(run, again, told)
    records, split = read_scored_pictures(args, params, asked.split)
    predict = make_predict(counter, max_pixels=params.max_pixels)
    scores = [
        score_picture(record, predict(record), rule, radius=params.radius) for record in records
    ]
    names = params.classes or ()
    metrics, units = summarise(
        scores, mean_count=fitted["mean_count"], class_names=names, objects_per_blob=factor
    )
    metrics, units = (name_by_split(each, split) for each in (metrics, units))
    metrics |= told
    units |= {"min_area": "pixels"}
    write_predictions(scores, names, place.predictions, objects_per_blob=factor)
    draw_run(place.figures, scores, predict, rule, params, objects_per_blob=factor)
    export_saved_model(
        counter,
        run / "saved_model",
        max_pixels=params.max_pixels,
        assets=settings_asset(counter, names),
    )
    notes = describe_choices(split, len(records), settings, chosen)
    metrics, units, notes = join_earlier(place.earlier, split, metrics, units, notes)
    started -= fitted["seconds"]
    finish_run(run, args, params, metrics, units, started=started, notes=notes)


def settle_counter(
    args: argparse.Namespace, params: PointFitParams, run: Path, asked: Asked
) -> tuple[keras.Model, str]:
    """Give the run's counter the settings that are asked for, and keep it.

    Args:
        args: the wrapper's arguments.
        params: resolved parameters.
        run: run folder with `points.keras`.
        asked: which values.

    Returns:
        (counter, how its values were chosen); `points.keras` and `points.json` hold them.

    Raises:
        InputError: the run or the validation pictures cannot be used, or a value is out of range.

    Example:
        >>> # see `score_run`
    """
    counter = load_keras_model(run / BEST_FILE)
    kept = find_settings(counter)
    given = {name: getattr(asked, name) for name in ("threshold", "levels", "min_area")}
    given = {name: value for name, value in given.items() if value is not None}
    rule, factor = replace(read_rule(kept), **given), kept.objects_per_blob
    chosen = _read_choice(run) if rule == read_rule(kept) else "given"
    if asked.calibrate:
        validation = read_training_pictures(args, params)[1]
        rule, fitted = choose_rule(
            validation,
            make_predict(counter, max_pixels=params.max_pixels),
            radius=params.radius,
            fit_factor=params.fit_objects_per_blob,
        )
        factor = fitted if params.fit_objects_per_blob else params.objects_per_blob
        chosen = f"chosen on the {len(validation)} validation pictures"
    counter = build_counter(find_network(counter), params, rule, factor)
    save_model(counter, run / BEST_FILE)
    settings = find_settings(counter, params.classes or ())
    write_json({**asdict(settings), "chosen": chosen}, run / POINTS_FILE)
    return counter, chosen


def _read_choice(run: Path) -> str:
    """Return how the settings that the run's counter has were chosen."""
    path = run / POINTS_FILE
    if not path.is_file():
        return "given"
    return str(json.loads(path.read_text(encoding="utf-8")).get("chosen", "given"))
