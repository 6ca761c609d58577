"""Draws how a training went, from the `results.csv` that it wrote epoch by epoch."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from matplotlib.ticker import MaxNLocator

from config.errors import InputError
from reporting.canvas import BLUE, ORANGE, new_figure, save_figure


def read_training_log(path: Path) -> dict[str, list[float]]:
    """Read the columns of a training log.

    Args:
        path: CSV file with a head line, a column `epoch` and a line per epoch.

    Returns:
        {column: one number per line}; an empty cell or other text is NaN.

    Raises:
        InputError: the file cannot be read or has no `epoch` column or no lines.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "results.csv"
        ...     _ = path.write_text("epoch,loss\\n0,0.5\\n1,\\n")
        ...     read_training_log(path)
        {'epoch': [0.0, 1.0], 'loss': [0.5, nan]}
    """
    path = Path(path)
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"{path} must be a CSV file with a line per epoch. Received: {error}."
        ) from error
    if not rows or "epoch" not in rows[0]:
        raise InputError(
            f"{path} must have a column `epoch` and at least one line. "
            f"Received {len(rows)} lines; train for one epoch or more."
        )
    columns = [name for name in rows[0] if name]
    return {name: [_to_number(row[name]) for row in rows] for name in columns}


def draw_training_curves(results_csv: Path, path: Path) -> Path:
    """Draw each logged quantity over the epochs, training and validation in one panel.

    Args:
        results_csv: the run's log; see `read_training_log`.
        path: PNG file to write; its folder is made.

    Returns:
        `path`.

    Raises:
        InputError: the log cannot be used.
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     log = Path(folder) / "results.csv"
        ...     _ = log.write_text("epoch,loss,val_loss\\n0,0.5,0.6\\n1,0.3,0.4\\n")
        ...     draw_training_curves(log, Path(folder) / "curves.png").name
        'curves.png'
    """
    log = read_training_log(results_csv)
    names = [name for name in log if name != "epoch" and not name.startswith("val_")]
    names += [name[4:] for name in log if name.startswith("val_") and name[4:] not in log]
    if not names:
        raise InputError(f"{results_csv} must log a quantity besides `epoch`. Received none.")
    num_columns = min(len(names), 3)
    num_rows = math.ceil(len(names) / num_columns)
    figure = new_figure(max(5.0, 3.8 * num_columns), 3.2 * num_rows)
    panels = figure.subplots(num_rows, num_columns, squeeze=False).ravel()
    for axes, name in zip(panels, names, strict=False):
        _draw_panel(axes, log, name)
    for axes in panels[len(names) :]:
        axes.set_axis_off()
    return save_figure(figure, path)


def _draw_panel(axes, log, name):
    # Epochs are logged from 0; people count them from 1.
    epochs = [epoch + 1 for epoch in log["epoch"]]
    curves = ((name, "training", BLUE, "o"), (f"val_{name}", "validation", ORANGE, "s"))
    for column, label, color, marker in curves:
        if column in log:
            axes.plot(epochs, log[column], color=color, marker=marker, markersize=4, label=label)
    if f"val_{name}" in log:
        axes.legend(frameon=False)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="epoch", ylabel=name.replace("_", " "))


def _to_number(text):
    try:
        return float(text)
    except (TypeError, ValueError):
        return math.nan
