"""The features in which dense CRFs compare the pixels of a picture: place and colour."""

from __future__ import annotations

import numpy as np


def position_features(size: tuple[int, int], deviation: float) -> np.ndarray:
    """Return the places of a picture's pixels, for a Gaussian over distance alone.

    Args:
        size: (height, width) in pixels.
        deviation: of the Gaussian, in pixels, above 0.

    Returns:
        (H * W, 2) float32 (column, row) / deviation, row by row.

    Raises:
        ValueError: `deviation` is not above 0.

    Example:
        >>> position_features((1, 3), 2.0)
        array([[0. , 0. ],
               [0.5, 0. ],
               [1. , 0. ]], dtype=float32)
    """
    _check_deviation(deviation)
    rows, columns = np.indices(size, np.float32)
    return np.stack([columns.ravel(), rows.ravel()], axis=1) / np.float32(deviation)


def colour_features(image: np.ndarray, deviation: float) -> np.ndarray:
    """Return the colours of a picture's pixels, for a Gaussian over colour alone.

    Args:
        image: (H, W, 3) uint8 or float in 0..255; several pictures may lie side by side.
        deviation: of the Gaussian, in grey levels, above 0.

    Returns:
        (H * W, 3) float32 RGB / deviation, row by row.

    Raises:
        ValueError: `image` is not (H, W, 3), or `deviation` is not above 0.

    Example:
        >>> colour_features(np.full((1, 1, 3), 30, np.uint8), 5.0)
        array([[6., 6., 6.]], dtype=float32)
    """
    _check_deviation(deviation)
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"`image` must be (H, W, 3). Received shape {image.shape}.")
    return image.reshape(-1, 3).astype(np.float32) / np.float32(deviation)


def bilateral_features(image: np.ndarray, *, position: float, colour: float) -> np.ndarray:
    """Return places and colours of a picture's pixels, for a Gaussian over both.

    Args:
        image: (H, W, 3) uint8 or float in 0..255.
        position: deviation in place, in pixels, above 0.
        colour: deviation in colour, in grey levels, above 0.

    Returns:
        (H * W, 5) float32: column, row, red, green, blue, each over its deviation.

    Raises:
        ValueError: `image` is not (H, W, 3), or a deviation is not above 0.

    Example:
        >>> image = np.full((1, 2, 3), 30, np.uint8)
        >>> bilateral_features(image, position=4.0, colour=5.0)[1]
        array([0.25, 0.  , 6.  , 6.  , 6.  ], dtype=float32)
    """
    colours = colour_features(image, colour)
    return np.hstack([position_features(np.shape(image)[:2], position), colours])


def _check_deviation(deviation):
    if not deviation > 0:
        raise ValueError(f"A Gaussian's deviation must be above 0. Received {deviation}.")
