"""Boxes of a network's maps, outside a graph: any number per mask or grid. NumPy only."""

from __future__ import annotations

import numpy as np

from ops.blobs import check_map, find_blobs
from ops.box_forms import box_areas, cxcywh_to_xyxy, xywh_to_xyxy
from ops.box_overlaps import suppress_overlaps
from ops.opencv import cv2


def boxes_from_mask(mask: np.ndarray) -> np.ndarray:
    """Return the box of the largest connected area of a mask.

    Args:
        mask: (H, W) bool.

    Returns:
        (1, 4) float64 xyxy in the mask's pixels, half-open, of the 8-connected area with the most
        pixels; (0, 4) where the mask is empty.

    Raises:
        ValueError: `mask` is no map.

    Example:
        >>> boxes_from_mask([[True, False, True], [False, False, True]]).tolist()
        [[2.0, 0.0, 3.0, 2.0]]
    """
    mask = np.asarray(mask, bool)
    check_map("mask", mask)
    blobs = find_blobs(mask)
    areas = blobs.areas[1:]
    if not len(areas):
        return np.zeros((0, 4))
    return blobs.boxes[1:][[np.argmax(areas)]].astype(np.float64)


def boxes_from_contours(mask: np.ndarray, *, tolerance: float = 0.02) -> np.ndarray:
    """Return a box per connected area of a mask, around its simplified outline.

    The outline becomes a polygon that leaves it by at most `tolerance` times its perimeter, and
    the box is that of the polygon: thin spurs are cut off.

    Args:
        mask: (H, W) bool.
        tolerance: share of the perimeter, at least 0; 0 keeps the outline.

    Returns:
        (N, 4) float64 xyxy in the mask's pixels, half-open, largest area first.

    Raises:
        ValueError: `mask` is no map, or `tolerance` is negative.

    Example:
        >>> boxes_from_contours([[True, False, True], [False, False, True]]).tolist()
        [[2.0, 0.0, 3.0, 2.0], [0.0, 0.0, 1.0, 1.0]]

    References:
        lars76/object-localization, variant 3, with OpenCV's `findContours`, `approxPolyDP` and
        `boundingRect`. Upstream also draws a box around every hole; here a hole has none.
    """
    mask = np.ascontiguousarray(mask, bool)
    check_map("mask", mask)
    if not tolerance >= 0:
        raise ValueError(f"`tolerance` must be at least 0. Received {tolerance}.")
    found, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    polygons = [
        cv2.approxPolyDP(each, tolerance * cv2.arcLength(each, True), True) for each in found
    ]
    boxes = np.array([cv2.boundingRect(each) for each in polygons], np.float64).reshape(-1, 4)
    boxes = xywh_to_xyxy(boxes)
    return boxes[np.lexsort((boxes[:, 0], boxes[:, 1], -box_areas(boxes)))]


def find_grid_boxes(
    grid: np.ndarray, *, score_threshold: float = 0.2, iou_threshold: float = 0.5
) -> tuple[np.ndarray, np.ndarray]:
    """List every box of one grid that is sure enough and overlaps no better one.

    Args:
        grid: (h, w, 5) height, width, offset y, offset x, objectness, all in [0, 1].
        score_threshold: a box's objectness is at least this.
        iou_threshold: of two boxes that overlap by more than this the better one stays.

    Returns:
        (N, 4) xyxy in fractions of the picture, not clipped, and (N,) objectness, best first.

    Raises:
        ValueError: `grid` is not (h, w, 5).

    Example:
        >>> boxes, scores = find_grid_boxes(np.array([[[0.5, 0.25, 0.5, 0.5, 0.9]]]))
        >>> boxes.tolist(), scores.tolist()
        ([[0.375, 0.25, 0.625, 0.75]], [0.9])

    References:
        lars76/object-localization, variant 4, at inference.
    """
    grid = np.asarray(grid, np.float64)
    if grid.ndim != 3 or grid.shape[2] != 5:
        raise ValueError(f"`grid` must be (h, w, 5), one picture's. Received shape {grid.shape}.")
    rows, columns = np.indices(grid.shape[:2])
    y = (rows + grid[..., 2]) / grid.shape[0]
    x = (columns + grid[..., 3]) / grid.shape[1]
    boxes = cxcywh_to_xyxy(np.stack([x, y, grid[..., 1], grid[..., 0]], axis=-1))
    sure = grid[..., 4] >= score_threshold
    boxes, scores = boxes[sure], grid[..., 4][sure]
    kept = suppress_overlaps(boxes, scores, iou_threshold)
    return boxes[kept], scores[kept]
