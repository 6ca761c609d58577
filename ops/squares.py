"""A picture in a square: its place there, its mirrored border, and the way back for maps."""

from __future__ import annotations

import numpy as np


def fit_square(
    size: tuple[int, int], square: int
) -> tuple[float, tuple[int, int], tuple[int, int]]:
    """Say how a picture fits in the middle of a square, its longer side the square's, shape kept.

    Args:
        size: (height, width) of the picture, pixels.
        square: side of the square, S, pixels.

    Returns:
        (factor of both sides, (top, left) of the picture in the square, its (height, width) there,
        rounded, at least one pixel).

    Raises:
        ValueError: a side is below 1.

    Example:
        >>> fit_square((50, 100), 33)
        (0.33, (8, 0), (16, 33))

    References:
        Oh et al., Exploiting Saliency for Object Segmentation from Image Level Labels, CVPR 2017,
        arXiv 1701.08261; its program takes S = 321.
    """
    if min(*size, square) < 1:
        raise ValueError(
            f"`size` and `square` must be at least one pixel. Received {tuple(size)} and {square}."
        )
    scale = square / max(size)
    height, width = (min(square, max(1, round(side * scale))) for side in size)
    return scale, ((square - height) // 2, (square - width) // 2), (height, width)


def pad_square(pixels: np.ndarray, square: int) -> np.ndarray:
    """Lay a picture in the middle of a square and mirror it beyond its border.

    Mirrored about the outermost pixels, which are not repeated (reflect-101), as often as needed.

    Args:
        pixels: (h, w) or (h, w, C), no side longer than `square`.
        square: side of the square, S, pixels.

    Returns:
        (S, S) or (S, S, C) of the same type.

    Raises:
        ValueError: a side is longer than `square`, or empty.

    Example:
        >>> pad_square(np.array([[1, 2, 3, 4]]).T, 4)[0].tolist()
        [1, 1, 1, 1]
        >>> pad_square(np.array([[1, 2], [3, 4]]), 5)[1].tolist()
        [2, 1, 2, 1, 2]
    """
    if not 1 <= min(pixels.shape[:2]) <= max(pixels.shape[:2]) <= square:
        raise ValueError(
            f"`pixels` must have sides of 1 to {square} pixels. Received shape {pixels.shape}."
        )
    before = [(square - side) // 2 for side in pixels.shape[:2]]
    pads = [(b, square - side - b) for b, side in zip(before, pixels.shape[:2], strict=True)]
    return np.pad(pixels, [*pads, *[(0, 0)] * (pixels.ndim - 2)], mode="reflect")


def unfit_square(maps: np.ndarray, size: tuple[int, int], square: int) -> np.ndarray:
    """Bring maps of a square back to the picture that was fitted into it.

    The maps' cells lie at the pixels 0, (S - 1) / (h - 1), .., S - 1 of the square (corners
    aligned), where convolutions of stride s have them for S = s k + 1. Each pixel of the picture
    takes its value at its own place in the square, bilinearly, in one step.

    Args:
        maps: (h, w, C) or (h, w) numbers over the whole square.
        size: (H, W) of the picture, pixels.
        square: side of the square, S, pixels.

    Returns:
        (H, W, C) or (H, W) float32.

    Raises:
        ValueError: `maps` are empty or have other axes.

    Example:
        >>> unfit_square(np.array([[0.0, 1.0], [0.0, 1.0]]), (1, 3), 3).tolist()
        [[0.0, 0.5, 1.0]]

    References:
        coallaoh/GuidedLabelling, seed test: enlarges to the square, crops, enlarges again, corners
        aligned in both; here pixels keep their centres between square and picture.
    """
    if maps.ndim not in (2, 3) or 0 in maps.shape[:2]:
        raise ValueError(f"`maps` must be (h, w, C) or (h, w). Received shape {maps.shape}.")
    _, corner, inside = fit_square(size, square)
    rows, columns = (
        _weigh(size[axis], inside[axis], corner[axis], square, maps.shape[axis]) for axis in (0, 1)
    )
    spread = np.tensordot(rows, maps.astype(np.float32), axes=(1, 0))  # (H, w, C)
    spread = np.moveaxis(np.tensordot(columns, spread, axes=(1, 1)), 0, 1)  # (H, W, C)
    return np.ascontiguousarray(spread)


def _weigh(length: int, inside: int, start: int, square: int, cells: int) -> np.ndarray:
    """Return (length, cells) float32: the weights of the cells in each pixel along an axis."""
    places = (np.arange(length) + 0.5) * inside / length - 0.5
    # Pixels at the border would lie up to half a pixel outside where the picture is larger.
    places = start + places.clip(0, inside - 1)
    places = places * (cells - 1) / max(square - 1, 1)
    lower = np.clip(np.floor(places), 0, max(cells - 2, 0)).astype(int)
    share = (places - lower).clip(0, 1).astype(np.float32)
    weights = np.zeros((length, cells), np.float32)
    pixels = np.arange(length)
    weights[pixels, lower] = 1 - share
    weights[pixels, np.minimum(lower + 1, cells - 1)] += share
    return weights
