"""Calibrates a counter for a run, and measures on test pictures what its interval holds."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from config.files import write_json
from finetuning.unsupervised.pictures import COUNTED
from ops.conformal import conformal_interval, conformal_quantile, coverage, residual_scores
from ops.count_calibration import EMPTY_PICTURES, CountCalibration, calibrate_counts
from reporting.count_captions import decide_none

CALIBRATION_FILE = "calibration.json"
LEVELS = (0.5, 0.8, 0.9)  # at which coverage is measured


def calibrate_run(
    run: Path,
    counts: np.ndarray,
    predicted: np.ndarray,
    *,
    interval: float,
    mean_count: float,
    calibrated_on: str,
) -> CountCalibration:
    """Calibrate a counter and keep what it gave in the run.

    Errors are measured against p + c, p the count and c the mean count of the pictures fitted on:
    intervals grow with the count, and one around 0 is half as wide as one around that mean.

    Args:
        run: run folder; `calibration.json` is written there.
        counts: (N,) true counts of the calibration pictures, in objects.
        predicted: (N,) predicted ones, in objects.
        interval: share of true counts that the interval is to hold.
        mean_count: mean count of the pictures fitted on.
        calibrated_on: what the calibration pictures are.

    Returns:
        The calibration.

    Raises:
        ValueError: there are too few pictures.
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     calibrate_run(
        ...         Path(folder), np.array([1, 4]), np.array([1.0, 3.0]), interval=0.5,
        ...         mean_count=2.0, calibrated_on=COUNTED,
        ...     ).quantile
        0.2
    """
    offset = float(mean_count) if mean_count > 0 else None
    calibration = calibrate_counts(
        counts, predicted, interval=interval, calibrated_on=calibrated_on, offset=offset
    )
    scores = residual_scores(counts, predicted, offset=offset)
    quantiles = {level: conformal_quantile(scores, level) for level in LEVELS}
    summary = {
        **asdict(calibration),
        "none_curve": calibration.none_curve._asdict(),
        "num_empty": int((np.asarray(counts) == 0).sum()),
        "quantiles": {f"{level:g}": quantile for level, quantile in quantiles.items()},
    }
    write_json(summary, run / CALIBRATION_FILE)
    return calibration


def read_calibration(run: Path) -> dict[str, Any]:
    """Read what `calibrate_run` kept.

    Args:
        run: run folder with `calibration.json`.

    Returns:
        Its content.

    Example:
        >>> # see `interval_metrics`
    """
    return json.loads((run / CALIBRATION_FILE).read_text(encoding="utf-8"))


def interval_metrics(
    run: Path, counts: np.ndarray, predicted: np.ndarray, none_probability: np.ndarray
) -> tuple[dict[str, float], dict[str, str]]:
    """Measure on test pictures what the intervals hold, and the decision "none here".

    Args:
        run: run folder with `calibration.json`.
        counts: (N,) true counts, in objects.
        predicted: (N,) predicted ones.
        none_probability: (N,) of the counter.

    Returns:
        (metrics, units): `coverage_L` and `interval_width_L`, the mean width, for each level L of
        50, 80 and 90 % and for the run's own; a level that the calibration pictures were too few
        for is left out. `none_here`, how many pictures are said to hold none, and
        `none_here_wrong`, how many of these do hold some. Where there are pictures with and
        without objects and the curve was fitted on such, `none_accuracy`, the mean of the shares
        of either kind told right, and `none_brier`, the mean squared error of `none_probability`.

    Example:
        >>> # see `finetuning.unsupervised.scoring`
    """
    calibration = read_calibration(run)
    quantiles = {float(level): value for level, value in calibration["quantiles"].items()}
    quantiles[calibration["interval"]] = calibration["quantile"]
    metrics, units = {}, {}
    for level, quantile in sorted(quantiles.items()):
        if quantile is None or math.isinf(quantile):
            continue
        low, high = conformal_interval(predicted, quantile, offset=calibration["offset"])
        name = f"{100 * level:g}"
        metrics[f"coverage_{name}"] = coverage(counts, low, high)
        metrics[f"interval_width_{name}"] = float((high - low).mean())
        units[f"interval_width_{name}"] = "objects"
    empty, about = np.asarray(counts) == 0, {"none_from": calibration["none_from"]}
    said = np.array(
        [
            decide_none({"count": count, "none_probability": probability}, about)["none_here"]
            for count, probability in zip(predicted, none_probability, strict=True)
        ],
        bool,
    )
    metrics |= {"none_here": float(said.sum()), "none_here_wrong": float((said & ~empty).sum())}
    units |= dict.fromkeys(("none_here", "none_here_wrong"), "pictures")
    if calibration["none_from"] == EMPTY_PICTURES and empty.any() and not empty.all():
        metrics["none_accuracy"] = float(said[empty].mean() + (~said[~empty]).mean()) / 2
        metrics["none_brier"] = float(np.square(none_probability - empty).mean())
    return metrics, units


def interval_notes(run: Path) -> list[str]:
    """Say in words what the intervals and `none_probability` of a run stand on.

    Args:
        run: run folder with `calibration.json`.

    Returns:
        Sentences for the report.

    Example:
        >>> # see `finetuning.unsupervised.scoring`
    """
    calibration = read_calibration(run)
    share, number = f"{100 * calibration['interval']:g} %", calibration["num_pictures"]
    notes = [
        f"count_low to count_high is a split-conformal interval for {share} of true counts, "
        f"calibrated on {number} {calibration['calibrated_on']} that were not fitted on."
    ]
    if calibration["calibrated_on"] != COUNTED:
        notes.append(
            f"Calibrated on {calibration['calibrated_on']}: its coverage and the decision "
            "none_here are not guaranteed on other pictures; name a counted data set with "
            "`--calibration` for that."
        )
    if calibration["none_from"] == EMPTY_PICTURES:
        notes.append(
            f"none_probability was fitted on {calibration['num_empty']} pictures without objects "
            f"among those {number}."
        )
    else:
        notes.append(
            "There was no picture without objects to calibrate on, or no other: none_probability "
            'is the conformal p-value of "the count is 0", the share of errors at least as large.'
        )
    return notes
