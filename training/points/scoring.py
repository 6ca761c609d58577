"""Scores the counter of a points run, and leaves all files that say how good it is."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import keras
import numpy as np

from config.errors import InputError
from config.files import write_json
from config.schema import PointFitParams
from metrics.class_counts import class_count_metrics
from metrics.counting import counting_metrics, grid_average_error, mean_absolute_error
from metrics.localization import add_matches
from ops.class_blobs import BlobRule
from reporting.export import export_saved_model
from reporting.model_files import load_keras_model
from reporting.point_settings import POINTS_FILE, PointSettings, find_settings, settings_asset
from training.callbacks import save_model
from training.finish import finish_run
from training.points.calibration import choose_rule
from training.points.fitting import BEST_FILE, FIT_FILE
from training.points.model import build_counter, find_network
from training.points.pictures import read_scored_pictures, read_training_pictures
from training.points.prediction import PictureScore, make_predict, score_picture
from training.points.showing import draw_run, write_predictions
from training.workers import is_chief

GAME_LEVELS = (0, 1, 2, 3)


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
        asked: what to score and how; None for the test pictures as `params` say.

    Raises:
        InputError: the data or the run cannot be used.

    Example:
        >>> # see `training.points.train`
    """
    if not is_chief():
        return
    started = time.monotonic()
    asked = asked or Asked(calibrate=params.calibrate)
    fitted = read_fit(run)
    counter, chosen = settle_counter(args, params, run, asked)
    settings = find_settings(counter)
    rule, factor = read_rule(settings), settings.objects_per_blob
    records, split = read_scored_pictures(args, params, asked.split)
    predict = make_predict(counter, max_pixels=params.max_pixels)
    scores = [
        score_picture(record, predict(record), rule, radius=params.radius) for record in records
    ]
    names = params.classes or ()
    metrics, units = summarise(
        scores, mean_count=fitted["mean_count"], class_names=names, objects_per_blob=factor
    )
    if split == "val":
        metrics, units = ({f"val_{k}": v for k, v in each.items()} for each in (metrics, units))
    metrics |= asdict(rule) | {"objects_per_blob": factor}
    units |= {"min_area": "pixels"}
    write_predictions(scores, names, run / "predictions.csv", objects_per_blob=factor)
    draw_run(run, scores, predict, rule, params, objects_per_blob=factor)
    export_saved_model(
        counter,
        run / "saved_model",
        max_pixels=params.max_pixels,
        assets=settings_asset(counter, names),
    )
    notes = describe_choices(split, len(records), settings, chosen)
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
        rule, factor = choose_rule(
            validation,
            make_predict(counter, max_pixels=params.max_pixels),
            radius=params.radius,
            fit_factor=params.fit_objects_per_blob,
        )
        chosen = f"chosen on the {len(validation)} validation pictures"
    counter = build_counter(find_network(counter), params, rule, factor)
    save_model(counter, run / BEST_FILE)
    settings = find_settings(counter, params.classes or ())
    write_json({**asdict(settings), "chosen": chosen}, run / POINTS_FILE)
    return counter, chosen


def read_rule(settings: PointSettings) -> BlobRule:
    """Take what counts as a blob out of a counter's settings.

    Args:
        settings: of a point counter.

    Returns:
        The rule, in pixels of the picture.

    Example:
        >>> read_rule(PointSettings(min_area=4))
        BlobRule(threshold=0.5, levels=1, min_area=4)
    """
    return BlobRule(settings.threshold, settings.levels, settings.min_area)


def summarise(
    scores: Sequence[PictureScore],
    *,
    mean_count: float,
    class_names: Sequence[str] = (),
    objects_per_blob: float = 1.0,
) -> tuple[dict[str, float], dict[str, str]]:
    """Compute every metric of a points run.

    Args:
        scores: one per picture, at least one.
        mean_count: mean count of the training pictures.
        class_names: names of the classes, in order; fewer than two give no metrics per class.
        objects_per_blob: counts are blobs times this.

    Returns:
        (metrics, units): those of `metrics.counting.counting_metrics` on all objects; `mae_blobs`,
        the MAE of the blobs alone, where `objects_per_blob` is not 1; of the blobs' points
        `game_0` to `game_3`, `precision`, `recall` and `f1` within the radius, and of the blobs
        `blob_precision`, `blob_recall` and `blob_f1`; with several classes also `mae_<class>` and
        `f1_<class>`, and the four of `class_count_metrics`.

    Example:
        >>> # see `score_run`
    """
    counts = np.stack([score.counts for score in scores])  # (N, K)
    blobs = np.stack([score.blobs for score in scores])
    predicted, totals = objects_per_blob * blobs, counts.sum(axis=1)
    metrics, units = counting_metrics(totals, predicted.sum(axis=1), mean_count=mean_count)
    if objects_per_blob != 1:
        metrics["mae_blobs"] = mean_absolute_error(totals, blobs.sum(axis=1))
        units["mae_blobs"] = "objects"
    for level in GAME_LEVELS:
        metrics[f"game_{level}"] = grid_average_error(
            [score.record.points for score in scores],
            [score.points for score in scores],
            [score.size for score in scores],
            level=level,
        )
        units[f"game_{level}"] = "objects"
    metrics |= add_matches([each for score in scores for each in score.matches]).scores()
    hits = add_matches([each for score in scores for each in score.hits]).scores()
    metrics |= {f"blob_{name}": value for name, value in hits.items()}
    if len(class_names) > 1:
        for c, name in enumerate(class_names):
            metrics[f"mae_{name}"] = mean_absolute_error(counts[:, c], predicted[:, c])
            metrics[f"f1_{name}"] = add_matches([s.matches[c] for s in scores]).scores()["f1"]
            units[f"mae_{name}"] = "objects"
        metrics |= class_count_metrics(counts, predicted)
        units |= {"m_rmse": "objects", "m_rmse_nz": "objects"}
    return metrics, units


def describe_choices(
    split: str, num_images: int, settings: PointSettings, chosen: str
) -> list[str]:
    """Say in words on what a run was scored and how its settings came about.

    Args:
        split: "test" or "val".
        num_images: pictures scored.
        settings: of the counter.
        chosen: how they were chosen.

    Returns:
        Sentences for the report.

    Example:
        >>> describe_choices("test", 3, PointSettings(), "given")[1]
        'Blobs: threshold 0.5, levels 1, at least 1 pixels, each counts 1; given.'
    """
    scored = f"Scored on the {num_images} test pictures."
    if split == "val":
        scored = (
            f"Scored on the {num_images} validation pictures, on which the best epoch was chosen: "
            "expect larger errors on others. These metrics are named val_."
        )
    blobs = (
        f"Blobs: threshold {settings.threshold:g}, levels {settings.levels}, at least "
        f"{settings.min_area:g} pixels, each counts {settings.objects_per_blob:.4g}; {chosen}."
    )
    return [scored, blobs]


def read_fit(run: Path) -> dict:
    """Read what fitting left in a run folder.

    Args:
        run: run folder.

    Returns:
        The content of `fit.json`.

    Raises:
        InputError: the folder holds no points run that was trained to its end.

    Example:
        >>> read_fit(Path("tests"))
        Traceback (most recent call last):
        ...
        config.errors.InputError: tests: must be a points run that was trained to its end, ...
    """
    try:
        return json.loads((run / FIT_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{run}: must be a points run that was trained to its end, with {FIT_FILE}. Finish it "
            f"with `--resume {run}`."
        ) from error


def _read_choice(run: Path) -> str:
    """Return how the settings that the run's counter has were chosen."""
    path = run / POINTS_FILE
    if not path.is_file():
        return "given"
    return str(json.loads(path.read_text(encoding="utf-8")).get("chosen", "given"))
