"""Where a drawn scene's camera stands, and where on its ground things stand."""

from __future__ import annotations

import numpy as np

_SMALLEST = 0.1  # height of the farthest people, share of the picture's height


def sample_camera(rng: np.random.Generator, size: tuple[int, int]) -> tuple[float, float]:
    """Draw a camera: one in five stands little above eye level, the others high.

    Args:
        rng: the scene's generator.
        size: (height, width), pixels.

    Returns:
        (row of the horizon, height of an adult per row below it), pixels; a horizon above the
        picture is negative.

    Example:
        >>> horizon, slope = sample_camera(np.random.default_rng(0), (192, 256))
        >>> horizon < 192 and slope > 0
        True
    """
    height = size[0]
    if rng.random() < 0.2:
        horizon, nearest = rng.uniform(-0.4, 0.0) * height, rng.uniform(0.22, 0.3) * height
    else:
        horizon, nearest = rng.uniform(-1.6, -0.4) * height, rng.uniform(0.19, 0.25) * height
    return float(horizon), float(nearest / (height - horizon))


def sample_places(
    rng: np.random.Generator,
    size: tuple[int, int],
    camera: tuple[float, float],
    num: int,
    *,
    grouped: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw feet: spread over the ground, or a share of them drawn towards a few groups.

    Args:
        rng: the scene's generator.
        size: (height, width), pixels.
        camera: from `sample_camera`.
        num: number of places.
        grouped: share that joins one of four groups.

    Returns:
        (rows, columns), each (num,) float64 pixels; feet may lie below the picture's edge.

    Example:
        >>> camera = (0.0, 0.25)
        >>> rows, _ = sample_places(np.random.default_rng(0), (192, 256), camera, 3, grouped=0.5)
        >>> rows.shape
        (3,)
    """
    (height, width), (horizon, slope) = size, camera
    nearest = slope * (height - horizon)
    first = max(horizon + _SMALLEST * height / slope, 0.03 * height)
    last = height + 0.6 * nearest
    rows, cols = rng.uniform(first, last, num), rng.uniform(0, width, num)
    group_rows, group_cols = rng.uniform(first, height, 4), rng.uniform(0, width, 4)
    group = rng.integers(0, 4, num)
    spread = rng.uniform(0.4, 1.6) * slope * (group_rows - horizon)
    joins = rng.random(num) < grouped
    offsets = rng.normal(0, 1, (2, num)) * spread[group]
    rows = np.where(joins, group_rows[group] + 0.4 * offsets[0], rows)
    cols = np.where(joins, group_cols[group] + offsets[1], cols)
    return np.clip(rows, first, last), cols
