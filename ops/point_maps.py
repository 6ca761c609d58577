"""Point lists as maps: how many points lie in each pixel, for each class."""

from __future__ import annotations

from typing import Literal

import numpy as np

OUTSIDE_REGION = -1


def rasterise_points(
    points: np.ndarray,
    size: tuple[int, int],
    *,
    classes: np.ndarray | None = None,
    num_classes: int = 1,
    where: np.ndarray | None = None,
    outside: Literal["raise", "drop"] = "raise",
) -> np.ndarray:
    """Count the points in every pixel: the labels that `losses.lcfcn.LCFCN` takes.

    A pixel holds the points from its own row and column up to the next ones: (2.9, 0) lies in
    row 2. Points in the same pixel add up.

    Args:
        points: (N, 2) float (row, column) pixels; N may be 0.
        size: (height, width) of the picture, in pixels.
        classes: (N,) integers from 1 to `num_classes`, or None for class 1 throughout.
        num_classes: number of classes, K.
        where: (H, W) bool, the region that counts; None for the whole picture.
        outside: whether a point outside the picture or the region is an error or is dropped.

    Returns:
        (H, W, K) float32 points per pixel and class, -1 outside the region.

    Raises:
        ValueError: `points` is not (N, 2) or not finite; a point is outside and `outside` is
            "raise"; `classes` does not fit; `where` is of another size; unknown `outside`.

    Example:
        >>> rasterise_points(np.array([[0.0, 1.5], [0.2, 1.0]]), (1, 3))[..., 0].tolist()
        [[0.0, 2.0, 0.0]]
    """
    points = check_points(points)
    classes = _check_classes(classes, len(points), num_classes)
    where = np.ones(size, bool) if where is None else np.asarray(where, bool)
    if where.shape != tuple(size):
        raise ValueError(f"`where` must be {tuple(size)} (H, W). Received shape {where.shape}.")
    if outside not in ("raise", "drop"):
        raise ValueError(f'`outside` must be "raise" or "drop". Received {outside!r}.')
    pixels = np.floor(points).astype(np.int64)
    inside = ((pixels >= 0) & (pixels < size)).all(axis=1)
    inside[inside] = where[tuple(pixels[inside].T)]
    if outside == "raise" and not inside.all():
        first = np.flatnonzero(~inside)[0]
        raise ValueError(
            f"`points` must lie inside the picture of {size[0]} x {size[1]} pixels and its region. "
            f"Received {points[first].tolist()} (row, column) at index {first} and "
            f'{np.count_nonzero(~inside) - 1} more outside; use `outside` "drop" to leave them out.'
        )
    maps = np.zeros((*size, num_classes), np.float32)
    np.add.at(maps, (*pixels[inside].T, classes[inside] - 1), 1)
    maps[~where] = OUTSIDE_REGION
    return maps


def check_points(points: np.ndarray) -> np.ndarray:
    """Return points as float64, or refuse them.

    Args:
        points: (N, 2) numbers; N may be 0.

    Returns:
        (N, 2) float64.

    Raises:
        ValueError: another shape, or not finite.

    Example:
        >>> check_points([]).shape
        (0, 2)
    """
    points = np.asarray(points, np.float64)
    if points.size == 0:
        return np.zeros((0, 2))
    if points.ndim != 2 or points.shape[1] != 2:
        cure = "; transpose it" if points.ndim == 2 and points.shape[0] == 2 else ""
        raise ValueError(
            f"`points` must be (N, 2) in (row, column) pixels. Received shape {points.shape}{cure}."
        )
    if not np.isfinite(points).all():
        raise ValueError("`points` must be finite numbers. Received NaN or infinity.")
    return points


def _check_classes(classes, num_points, num_classes):
    if classes is None:
        return np.ones(num_points, np.int64)
    classes = np.asarray(classes, np.int64)
    if classes.shape != (num_points,):
        raise ValueError(
            f"`classes` must hold one id for each of the {num_points} points. "
            f"Received shape {classes.shape}."
        )
    if num_points and not (1 <= classes.min() and classes.max() <= num_classes):
        wrong = classes[(classes < 1) | (classes > num_classes)][0]
        raise ValueError(
            f"`classes` must be ids from 1 to `num_classes` {num_classes}. Received {wrong}."
        )
    return classes
