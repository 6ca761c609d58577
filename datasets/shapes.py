"""Reduces drawn shapes to the one point that stands for an object, or to the box around it."""

from __future__ import annotations

import numpy as np


def box_centre(corners: np.ndarray) -> np.ndarray:
    """Find the middle of the upright box around some corners.

    Args:
        corners: (M, 2) float, M at least 1, in pixels; either order of the two axes.

    Returns:
        (2,) float64, axes in the order of `corners`.

    Example:
        >>> box_centre(np.array([[6.0, 1.0], [2.0, 5.0]])).tolist()
        [4.0, 3.0]
    """
    return (corners.min(axis=0) + corners.max(axis=0)) / 2


def polygon_centre(corners: np.ndarray) -> np.ndarray:
    """Find the centre of mass of a polygon's area.

    With cross products w_i = a_i b_{i+1} - a_{i+1} b_i it is sum w_i (p_i + p_{i+1}) / (3 sum w).
    A polygon without area, as a line is, gives the mean of its corners.

    Args:
        corners: (M, 2) float, M at least 1, in pixels; either order of the two axes.

    Returns:
        (2,) float64, axes in the order of `corners`. It may lie outside a concave shape.

    Example:
        >>> polygon_centre(np.array([[0.0, 0.0], [0.0, 3.0], [6.0, 0.0]])).tolist()
        [2.0, 1.0]
    """
    middle = corners.mean(axis=0)
    start = corners - middle  # near 0, so that far away pixels do not cost digits
    end = np.roll(start, -1, axis=0)
    crosses = start[:, 0] * end[:, 1] - end[:, 0] * start[:, 1]  # (M,)
    area = crosses.sum()
    if abs(area) <= 1e-9 * np.abs(crosses).sum() or area == 0:
        return middle
    centre = middle + (crosses[:, None] * (start + end)).sum(axis=0) / (3 * area)
    inside_box = ((corners.min(axis=0) <= centre) & (centre <= corners.max(axis=0))).all()
    return centre if inside_box else middle  # a polygon that crosses itself may have none


def enclosing_box(corners: np.ndarray) -> np.ndarray:
    """Find the upright box around some corners.

    Args:
        corners: (M, 2) float x, y, M at least 1, in pixels.

    Returns:
        (4,) float64 xyxy, in pixels.

    Example:
        >>> enclosing_box(np.array([[6.0, 1.0], [2.0, 5.0]])).tolist()
        [2.0, 1.0, 6.0, 5.0]
    """
    return np.concatenate([corners.min(axis=0), corners.max(axis=0)])


def ellipse_box(centre: np.ndarray, radii: np.ndarray, angle: float) -> np.ndarray:
    """Find the upright box around a turned ellipse.

    With radii (a, b), it reaches sqrt(a^2 cos^2 + b^2 sin^2) to either side of its centre, and
    sqrt(a^2 sin^2 + b^2 cos^2) up and down.

    Args:
        centre: (2,) float x, y, in pixels.
        radii: (2,) float, along x and y before turning, in pixels.
        angle: by how much it is turned about its centre, radians.

    Returns:
        (4,) float64 xyxy, in pixels.

    Example:
        >>> ellipse_box(np.array([5.0, 5.0]), np.array([3.0, 1.0]), np.pi / 2).round(6).tolist()
        [4.0, 2.0, 6.0, 8.0]
    """
    cosine, sine = np.cos(angle), np.sin(angle)
    reach = np.hypot(radii * cosine, radii[::-1] * sine)  # (2,)
    return np.concatenate([centre - reach, centre + reach])


def turn_corners(corners: np.ndarray, centre: np.ndarray, angle: float) -> np.ndarray:
    """Turn corners about a centre, clockwise as the picture is seen.

    Args:
        corners: (M, 2) float x, y, in pixels.
        centre: (2,) float x, y, in pixels.
        angle: radians.

    Returns:
        (M, 2) float64 x, y, in pixels.

    Example:
        >>> turn_corners(np.array([[2.0, 0.0]]), np.zeros(2), np.pi / 2).round(6).tolist()
        [[0.0, 2.0]]
    """
    cosine, sine = np.cos(angle), np.sin(angle)
    return centre + (corners - centre) @ np.array([[cosine, sine], [-sine, cosine]])
