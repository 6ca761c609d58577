"""Reduces drawn shapes to the one point that stands for an object."""

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
