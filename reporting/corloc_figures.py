"""Draws CorLoc of several methods side by side, tag by tag or shot by shot."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from reporting.canvas import new_figure, save_figure

MOST_ROWS = 60  # of more, the first are drawn
_DARK = 0.5  # shares above it are written in white


def draw_corloc_table(
    columns: Mapping[str, Mapping[str, float | None]], path: Path, *, title: str = ""
) -> Path:
    """Draw a table of shares, a column per method and a row per tag or shot, coloured by share.

    Args:
        columns: {method: {row: share in [0, 1], None or NaN where nothing is known}}, at least one
            of each; the first column says which rows there are, in which order.
        path: PNG file to write; its folder is made.
        title: above the table.

    Returns:
        `path`.

    Raises:
        ValueError: there is no method, or no row.
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> columns = {"decoder": {"cat": 0.9, "dog": None}, "cam": {"cat": 0.4, "dog": None}}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_corloc_table(columns, Path(folder) / "a.png").name
        'a.png'
    """
    rows = list(next(iter(columns.values()), {}))[:MOST_ROWS]
    if not rows:
        raise ValueError("`columns` must hold at least one method with one row. Received none.")
    values = [[columns[name].get(row) for name in columns] for row in rows]
    shares = np.array([[np.nan if each is None else each for each in row] for row in values], float)
    figure = new_figure(2.2 + 1.1 * len(columns), 1.0 + 0.26 * len(rows))
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.xaxis.set_ticks(range(len(columns)), [_escape(name) for name in columns], fontsize=7)
    axes.yaxis.set_ticks(range(len(rows)), [_escape(row) for row in rows], fontsize=7)
    axes.xaxis.tick_top()
    for (row, column), share in np.ndenumerate(shares):
        color = "white" if share > _DARK else "black"
        text = "" if np.isnan(share) else f"{100 * share:.1f}"
        axes.text(column, row, text, ha="center", va="center", color=color, size=7)
    axes.set_title(title, fontsize=9)
    return save_figure(figure, path)


def _escape(name: str) -> str:
    return name.replace("$", r"\$").replace("_", " ")  # a name is no formula
