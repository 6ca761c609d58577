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
        labels: (h, w, K) integers, the blobs of each class, 0 background, at any scale.
        probabilities: (h, w, K), of each class; the heat map shows the largest.
        path: PNG file to write; its folder is made.
        title: stands above.

    Returns:
        `path`.

    Raises:
        ValueError: the maps are of unequal size.
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> image, blobs = np.zeros((8, 6, 3), np.uint8), np.zeros((8, 6, 1), int)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_points(image, np.ones((1, 2)), blobs, 0.1 + blobs, Path(folder) / "a.png").name
        'a.png'
    """
    if labels.shape != probabilities.shape:
        raise ValueError(
            "`labels` and `probabilities` must be (h, w, K) of one shape. "
            f"Received shapes {labels.shape} and {probabilities.shape}."
        )
    height, width = image.shape[:2]
    points, (found, _) = np.asarray(points).reshape(-1, 2), class_points(labels)
    found = (found + 0.5) * np.divide((height, width), labels.shape[:2]) - 0.5
    figure = new_figure(12, float(np.clip(4 * height / width, 2, 12)) + 0.6)
    left, middle, right = figure.subplots(1, 3)
    shown = _shrink(image)
    rows, columns = (
        (np.arange(length) * wanted / length).astype(int)
        for length, wanted in zip(shown.shape[:2], labels.shape[:2], strict=True)
    )
    blobs = colour_blobs(shown, labels[np.ix_(rows, columns)])
    extent = (0, width, height, 0)
    for axes, picture, marked, text in (
        (left, shown, points, "true"),
        (middle, blobs, found, "found"),
    ):
        axes.imshow(picture, extent=extent, interpolation="nearest")
        axes.set_title(f"{len(marked)} {text}")
        size = float(np.clip(45 / np.sqrt(max(len(marked), 1)), 3, 40))
        axes.scatter(
            marked[:, 1] + 0.5, marked[:, 0] + 0.5, s=size, color=ORANGE, ec="white", lw=0.5
        )
    heat = right.imshow(
        _shrink(probabilities.max(axis=-1)), extent=extent, cmap="magma", vmin=0, vmax=1
    )
    figure.colorbar(heat, ax=right, fraction=0.046, label="probability")
    right.set_title("heat map")
    for axes in (left, middle, right):
        axes.set(xlim=(0, width), ylim=(height, 0))
        axes.set_axis_off()
    figure.suptitle(title, fontsize=10).set_parse_math(False)  # a file name may hold two $
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


def _shrink(picture):
    """Return every n-th row and column, so that no side exceeds `MAX_SIDE`."""
    step = -(-max(picture.shape[:2]) // MAX_SIDE)
    return picture[::step, ::step]
