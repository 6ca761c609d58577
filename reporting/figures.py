"""Draws what a counter did: errors per true count, count against count, counts on the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.patches import Rectangle

from ops.patches import patch_boxes
from reporting.canvas import BLUE, GREY, ORANGE, new_figure, save_figure

MAX_BINS = 16
MAX_SIDE = 1280  # pixels of a picture that a figure shows


@dataclass(frozen=True)
class CountBins:
    """Ranges of true counts, all of one width.

    Attributes:
        width: objects per bin.
        first: index of the first bin; bin i holds counts in [i width, (i + 1) width).
        members: for each bin, (num_members,) positions of its pictures.

    Example:
        >>> CountBins(20, 0, (np.array([0]),)).label(0)
        '0–20'
    """

    width: int
    first: int
    members: tuple[np.ndarray, ...]

    def label(self, index: int) -> str:
        """Name a bin by its edges; the upper one belongs to the next bin."""
        lower = (self.first + index) * self.width
        return f"{lower}–{lower + self.width}"


def bin_counts(counts: Sequence[float], bin_width: int = 20, max_bins: int = MAX_BINS) -> CountBins:
    """Sort pictures into ranges of their true count.

    Bins are merged by 2, 5, 10, 20, 50, ... until `max_bins` cover all counts, so that the labels
    stay legible and agree with the bins for any count. A range without pictures keeps its bin.

    Args:
        counts: (num_images,) true counts, >= 0.
        bin_width: objects per bin before merging.
        max_bins: most bins.

    Returns:
        The bins from the smallest count to the largest.

    Raises:
        ValueError: no counts, a count that is negative or not finite, or a width below 1.

    Example:
        >>> bins = bin_counts([3, 19, 20, 41])
        >>> [(bins.label(i), len(members)) for i, members in enumerate(bins.members)]
        [('0–20', 2), ('20–40', 1), ('40–60', 1)]
        >>> bin_counts([0, 1700]).width
        200
    """
    counts = np.asarray(counts, np.float64)
    if counts.size == 0 or not np.isfinite(counts).all() or counts.min() < 0:
        raise ValueError(
            "`counts` must hold at least one count, all finite and not negative. "
            f"Received {counts.size} counts; leave out the others."
        )
    if bin_width < 1:
        raise ValueError(f"`bin_width` must be at least 1 object. Received {bin_width}.")
    steps = (factor * 10**power for power in range(300) for factor in (1, 2, 5))
    for step in steps:
        width = bin_width * step
        bins = (counts // width).astype(np.int64)
        num_bins = int(bins.max() - bins.min()) + 1
        if num_bins <= max_bins:
            break
    members = tuple(np.flatnonzero(bins == bins.min() + i) for i in range(num_bins))
    return CountBins(width, int(bins.min()), members)


def draw_error_boxplot(
    counts: Sequence[float],
    predictions: Sequence[float],
    path: Path,
    *,
    bin_width: int = 20,
    unit: str = "objects",
) -> Path:
    """Draw the absolute error per range of true counts, and how many pictures each range holds.

    A box spans the quartiles, its line is the median, whiskers reach 1.5 box lengths, circles lie
    beyond.

    Args:
        counts: (num_images,) true counts.
        predictions: (num_images,) predicted counts.
        path: PNG file to write; its folder is made.
        bin_width: objects per range; merged when there would be too many.
        unit: what is counted.

    Returns:
        `path`.

    Raises:
        ValueError: no pictures, another number of predictions, or a number that is not finite.
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_error_boxplot([3, 30], [4, 25], Path(folder) / "errors.png").name
        'errors.png'

    References:
        SYRAC's error_rate_boxplot. There the labels and bins disagree above 1500 objects.
    """
    counts, predictions = _check_pairs(counts, predictions)
    bins = bin_counts(counts, bin_width)
    positions = np.arange(len(bins.members))
    figure = new_figure(8, 5.4)
    errors_axes, images_axes = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    errors_axes.boxplot(
        [np.abs(predictions - counts)[members] for members in bins.members],
        positions=positions,
        widths=0.6,
        patch_artist=True,
        boxprops={"facecolor": BLUE, "alpha": 0.35, "edgecolor": BLUE},
        medianprops={"color": ORANGE, "linewidth": 2},
        flierprops={"marker": "o", "markersize": 4, "markeredgecolor": GREY},
    )
    errors_axes.set_ylabel(f"absolute error [{unit}]")
    errors_axes.set_ylim(bottom=0)
    errors_axes.set_title("Error by true count")
    bars = images_axes.bar(positions, [len(members) for members in bins.members], 0.6, color=GREY)
    images_axes.bar_label(bars, fontsize=8, padding=1)
    images_axes.margins(y=0.25)
    images_axes.set_ylabel("pictures")
    images_axes.set_xlabel(f"true count [{unit}], lower edge included")
    labels = [bins.label(index) for index in range(len(positions))]
    crowded = sum(map(len, labels)) > 60
    images_axes.set_xticks(positions, labels, rotation=45 if crowded else 0)
    return save_figure(figure, path)


def draw_count_scatter(
    counts: Sequence[float],
    predictions: Sequence[float],
    path: Path,
    *,
    unit: str = "objects",
) -> Path:
    """Draw predicted against true counts; a perfect counter lies on the line.

    Args:
        counts: (num_images,) true counts.
        predictions: (num_images,) predicted counts.
        path: PNG file to write; its folder is made.
        unit: what is counted.

    Returns:
        `path`.

    Raises:
        ValueError: no pictures, another number of predictions, or a number that is not finite.
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_count_scatter([3, 30], [4, 25], Path(folder) / "scatter.png").name
        'scatter.png'
    """
    counts, predictions = _check_pairs(counts, predictions)
    limit = 1.05 * max(counts.max(), predictions.max(), 1)
    lowest = min(0, 1.05 * predictions.min())
    figure = new_figure(5.6, 5.6)
    axes = figure.subplots()
    axes.plot([lowest, limit], [lowest, limit], color=GREY, linestyle="--", label="perfect")
    axes.scatter(counts, predictions, s=22, color=BLUE, alpha=0.6, linewidths=0, label="picture")
    axes.set(xlim=(lowest, limit), ylim=(lowest, limit), aspect="equal")
    axes.set(xlabel=f"true count [{unit}]", ylabel=f"predicted count [{unit}]")
    mae = np.abs(predictions - counts).mean()
    axes.set_title(f"Predicted against true count, {len(counts)} pictures, MAE {mae:.3g}")
    axes.legend(loc="upper left", frameon=False)
    return save_figure(figure, path)


def draw_patch_counts(
    image: np.ndarray,
    patch_counts: Sequence[float],
    path: Path,
    *,
    caption: str | None = None,
) -> Path:
    """Draw the grid of patches on a picture with the count of each, and the total above.

    Args:
        image: (H, W, 3) uint8 picture.
        patch_counts: (N * N,) predicted counts, row by row.
        path: PNG file to write; its folder is made.
        caption: what stands above, see `reporting.count_captions`; None for the counts' sum.

    Returns:
        `path`.

    Raises:
        ValueError: `patch_counts` is no square number of counts, or N is more than the picture's
            rows or columns.
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> image = np.zeros((48, 64, 3), np.uint8)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_patch_counts(image, [1, 0, 2, 3], Path(folder) / "a.png").name
        'a.png'
    """
    patch_counts = np.asarray(patch_counts, np.float64).ravel()
    num_patches = round(len(patch_counts) ** 0.5)
    if num_patches < 1 or num_patches**2 != len(patch_counts):
        raise ValueError(
            "`patch_counts` must hold N x N counts, row by row. "
            f"Received {len(patch_counts)}; reshape or cut them."
        )
    height, width = image.shape[:2]
    boxes = patch_boxes(height, width, num_patches)
    figure, axes = _picture_axes(image)
    size = min(14, 150 * min(figure.get_size_inches()) / 5 / (2 + num_patches) ** 1.2)
    for (left, top, right, bottom), count in zip(boxes, patch_counts, strict=True):
        for color, line_width in (("black", 2.6), ("white", 1.2)):  # seen on dark and on bright
            axes.add_patch(
                Rectangle(
                    (left, top), right - left, bottom - top, fill=False, ec=color, lw=line_width
                )
            )
        axes.text(
            (left + right) / 2,
            (top + bottom) / 2,
            f"{count:.1f}",
            color="white",
            fontsize=size,
            ha="center",
            va="center",
            bbox={"facecolor": "black", "alpha": 0.6, "linewidth": 0, "boxstyle": "round"},
        )
    axes.set_title(caption or f"Count {patch_counts.sum():.1f}")
    return save_figure(figure, path)


def _picture_axes(image):
    """Return a figure as large as the picture, its axes in the picture's pixels."""
    height, width = image.shape[:2]
    step = -(-max(height, width) // MAX_SIDE)
    scale = 8 / max(height, width)
    figure = new_figure(max(width * scale, 2.5), max(height * scale, 1.5) + 0.4)
    axes = figure.subplots()
    axes.imshow(image[::step, ::step], extent=(0, width, height, 0), interpolation="nearest")
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    return figure, axes


def _check_pairs(counts, predictions):
    counts, predictions = (np.asarray(x, np.float64).ravel() for x in (counts, predictions))
    if len(counts) != len(predictions) or len(counts) == 0:
        raise ValueError(
            "`counts` and `predictions` must hold a number for each picture, and one at least. "
            f"Received {len(counts)} and {len(predictions)}."
        )
    if not (np.isfinite(counts).all() and np.isfinite(predictions).all()):
        raise ValueError(
            "`counts` and `predictions` must be finite. Received NaN or infinity; "
            "train with a smaller learning rate."
        )
    return counts, predictions
