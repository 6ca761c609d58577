"""Draws what a segmenter confuses, and how good the labels of each rule are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from reporting.canvas import BLUE, GREY, new_figure, save_figure

_MOST_NUMBERS = 15  # classes up to which the cells of a confusion matrix are written in


def draw_confusion(confusion: np.ndarray, names: Sequence[str], path: Path) -> Path:
    """Draw a confusion matrix in shares of each true label.

    Args:
        confusion: (L, L) pixels, a row per true label, a column per predicted one.
        names: of the labels.
        path: PNG file to write; its folder is made.

    Returns:
        `path`.

    Raises:
        ValueError: the names are not one per label.
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_confusion(np.eye(2), ["background", "cat"], Path(folder) / "a.png").name
        'a.png'
    """
    confusion = np.asarray(confusion, np.float64)
    if confusion.shape != (len(names), len(names)):
        raise ValueError(
            f"`confusion` must be ({len(names)}, {len(names)}), a row per name. "
            f"Received shape {confusion.shape}."
        )
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    side = 2.5 + 0.45 * min(len(names), 24)
    figure = new_figure(side + 0.6, side)
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for axis, label in ((axes.xaxis, "predicted"), (axes.yaxis, "true")):
        axis.set_ticks(range(len(names)), [_escape(name) for name in names], fontsize=7)
        axis.set_label_text(label)
    axes.tick_params(axis="x", rotation=90)
    for (row, column), share in np.ndenumerate(shares):
        if len(names) <= _MOST_NUMBERS:
            color = "white" if share > 0.5 else "black"
            axes.text(column, row, f"{share:.2f}", ha="center", va="center", color=color, size=6)
    return save_figure(figure, path)


def draw_rules(mious: Mapping[str, float], path: Path, *, chosen: str = "") -> Path:
    """Draw the label quality of each rule as a bar.

    Args:
        mious: {rule: mean IoU in [0, 1], or None}, at least one.
        path: PNG file to write; its folder is made.
        chosen: the rule that is trained on, in another colour.

    Returns:
        `path`.

    Raises:
        ValueError: there is no rule.
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_rules({"G1": 0.5, "G2": 0.75}, Path(folder) / "a.png", chosen="G2").name
        'a.png'
    """
    if not mious:
        raise ValueError("`mious` must hold at least one rule. Received none.")
    figure = new_figure(6, 0.8 + 0.4 * len(mious))
    axes = figure.subplots()
    values = [value or 0.0 for value in mious.values()]
    colors = [BLUE if name == chosen else GREY for name in mious]
    bars = axes.barh(range(len(values)), values, color=colors)
    axes.bar_label(bars, [f"{value:.3f}" for value in values], padding=3, fontsize=8)
    axes.set_yticks(range(len(values)), [_escape(name) for name in mious])
    axes.invert_yaxis()
    axes.set(xlim=(0, 1), xlabel="mean IoU of the labels with the masks of the training pictures")
    return save_figure(figure, path)


def _escape(name: str) -> str:
    return name.replace("$", r"\$")  # a name is no formula
