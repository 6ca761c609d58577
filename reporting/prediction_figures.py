"""Draws what was found on the picture: a dot on each object and their number, or its box."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from reporting.canvas import new_figure, save_figure
from reporting.prediction import Blobs, Boxes

MAX_SIDE = 1280  # pixels of a picture that a figure shows
# Okabe and Ito's colours that are seen on dark and on bright, the first ones farthest apart.
CLASS_COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7")


class Preview:
    """A picture that comes in parts, of which every n-th pixel is kept, to draw on.

    Args:
        size: (height, width) of the picture, pixels.

    Attributes:
        size: as given.
        image: (h, w, 3) uint8, sides of at most 1,280 pixels; black where no part came yet.

    Example:
        >>> preview = Preview((2, 2000))
        >>> preview.add(np.full((2, 5, 3), 9, np.uint8), 0, 1995)
        >>> preview.image.shape, preview.image[0, -3:, 0].tolist()
        ((1, 1000, 3), [0, 9, 9])
    """

    def __init__(self, size: tuple[int, int]):
        self.size = tuple(size)
        self._step = -(-max(size) // MAX_SIDE)
        self.image = np.zeros((*(-(-side // self._step) for side in size), 3), np.uint8)

    def add(self, image: np.ndarray, top: int, left: int) -> None:
        """Keep every n-th pixel of a part.

        Args:
            image: (h, w, 3) uint8.
            top: row of its first pixel in the picture.
            left: column of its first pixel in the picture.

        Example:
            >>> # see the class
        """
        kept = image[-top % self._step :: self._step, -left % self._step :: self._step]
        top, left = -(-top // self._step), -(-left // self._step)
        self.image[top : top + kept.shape[0], left : left + kept.shape[1]] = kept


def draw_blobs(preview: Preview, blobs: Blobs, path: Path) -> Path:
    """Draw a dot on each blob, coloured by class, and the count above.

    Where a blob stands for another number of objects than one, the caption says both.

    Args:
        preview: of the picture.
        blobs: of the picture.
        path: PNG file to write; its folder is made.

    Returns:
        `path`.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> points, ones = np.array([[2.0, 3.0]]), np.ones(1, int)
        >>> blobs = Blobs((9, 9), points, ones, ones, np.array([[3, 2, 4, 3]]), ("cell",))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_blobs(Preview((9, 9)), blobs, Path(folder) / "a.png").name
        'a.png'
    """
    figure, axes = show_picture(preview)
    # Dots shrink as they get many; from some 40,000 on they are a pixel each.
    area = float(np.clip(20_000 / max(1, len(blobs.points)), 0.5, 24))
    dots, labels = [], []
    count, class_counts = blobs.count_objects()
    for i, name in enumerate(blobs.class_names):
        rows, columns = blobs.points[blobs.classes == i + 1].T
        colour, edge = CLASS_COLOURS[i % len(CLASS_COLOURS)], min(0.7, area / 20)
        options = {"s": area, "c": colour, "edgecolors": "white", "linewidths": edge}
        dots.append(axes.scatter(columns + 0.5, rows + 0.5, **options))
        labels.append(f"{name}: {_to_text(class_counts[i])}")
    axes.set_title(_caption(count, blobs))
    if len(blobs.class_names) > 1:
        legend = figure.legend(dots, labels, loc="outside lower center", ncols=4, fontsize=8)
        for text in legend.get_texts():
            text.set_parse_math(False)  # a name is no formula, whatever it holds
    return save_figure(figure, path)


def draw_boxes(image: np.ndarray, boxes: Boxes, path: Path) -> Path:
    """Draw each box, coloured by class, with the classes and scores above.

    Args:
        image: (H, W, 3) uint8.
        boxes: of the picture.
        path: PNG file to write; its folder is made.

    Returns:
        `path`.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> image, one = np.zeros((9, 9, 3), np.uint8), np.ones(1)
        >>> boxes = Boxes((9, 9), np.array([[1, 2, 5, 6]]), one, one.astype(int), ("cat",))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_boxes(image, boxes, Path(folder) / "a.png").name
        'a.png'
    """
    preview = Preview(image.shape[:2])
    preview.add(image, 0, 0)
    figure, axes = show_picture(preview)
    titles = []
    for (x0, y0, x1, y1), score, number in zip(*boxes[1:4], strict=True):
        colour = CLASS_COLOURS[(number - 1) % len(CLASS_COLOURS)]
        # White below the colour: seen on dark and on bright.
        for line, width in (("white", 4), (colour, 2)):
            options = {"fill": False, "edgecolor": line, "linewidth": width}
            axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, **options))
        titles.append(f"{boxes.class_names[number - 1]} {score:.2f}")
    axes.set_title(", ".join(titles), parse_math=False)  # a name is no formula
    return save_figure(figure, path)


def show_picture(preview: Preview) -> tuple[Figure, Axes]:
    """Show a picture, in its own pixels, for something to be drawn on it.

    Args:
        preview: of the picture.

    Returns:
        A figure and its axes.

    Example:
        >>> show_picture(Preview((4, 6)))[1].get_xlim()
        (np.float64(0.0), np.float64(6.0))
    """
    height, width = preview.size
    scale = 8 / max(height, width)
    figure = new_figure(max(width * scale, 2.5), max(height * scale, 1.5) + 0.4)
    axes = figure.subplots()
    axes.imshow(preview.image, extent=(0, width, height, 0), interpolation="nearest")
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    return figure, axes


def _caption(count, blobs):
    if blobs.objects_per_blob == 1:
        return f"Count {_to_text(count)}"
    each = _to_text(blobs.objects_per_blob, 2)
    return f"Count {_to_text(count)}: {len(blobs.points)} blobs of {each} objects"


def _to_text(number, decimals=1):
    """Write a number without decimals where it has none."""
    return f"{float(number):.{decimals}f}".rstrip("0").rstrip(".")
