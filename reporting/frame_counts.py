"""Shows how many objects a video holds, frame by frame: a table, a plot, annotated frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from config.files import atomic_table
from reporting.canvas import BLUE, GREY, ORANGE, new_figure, save_figure
from reporting.count_captions import caption_count
from reporting.prediction import Prediction
from reporting.prediction_figures import CLASS_COLOURS
from reporting.prediction_writers import flatten_outputs
from reporting.videos import add_caption

_DOT_SHARE = 120  # a dot's radius is this part of the shorter side


@dataclass(frozen=True)
class FrameCount:
    """What was counted in one frame of a video.

    Attributes:
        number: place in the video, from 0.
        outputs: {name: array} of the model without the batch axis, `count` among them.
        points: (M, 2) float (row, column) pixels of the objects; None where they are not known.
        classes: (M,) integers from 1, of the points.
        names: {output's name: what each of its numbers is called}.
        about: {name: value}, what must be known beside the outputs; the same for all frames.

    Example:
        >>> FrameCount(0, {"count": np.float32(2)}).number
        0
    """

    number: int
    outputs: dict[str, np.ndarray]
    points: np.ndarray | None = None
    classes: np.ndarray | None = None
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    about: dict[str, float | str | None] = field(default_factory=dict)


def annotate_count(image: np.ndarray, result: FrameCount) -> np.ndarray:
    """Draw a frame with its objects' points or its patches' counts, the count in a strip above.

    Args:
        image: (H, W, 3) uint8.
        result: of the frame.

    Returns:
        (H + h, W, 3) uint8, h the height of the strip, which depends on the frame's size alone.

    Example:
        >>> result = FrameCount(0, {"count": np.float32(1)}, np.array([[5.0, 7.0]]), np.array([1]))
        >>> shown = annotate_count(np.zeros((20, 30, 3), np.uint8), result)
        >>> shown[len(shown) - 20 + 5, 7].tolist()
        [230, 159, 0]
    """
    shown = Image.fromarray(np.asarray(image))
    pen = ImageDraw.Draw(shown)
    if result.points is not None:
        _draw_points(pen, result, shown.size)
    elif "patch_counts" in result.outputs:
        _draw_patches(pen, result.outputs["patch_counts"], shown.size)
    caption = caption_count(result.outputs, about=result.about)
    return add_caption(np.asarray(shown), caption)


def write_count_table(
    results: Sequence[FrameCount], path: Path, *, frames_per_second: float
) -> Path:
    """Write a row per frame: its number, its time, and every number of the model's outputs.

    Args:
        results: in the order of the rows.
        path: CSV file to write; its folder is made.
        frames_per_second: of the video; 0 where it is not known, and the times stay empty.

    Returns:
        `path`.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     results = [FrameCount(5, {"count": np.float32(2.5)})]
        ...     path = write_count_table(results, Path(folder) / "a.csv", frames_per_second=10)
        ...     path.read_text().splitlines()
        ['frame,seconds,count', '5,0.500,2.5']
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = []
    for result in results:
        seconds = f"{result.number / frames_per_second:.3f}" if frames_per_second else ""
        cells = flatten_outputs(_as_prediction(result))
        rows.append({"frame": result.number, "seconds": seconds, **cells, **result.about})
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with atomic_table(path) as table:
        table.writerow(columns)
        table.writerows([row.get(column, "") for column in columns] for row in rows)
    return path


def draw_count_plot(
    results: Sequence[FrameCount], path: Path, *, frames_per_second: float, title: str = ""
) -> Path:
    """Draw the count over time, its interval as a band, and the chance of none below.

    Args:
        results: in time, at least one.
        path: PNG file to write; its folder is made.
        frames_per_second: of the video; 0 where it is not known, and frames are the axis.
        title: above the plot.

    Returns:
        `path`.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> results = [FrameCount(n, {"count": np.float32(n)}) for n in range(3)]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_count_plot(results, Path(folder) / "a.png", frames_per_second=10).name
        'a.png'
    """
    times = np.array([result.number for result in results]) / (frames_per_second or 1)
    with_none = "none_probability" in results[0].outputs
    figure = new_figure(8, 4.5 if with_none else 3.5)
    ratios = {"height_ratios": [3, 1]} if with_none else None
    panels = figure.subplots(1 + with_none, 1, sharex=True, squeeze=False, gridspec_kw=ratios)[:, 0]
    if {"count_low", "count_high"} <= set(results[0].outputs):
        share = results[0].about.get("interval")
        label = f"{100 * share:g} % interval" if share else "interval"
        ends = [_take(results, name) for name in ("count_low", "count_high")]
        panels[0].fill_between(times, *ends, color=BLUE, alpha=0.2, linewidth=0, label=label)
    style = {"marker": "o"} if len(results) == 1 else {}
    panels[0].plot(
        times, _take(results, "count"), color=BLUE, linewidth=1.2, label="count", **style
    )
    panels[0].set(ylabel="objects", title=title)
    panels[0].set_ylim(bottom=0)
    panels[0].legend(frameon=False)
    if with_none:
        panels[1].plot(
            times, _take(results, "none_probability"), color=ORANGE, linewidth=1, **style
        )
        panels[1].set(ylabel="none", ylim=(0, 1))
    panels[-1].set_xlabel("seconds" if frames_per_second else "frame")
    for axes in panels:
        axes.grid(color=GREY, alpha=0.2)
        axes.spines[["top", "right"]].set_visible(False)
    return save_figure(figure, path)


def _as_prediction(result):
    return Prediction("", result.outputs, names=result.names, about=result.about)


def _take(results, name):
    return np.array([float(result.outputs[name]) for result in results])


def _draw_points(pen, result, size):
    radius = max(1, round(min(size) / _DOT_SHARE))
    for (row, column), number in zip(result.points, result.classes, strict=True):
        colour = CLASS_COLOURS[(int(number) - 1) % len(CLASS_COLOURS)]
        corners = [column - radius, row - radius, column + radius, row + radius]
        pen.ellipse([float(each) for each in corners], fill=colour, outline="black")


def _draw_patches(pen, counts, size):
    """Draw the borders of N x N patches and each one's count."""
    num_patches = round(len(counts) ** 0.5)
    if num_patches**2 != len(counts) or num_patches == 1:
        return
    width, height = size
    for i in range(1, num_patches):
        x, y = width * i / num_patches, height * i / num_patches
        pen.line([x, 0, x, height], fill=ORANGE)
        pen.line([0, y, width, y], fill=ORANGE)
    for place, count in enumerate(counts):
        row, column = divmod(place, num_patches)
        corner = width * column / num_patches + 3, height * row / num_patches + 2
        pen.text(corner, f"{count:.1f}", fill="white", stroke_width=1, stroke_fill="black")
