"""Draws true and predicted boxes on pictures, one by one or many on a sheet, and their IoU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from reporting.canvas import BLUE, GREY, ORANGE, new_figure, save_figure

MAX_SIDE = 900  # pixels of a picture that a figure shows
_CELL = 2.6  # inches of a picture on a sheet


@dataclass(frozen=True)
class DrawnBox:
    """A picture with its boxes.

    Attributes:
        image: (H, W, 3) uint8 picture.
        true_box: (4,) xyxy pixels.
        box: (4,) predicted xyxy pixels.
        caption: stands above.

    Example:
        >>> DrawnBox(np.zeros((4, 4, 3), np.uint8), np.zeros(4), np.ones(4)).caption
        ''
    """

    image: np.ndarray
    true_box: np.ndarray
    box: np.ndarray
    caption: str = ""


def draw_boxes(drawn: DrawnBox, path: Path) -> Path:
    """Draw a picture with its true box (dashed) and its predicted one.

    Args:
        drawn: the picture and its boxes.
        path: PNG file to write; its folder is made.

    Returns:
        `path`.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> drawn = DrawnBox(np.zeros((8, 6, 3), np.uint8), np.array([1, 1, 4, 4.5]), np.ones(4))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_boxes(drawn, Path(folder) / "a.png").name
        'a.png'
    """
    height, width = drawn.image.shape[:2]
    scale = 6 / max(height, width)
    figure = new_figure(max(width * scale, 3), max(height * scale, 1.5) + 0.7)
    axes = figure.subplots()
    _draw_picture(axes, drawn, size=11)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return save_figure(figure, path)


def draw_box_sheet(drawn: Sequence[DrawnBox], path: Path, *, columns: int = 4) -> Path:
    """Draw many pictures with their boxes on one sheet, row by row.

    Args:
        drawn: the pictures, at least one.
        path: PNG file to write; its folder is made.
        columns: pictures side by side.

    Returns:
        `path`.

    Raises:
        ValueError: there is no picture.
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> drawn = DrawnBox(np.zeros((8, 6, 3), np.uint8), np.array([1, 1, 4, 4.5]), np.ones(4))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_box_sheet([drawn] * 5, Path(folder) / "a.png").name
        'a.png'
    """
    if not drawn:
        raise ValueError("`drawn` must hold at least one picture. Received none.")
    columns = min(columns, len(drawn))
    rows = -(-len(drawn) // columns)
    figure = new_figure(_CELL * columns, (_CELL + 0.3) * rows + 0.4)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, each in zip(panels, drawn, strict=False):
        _draw_picture(axes, each, size=7)
    for axes in panels[len(drawn) :]:
        axes.set_axis_off()
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return save_figure(figure, path)


def draw_iou_histogram(ious: Sequence[float], path: Path, *, baseline: float | None = None) -> Path:
    """Draw how many pictures reach which IoU.

    Args:
        ious: (num_images,) in [0, 1], at least one.
        path: PNG file to write; its folder is made.
        baseline: mean IoU of a constant answer, marked too; None for none.

    Returns:
        `path`.

    Raises:
        ValueError: there are no pictures, or a value is not in [0, 1].
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_iou_histogram([0.25, 1.0], Path(folder) / "a.png", baseline=0.5).name
        'a.png'
    """
    ious = np.asarray(ious, np.float64)
    if not ious.size or not ((ious >= 0) & (ious <= 1)).all():
        raise ValueError(
            f"`ious` must be numbers from 0 to 1, at least one. Received {ious.tolist()}."
        )
    figure = new_figure(6, 4)
    axes = figure.subplots()
    axes.hist(ious, bins=np.linspace(0, 1, 21), color=BLUE, alpha=0.7, edgecolor="white")
    axes.axvline(ious.mean(), color=ORANGE, lw=2, label=f"mean {ious.mean():.3f}")
    if baseline is not None:
        axes.axvline(baseline, color=GREY, ls="--", label=f"always the mean box {baseline:.3f}")
    axes.set(xlim=(0, 1), xlabel="IoU of predicted and true box", ylabel="pictures")
    axes.set_title(f"{len(ious)} pictures, {np.mean(ious >= 0.5):.0%} with IoU of at least 0.5")
    axes.legend(loc="upper left", frameon=False)
    return save_figure(figure, path)


def _draw_picture(axes: Axes, drawn: DrawnBox, *, size: float) -> None:
    height, width = drawn.image.shape[:2]
    step = -(-max(height, width) // MAX_SIDE)
    shown = drawn.image[::step, ::step]
    axes.imshow(shown, extent=(0, width, height, 0), interpolation="nearest")
    for box, color, style, label in (
        (drawn.true_box, BLUE, "--", "true"),
        (drawn.box, ORANGE, "-", "predicted"),
    ):
        x0, y0, x1, y1 = box
        for edge, line in (("white", 3.4), (color, 1.8)):  # seen on dark and on bright
            axes.add_patch(
                Rectangle(
                    (x0, y0),
                    x1 - x0,
                    y1 - y0,
                    fill=False,
                    ec=edge,
                    lw=line,
                    ls=style if edge == color else "-",
                    label=label if edge == color else None,
                )
            )
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    axes.set_title(drawn.caption, fontsize=size).set_parse_math(False)  # may hold two $
