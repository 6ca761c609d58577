"""Draws what a counter's intervals hold: their coverage by level, and each beside its truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from reporting.canvas import BLUE, GREY, ORANGE, new_figure, save_figure


def draw_coverage(
    measured: Mapping[float, float], path: Path, *, num_images: int, calibrated_on: str
) -> Path:
    """Draw the share of true counts in their interval beside the share that it promises.

    The bar around the promise is what chance alone does with so many pictures: two standard
    deviations of a binomial share.

    Args:
        measured: {level: share of true counts inside}, both in [0, 1]; at least one.
        path: PNG file to write; its folder is made.
        num_images: pictures that were scored.
        calibrated_on: what the calibration pictures are.

    Returns:
        `path`.

    Raises:
        ValueError: nothing was measured, or a share lies outside [0, 1].
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "coverage.png"
        ...     draw_coverage({0.8: 0.75}, path, num_images=9, calibrated_on="drawn scenes").name
        'coverage.png'
    """
    levels = np.array(sorted(measured), np.float64)
    shares = np.array([measured[level] for level in levels], np.float64)
    if not len(levels) or not ((shares >= 0) & (shares <= 1)).all():
        raise ValueError(
            "`measured` must hold a share from 0 to 1 for one level at least. "
            f"Received {dict(measured)}."
        )
    figure = new_figure(5.6, 4)
    axes = figure.subplots()
    places = np.arange(len(levels))
    bars = axes.bar(places, shares, 0.6, color=BLUE, alpha=0.5, label="measured")
    axes.bar_label(bars, [f"{100 * share:.0f} %" for share in shares], padding=2)
    chance = 2 * np.sqrt(levels * (1 - levels) / max(num_images, 1))
    axes.errorbar(
        places, levels, chance, fmt="_", color=ORANGE, markersize=30, label="promised, ± chance"
    )
    axes.set_xticks(places, [f"{100 * level:g} %" for level in levels])
    axes.set(ylim=(0, 1.12), xlabel="interval", ylabel="true counts inside")
    axes.set_title(f"Coverage on {num_images} pictures, calibrated on {calibrated_on}")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return save_figure(figure, path)


def draw_intervals(
    counts: Sequence[float],
    predicted: Mapping[str, np.ndarray],
    path: Path,
    *,
    interval: float,
    unit: str = "objects",
) -> Path:
    """Draw each picture's interval over its true count; those that miss it stand out.

    Args:
        counts: (num_images,) true counts.
        predicted: `count`, `count_low` and `count_high`, each (num_images,).
        path: PNG file to write; its folder is made.
        interval: share of true counts that the intervals are to hold.
        unit: what is counted.

    Returns:
        `path`.

    Raises:
        ValueError: no pictures, or another number of predictions.
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> names = ("count", "count_low", "count_high")
        >>> predicted = {name: np.array([value]) for name, value in zip(names, (3, 1, 5))}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_intervals([4], predicted, Path(folder) / "intervals.png", interval=0.8).name
        'intervals.png'
    """
    counts = np.asarray(counts, np.float64)
    middle, low, high = (
        np.asarray(predicted[name], np.float64) for name in ("count", "count_low", "count_high")
    )
    if not len(counts) or not counts.shape == middle.shape == low.shape == high.shape:
        raise ValueError(
            "`counts` and `predicted` must hold a number for each picture, and one at least. "
            f"Received {counts.shape} and {middle.shape}."
        )
    inside = (low <= counts) & (counts <= high)
    figure = new_figure(5.6, 5.6)
    axes = figure.subplots()
    limit = 1.05 * max(counts.max(), high.max(), 1)
    axes.plot([0, limit], [0, limit], color=GREY, linestyle="--")
    for kind, colour, label in ((inside, BLUE, "holds the truth"), (~inside, ORANGE, "misses it")):
        if kind.any():
            ends = np.stack([middle - low, high - middle])[:, kind]
            options = {"fmt": "o", "markersize": 3, "linewidth": 1, "alpha": 0.6}
            axes.errorbar(counts[kind], middle[kind], ends, color=colour, label=label, **options)
    axes.set(xlim=(0, limit), ylim=(0, limit), aspect="equal")
    axes.set(xlabel=f"true count [{unit}]", ylabel=f"predicted count [{unit}]")
    axes.set_title(
        f"Intervals for {100 * interval:g} %: {100 * inside.mean():.0f} % hold the truth"
    )
    axes.legend(loc="upper left", frameon=False)
    return save_figure(figure, path)
