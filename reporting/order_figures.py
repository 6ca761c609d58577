"""Draws how well rankers agree with the order of lists, and with counts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reporting.canvas import BLUE, GREY, ORANGE, new_figure, save_figure

_NUM_BINS = 40


def draw_pair_differences(differences: np.ndarray, path: Path, *, margin: float) -> Path:
    """Draw how many pairs of pictures are apart by how much, in the order given or against it.

    Args:
        differences: (P,) score of the fuller picture minus that of the other, at least one.
        path: PNG file to write; its folder is made.
        margin: pairs below minus this are dropped.

    Returns:
        `path`.

    Raises:
        ValueError: there are no pairs, or a difference is not finite.
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_pair_differences([0.5, -1.0], Path(folder) / "a.png", margin=0.2).name
        'a.png'
    """
    differences = np.asarray(differences, np.float64)
    if differences.ndim != 1 or not differences.size or not np.isfinite(differences).all():
        raise ValueError(
            "`differences` must be (P,) finite numbers, at least one. Received shape "
            f"{differences.shape}, {np.isfinite(differences).sum()} finite."
        )
    against = differences < -margin
    edges = np.histogram_bin_edges(differences, _NUM_BINS)
    figure = new_figure(6, 4)
    axes = figure.subplots()
    options = {"alpha": 0.7, "edgecolor": "white"}
    axes.hist(differences[~against], edges, color=BLUE, label="kept", **options)
    axes.hist(differences[against], edges, color=ORANGE, label="contradicting", **options)
    axes.axvline(-margin, color=GREY, ls="--", label=f"margin {margin:g}")
    axes.set(
        xlabel="score of the fuller picture minus the other's (standard deviations)",
        ylabel="pairs",
    )
    axes.set_title(f"{len(differences)} pairs, {against.mean():.1%} against the order given")
    axes.legend(frameon=False)
    return save_figure(figure, path)


def draw_score_scatter(counts: Sequence[float], scores: Sequence[float], path: Path) -> Path:
    """Draw a ranker's scores over true counts; a perfect ranker's points only rise.

    Args:
        counts: (num_images,) true counts.
        scores: (num_images,) scores of no unit.
        path: PNG file to write; its folder is made.

    Returns:
        `path`.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_score_scatter([3, 30], [0.4, 2.5], Path(folder) / "scores.png").name
        'scores.png'
    """
    figure = new_figure(5.6, 4.2)
    axes = figure.subplots()
    axes.scatter(counts, scores, s=22, color=BLUE, alpha=0.6, linewidths=0)
    axes.set(xlabel="true count [objects]", ylabel="score of the ranker")
    axes.set_title(f"Score over true count, {len(counts)} pictures")
    return save_figure(figure, path)
