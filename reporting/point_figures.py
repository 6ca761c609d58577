"""Draws what a point counter sees: true points, blobs and the map of its probabilities."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.colors import hsv_to_rgb

from ops.class_blobs import class_points
from reporting.canvas import ORANGE, new_figure, save_figure

MAX_SIDE = 900  # pixels of a picture that a panel shows
_BLOB_OPACITY = 0.55
_GOLDEN_TURN = 0.6180339887  # hues of blobs that follow each other lie far apart


def draw_points(
    image: np.ndarray,
    points: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    path: Path,
    *,
    title: str = "",
) -> Path:
    """Draw a picture three times: with its true points, with its blobs, as a heat map.

    Args:
        image: (H, W, 3) uint8 picture.
        points: (N, 2) true (row, column) pixels.
        labels: (H, W, K) integers, the blobs of each class, 0 background.
        probabilities: (H, W, K), of each class; the heat map shows the largest.
        path: PNG file to write; its folder is made.
        title: stands above.

    Returns:
        `path`.

    Raises:
        ValueError: the maps are of another size than the picture.
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> image, maps = np.zeros((8, 6, 3), np.uint8), np.zeros((8, 6, 1))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_points(image, np.ones((1, 2)), maps, maps, Path(folder) / "a.png").name
        'a.png'
    """
    height, width = image.shape[:2]
    if labels.shape[:2] != (height, width) or probabilities.shape[:2] != (height, width):
        raise ValueError(
            f"`labels` and `probabilities` must be ({height}, {width}, K), as the picture. "
            f"Received shapes {labels.shape} and {probabilities.shape}."
        )
    found, _ = class_points(labels)
    step = -(-max(height, width) // MAX_SIDE)
    figure = new_figure(12, max(2.0, 4 * height / width) + 0.6)
    left, middle, right = figure.subplots(1, 3)
    panels = (
        (left, image[::step, ::step], f"{len(points)} true"),
        (
            middle,
            colour_blobs(image[::step, ::step], labels[::step, ::step]),
            f"{len(found)} found",
        ),
    )
    for axes, picture, text in panels:
        axes.imshow(picture, extent=(0, width, height, 0), interpolation="nearest")
        axes.set_title(text)
    heat = probabilities[::step, ::step].max(axis=-1)
    extent = (0, width, height, 0)
    shown = right.imshow(heat, extent=extent, cmap="magma", vmin=0, vmax=1)
    figure.colorbar(shown, ax=right, fraction=0.046, label="probability")
    right.set_title("heat map")
    size = float(np.clip(900 / np.sqrt(max(len(points), len(found), 1)) / 20, 3, 40))
    for axes, marked in ((left, np.asarray(points).reshape(-1, 2)), (middle, found)):
        axes.scatter(
            marked[:, 1] + 0.5, marked[:, 0] + 0.5, s=size, color=ORANGE, ec="white", lw=0.5
        )
    for axes in (left, middle, right):
        axes.set(xlim=(0, width), ylim=(height, 0))
        axes.set_axis_off()
    figure.suptitle(title, fontsize=10)
    return save_figure(figure, path)


def colour_blobs(image: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Tint every blob of a picture in a colour of its own.

    Args:
        image: (H, W, 3) uint8 picture.
        labels: (H, W, K) integers, 0 background.

    Returns:
        (H, W, 3) uint8.

    Example:
        >>> colour_blobs(np.zeros((1, 2, 3), np.uint8), np.array([[[0], [1]]]))[0, 0].tolist()
        [0, 0, 0]
    """
    offsets = np.concatenate([[0], np.cumsum(labels.max(axis=(0, 1), initial=0))[:-1]])
    numbers = np.where(labels > 0, labels + offsets, 0).max(axis=-1)  # (H, W)
    hues = np.arange(numbers.max(initial=0) + 1) * _GOLDEN_TURN % 1
    colours = hsv_to_rgb(np.stack([hues, np.full_like(hues, 0.9), np.ones_like(hues)], axis=-1))
    tinted = (1 - _BLOB_OPACITY) * image + _BLOB_OPACITY * 255 * colours[numbers]
    return np.where(numbers[..., np.newaxis] > 0, tinted, image).astype(np.uint8)
