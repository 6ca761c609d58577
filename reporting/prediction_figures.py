"""Draws what a point counter found on the picture: a dot on each object, and their number."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reporting.canvas import new_figure, save_figure
from reporting.prediction import Blobs

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


def draw_blobs(preview: Preview, blobs: Blobs, path: Path, *, count: float) -> Path:
    """Draw a dot on each object, coloured by class, and the count above.

    Args:
        preview: of the picture.
        blobs: of the picture.
        path: PNG file to write; its folder is made.
        count: objects; more or fewer than the blobs where the model counts several for each.

    Returns:
        `path`.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> points, ones = np.array([[2.0, 3.0]]), np.ones(1, int)
        >>> blobs = Blobs((9, 9), points, ones, ones, np.array([[3, 2, 4, 3]]), ("cell",))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_blobs(Preview((9, 9)), blobs, Path(folder) / "a.png", count=1).name
        'a.png'
    """
    height, width = preview.size
    scale = 8 / max(height, width)
    figure = new_figure(max(width * scale, 2.5), max(height * scale, 1.5) + 0.4)
    axes = figure.subplots()
    axes.imshow(preview.image, extent=(0, width, height, 0), interpolation="nearest")
    # Dots shrink as they get many; from some 40,000 on they are a pixel each.
    area = float(np.clip(20_000 / max(1, len(blobs.points)), 0.5, 24))
    dots, labels = [], []
    for i, name in enumerate(blobs.class_names):
        rows, columns = blobs.points[blobs.classes == i + 1].T
        colour, edge = CLASS_COLOURS[i % len(CLASS_COLOURS)], min(0.7, area / 20)
        options = {"s": area, "c": colour, "edgecolors": "white", "linewidths": edge}
        dots.append(axes.scatter(columns + 0.5, rows + 0.5, **options))
        labels.append(f"{name}: {len(rows)}")
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    shown = "" if count == len(blobs.points) else f" from {len(blobs.points)} blobs"
    axes.set_title(f"Count {count:.10g}{shown}")
    if len(blobs.class_names) > 1:
        legend = figure.legend(dots, labels, loc="outside lower center", ncols=4, fontsize=8)
        for text in legend.get_texts():
            text.set_parse_math(False)  # a name is no formula, whatever it holds
    return save_figure(figure, path)
