"""The pixels of known objects: label maps out of points, boxes or a mask."""

from __future__ import annotations

import numpy as np

from ops.blobs import find_blobs
from ops.opencv import cv2
from ops.point_maps import check_points

SHAPES = ("disc", "person")
IGNORED = 255  # in an 8-bit mask
# A standing person in radii of the head with its hair: half the width, and how far the feet are
# below its centre.
_HALF_WIDTH, _FEET = 1.5, 7.5
_LEAST_SHARE = 0.1  # of the typical area; smaller pieces of a mask are specks
_SUBPIXEL = 4  # binary digits of the fractions that OpenCV draws with


def regions_from_points(
    points: np.ndarray, radii: np.ndarray, size: tuple[int, int], *, shape: str = "disc"
) -> np.ndarray:
    """Give each dot a disc, or a standing person's outline below its head.

    Where discs overlap a pixel goes to the dot that is nearer, measured in its own radii. People
    are laid over each other in the order of their rows: the lower one stands in front.

    Args:
        points: (N, 2) float (row, column) pixels; N may be 0.
        radii: (N,) pixels, of the discs or of the heads.
        size: (height, width) of the picture, in pixels.
        shape: "disc" or "person": the head and an ellipse down to the feet.

    Returns:
        (H, W) int32, 0 background, i + 1 the pixels of point i; a hidden object has none.

    Raises:
        ValueError: the points are not (N, 2) or not finite, the radii do not fit or are not above
            0, or `shape` is unknown.

    Example:
        >>> regions_from_points([[0.0, 0.0], [0.0, 4.0]], [1.0, 2.0], (1, 6)).tolist()
        [[1, 1, 2, 2, 2, 2]]
    """
    points, radii = check_points(points), np.asarray(radii, np.float64)
    if radii.shape != (len(points),) or not (radii > 0).all():
        raise ValueError(
            f"`radii` must hold a number above 0 for each of the {len(points)} points. Received "
            f"{radii.tolist()}."
        )
    if shape not in SHAPES:
        raise ValueError(f"`shape` must be one of {', '.join(SHAPES)}. Received {shape!r}.")
    if shape == "person":
        return _draw_people(points, radii, size)
    labels, nearest = np.zeros(size, np.int32), np.full(size, np.nextafter(1.0, 2.0))
    for i, (point, radius) in enumerate(zip(points, radii, strict=True), start=1):
        window = _window(point - radius, point + radius, size)
        rows, columns = np.ogrid[window]
        distances = np.hypot(rows - point[0], columns - point[1]) / radius
        closer = distances < nearest[window]
        labels[window][closer], nearest[window][closer] = i, distances[closer]
    return labels


def _draw_people(points, radii, size):
    labels, scale = np.zeros(size, np.int32), 1 << _SUBPIXEL
    for i in np.argsort(points[:, 0], kind="stable"):
        (row, column), radius = points[i], radii[i]
        middle = row + (_FEET - 1) / 2 * radius
        ellipses = (
            (row, radius, radius),
            (middle, _HALF_WIDTH * radius, (_FEET + 1) / 2 * radius),
        )
        for centre, across, down in ellipses:
            place = round(column * scale), round(centre * scale)
            axes = round(across * scale), round(down * scale)
            cv2.ellipse(labels, place, axes, 0, 0, 360, int(i) + 1, -1, shift=_SUBPIXEL)
    return labels


def regions_from_boxes(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Give each object the pixels of its box; one that ends lower stands in front.

    Args:
        boxes: (N, 4) float xyxy pixels, half-open; N may be 0.
        size: (height, width) of the picture, in pixels.

    Returns:
        (H, W) int32, 0 background, i + 1 the pixels of box i; a hidden object has none.

    Raises:
        ValueError: the boxes are not (N, 4) or not finite.

    Example:
        >>> regions_from_boxes([[0, 0, 2, 1], [1, 0, 4, 1]], (1, 5)).tolist()
        [[1, 2, 2, 2, 0]]
    """
    boxes = np.asarray(boxes, np.float64)
    boxes = np.zeros((0, 4)) if boxes.size == 0 else boxes
    if boxes.ndim != 2 or boxes.shape[1] != 4 or not np.isfinite(boxes).all():
        raise ValueError(
            f"`boxes` must be finite (N, 4) xyxy pixels. Received shape {boxes.shape}."
        )
    labels = np.zeros(size, np.int32)
    for i in np.argsort(boxes[:, 3], kind="stable"):
        left, top, right, bottom = boxes[i]
        labels[_window((top, left), (bottom - 1, right - 1), size)] = i + 1
    return labels


def regions_in_mask(mask: np.ndarray) -> np.ndarray:
    """Number the objects of a mask: its values, or the pieces of its only one.

    A mask with several values above 0 has one per object. One with a single value shows foreground
    only: each connected piece is an object then, but for specks below a tenth of the median area.

    Args:
        mask: (H, W) integers, 0 background; 255 beside other values of an 8-bit mask is ignored.

    Returns:
        (H, W) int32, 0 background, 1 to N the objects.

    Example:
        >>> regions_in_mask(np.array([[7, 0, 7]])).tolist(), regions_in_mask([[7, 0, 9]]).tolist()
        ([[1, 0, 2]], [[1, 0, 2]])
    """
    mask = np.asarray(mask)
    values = np.setdiff1d(mask, [0])
    if len(values) > 1:
        values = np.setdiff1d(values, [IGNORED]) if values.max() <= IGNORED else values
    if len(values) > 1:
        return (np.searchsorted(values, mask) + 1).astype(np.int32) * np.isin(mask, values)
    blobs = find_blobs(np.isin(mask, values))
    areas = blobs.areas[1:]
    kept = areas >= (_LEAST_SHARE * np.median(areas) if len(areas) else 0)
    numbers = np.concatenate([[0], np.cumsum(kept) * kept]).astype(np.int32)
    return numbers[blobs.labels]


def _window(first, last, size):
    """Return the slices of the pixels from a first to a last (row, column), in the picture."""
    starts = np.ceil(np.maximum(first, 0)).astype(int)
    stops = np.floor(np.minimum(last, np.array(size) - 1)).astype(int) + 1
    return tuple(slice(a, max(a, b)) for a, b in zip(starts, stops, strict=True))
