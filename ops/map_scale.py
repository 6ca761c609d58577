"""From a map to the picture, where the map's sides are longer: points, boxes, labels."""

from __future__ import annotations

import numpy as np

from ops.tiles import Box


def points_to_picture(points: np.ndarray, scale: float) -> np.ndarray:
    """Turn pixels of a map to pixels of its picture.

    The middle of the map's pixel is kept, counted from the middle of the picture's first pixel:
    (p + 1/2) / s - 1/2, at least 0.

    Args:
        points: (N, 2) pixels of the map.
        scale: pixels of the map per pixel of the picture, along an axis.

    Returns:
        (N, 2) float64 pixels of the picture.

    Example:
        >>> points_to_picture(np.array([[0, 7]]), 3.0).tolist()
        [[0.0, 2.0]]
    """
    return np.maximum((points + 0.5) / scale - 0.5, 0.0)


def boxes_to_picture(boxes: np.ndarray, scale: float, size: tuple[int, int]) -> np.ndarray:
    """Turn boxes of a map to boxes of its picture.

    Args:
        boxes: (N, 4) xyxy in pixels of the map, half-open.
        scale: pixels of the map per pixel of the picture, along an axis.
        size: (height, width) of the picture; no box leaves it where the map's size was rounded up.

    Returns:
        (N, 4) xyxy in pixels of the picture, half-open: float64, or as given at a scale of 1.

    Example:
        >>> boxes_to_picture(np.array([[3, 0, 9, 5]]), 2.0, (2, 9)).tolist()
        [[1.5, 0.0, 4.5, 2.0]]
    """
    if scale == 1:
        return boxes
    return np.minimum(boxes / scale, [size[1], size[0], size[1], size[0]])


def pick_labels(labels: np.ndarray, box: Box, place: Box, scale: float) -> np.ndarray:
    """Give each pixel of a part of the picture the label of its nearest pixel on the map.

    Row r takes row floor((r + 1/2) s), columns alike. A label thinner than a pixel of the picture
    may vanish.

    Args:
        labels: the part's labels on the map, of the size of `place`.
        box: the part in the picture.
        place: the part in the map, see `ops.tiles.scale_box`.
        scale: pixels of the map per pixel of the picture, along an axis, at least 1.

    Returns:
        Labels of the size of `box`.

    Example:
        >>> labels = np.array([[1, 2, 3, 4, 5, 6]] * 3)
        >>> pick_labels(labels, Box(0, 4, 1, 6), Box(0, 12, 3, 18), 3.0).tolist()
        [[2, 5]]
    """
    if scale == 1:
        return labels
    rows, columns = (
        np.floor((np.arange(start, stop) + 0.5) * scale).astype(np.int64) - first
        for start, stop, first in (
            (box.top, box.bottom, place.top),
            (box.left, box.right, place.left),
        )
    )
    return labels[rows[:, np.newaxis], columns]
