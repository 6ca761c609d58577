"""Overlaps of boxes: IoU and its relatives with a gradient where nothing overlaps.

NumPy arrays and lists give NumPy arrays; tensors are computed by `keras.ops`, in a graph. Every
gradient is finite, also for boxes without an area; there it is 0 in most directions.
"""

from __future__ import annotations

import math

import keras
import numpy as np

from ops.box_forms import box_areas, box_extents, prepare_boxes, split_boxes

# Areas and squared lengths up to this count as none: an overlap divided by less has a gradient
# that overflows. As a fraction of a picture it is less than a millionth by a millionth.
NEGLIGIBLE = 1e-12


def iou(boxes, others):
    """Compute intersection over union of each box with its partner.

    Args:
        boxes: (..., 4) xyxy.
        others: (..., 4) xyxy in the same unit; the leading axes broadcast.

    Returns:
        (...) in [0, 1]; 0 where neither has an area.

    Raises:
        ValueError: the last axis has not 4 numbers.

    Example:
        >>> float(iou([0.0, 0.0, 2.0, 2.0], [1.0, 0.0, 3.0, 2.0]))  # 2 / 6
        0.3333333333333333
    """
    backend, boxes, others = prepare_boxes(boxes, others)
    return _divide(backend, *overlap_areas(boxes, others))


def overlap_areas(boxes, others):
    """Compute the areas of the intersection and of the union of each box with its partner.

    Args:
        boxes: (..., 4) xyxy.
        others: (..., 4) xyxy in the same unit; the leading axes broadcast.

    Returns:
        (...) intersections and (...) unions, in the square of the unit.

    Raises:
        ValueError: the last axis has not 4 numbers.

    Example:
        >>> [float(each) for each in overlap_areas([0.0, 0.0, 2.0, 2.0], [1.0, 0.0, 3.0, 2.0])]
        [2.0, 6.0]
    """
    backend, boxes, others = prepare_boxes(boxes, others)
    (x0, y0, x1, y1), (u0, v0, u1, v1) = split_boxes(boxes), split_boxes(others)
    width = backend.maximum(backend.minimum(x1, u1) - backend.maximum(x0, u0), 0.0)
    height = backend.maximum(backend.minimum(y1, v1) - backend.maximum(y0, v0), 0.0)
    shared = width * height
    # An intersection with a box of swapped corners is empty, so no union is below 0.
    return shared, box_areas(boxes) + box_areas(others) - shared


def giou(boxes, others):
    """Compute IoU less the share of the common hull that neither box covers.

    IoU - (C - U) / C with C the area of the smallest box around both: it tells how far apart.

    Args:
        boxes: (..., 4) xyxy.
        others: (..., 4) xyxy in the same unit; the leading axes broadcast.

    Returns:
        (...) in [-1, 1]; 0 where the hull has no area.

    Raises:
        ValueError: the last axis has not 4 numbers.

    Example:
        >>> float(giou([0.0, 0.0, 1.0, 1.0], [3.0, 0.0, 4.0, 1.0]))  # 0 - 2 / 4
        -0.5

    References:
        Rezatofighi et al., "Generalized Intersection over Union", CVPR 2019, algorithm 1.
    """
    backend, boxes, others = prepare_boxes(boxes, others)
    shared, union = overlap_areas(boxes, others)
    width, height = box_extents(backend, _hull(backend, boxes, others))
    hull = width * height
    return _divide(backend, shared, union) - _divide(backend, hull - union, hull)


def diou(boxes, others):
    """Compute IoU less the squared distance of the centres over the hull's squared diagonal.

    Args:
        boxes: (..., 4) xyxy.
        others: (..., 4) xyxy in the same unit; the leading axes broadcast.

    Returns:
        (...) in [-1, 1].

    Raises:
        ValueError: the last axis has not 4 numbers.

    Example:
        >>> float(diou([0.0, 0.0, 1.0, 1.0], [3.0, 0.0, 4.0, 1.0]))  # 0 - 9 / 17
        -0.5294117647058824

    References:
        Zheng et al., "Distance-IoU Loss", AAAI 2020, equation 7.
    """
    backend, boxes, others = prepare_boxes(boxes, others)
    (x0, y0, x1, y1), (u0, v0, u1, v1) = split_boxes(boxes), split_boxes(others)
    distance = ((x0 + x1 - u0 - u1) ** 2 + (y0 + y1 - v0 - v1) ** 2) / 4
    width, height = box_extents(backend, _hull(backend, boxes, others))
    return iou(boxes, others) - _divide(backend, distance, width**2 + height**2)


def ciou(boxes, others):
    """Compute DIoU less a term for the difference of the aspect ratios.

    DIoU - alpha v with v = 4 / pi^2 (atan(w / h) - atan(w' / h'))^2 and alpha = v / (1 - IoU + v).
    As the paper prescribes, alpha is a constant in the gradient. v is 0 beside a single point.

    Args:
        boxes: (..., 4) xyxy.
        others: (..., 4) xyxy in the same unit; the leading axes broadcast.

    Returns:
        (...) in [-2, 1].

    Raises:
        ValueError: the last axis has not 4 numbers.

    Example:
        >>> round(float(ciou([0.0, 0.0, 4.0, 2.0], [0.0, 0.0, 2.0, 2.0])), 4)
        0.4468

    References:
        Zheng et al., "Distance-IoU Loss", AAAI 2020, equations 8 to 12. The paper leaves out
        1 / (w^2 + h^2) in the gradient of v; here it is the true one.
    """
    backend, boxes, others = prepare_boxes(boxes, others)
    v = 4 / math.pi**2 * _angle_between(backend, boxes, others) ** 2
    alpha = _divide(backend, v, 1 - iou(boxes, others) + v)
    alpha = alpha if backend is np else keras.ops.stop_gradient(alpha)
    return diou(boxes, others) - alpha * v


def iou_matrix(boxes, others):
    """Compute intersection over union of every box with every other.

    Args:
        boxes: (N, 4) xyxy.
        others: (M, 4) xyxy in the same unit.

    Returns:
        (N, M) in [0, 1].

    Raises:
        ValueError: an array is not (N, 4).

    Example:
        >>> iou_matrix([[0.0, 0.0, 2.0, 2.0]], [[0.0, 0.0, 2.0, 1.0], [5.0, 5.0, 6.0, 6.0]])
        array([[0.5, 0. ]])
    """
    _, boxes, others = prepare_boxes(boxes, others)
    if len(boxes.shape) != 2 or len(others.shape) != 2:
        raise ValueError(
            "`boxes` and `others` must be (N, 4) and (M, 4). "
            f"Received shapes {tuple(boxes.shape)} and {tuple(others.shape)}."
        )
    return iou(boxes[:, None], others[None])


def suppress_overlaps(
    boxes: np.ndarray, scores: np.ndarray, iou_threshold: float = 0.5
) -> np.ndarray:
    """Keep of boxes that overlap the one with the highest score (non-maximum suppression).

    Greedy: the best box is kept and all that overlap it by more than the threshold go; then the
    best of those left. NumPy only; `tf.image.non_max_suppression` keeps the same boxes.

    Args:
        boxes: (N, 4) xyxy in any unit.
        scores: (N,) higher is better; of equal ones the first box wins.
        iou_threshold: an overlap of at most this much is kept.

    Returns:
        (K,) int64 indices of the kept boxes, best first.

    Raises:
        ValueError: `boxes` is not (N, 4) or `scores` not (N,).

    Example:
        >>> boxes = [[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 1.8], [5.0, 5.0, 6.0, 6.0]]
        >>> suppress_overlaps(boxes, [0.5, 0.9, 0.1]).tolist()
        [1, 2]
    """
    boxes, scores = np.asarray(boxes, np.float64), np.asarray(scores, np.float64)
    if scores.ndim != 1 or boxes.shape != (len(scores), 4):
        raise ValueError(
            "`boxes` must be (N, 4) and `scores` (N,). "
            f"Received shapes {boxes.shape} and {scores.shape}."
        )
    left, kept = np.argsort(-scores, kind="stable"), []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        left = left[~(iou(boxes[left], boxes[best]) > iou_threshold)]
    return np.array(kept, np.int64)


def _hull(backend, boxes, others):
    low = backend.minimum(boxes[..., :2], others[..., :2])
    return backend.concatenate([low, backend.maximum(boxes[..., 2:], others[..., 2:])], axis=-1)


def _angle_between(backend, boxes, others):
    """Return atan(w / h) - atan(w' / h'); 0, with gradient 0, where a box is a single point."""
    width, height = box_extents(backend, boxes)
    other_width, other_height = box_extents(backend, others)
    point = (width**2 + height**2 <= NEGLIGIBLE) | (other_width**2 + other_height**2 <= NEGLIGIBLE)
    # atan2 has no gradient at (0, 0): points are replaced before it, not after.
    sides = [backend.where(point, 1.0, s) for s in (width, height, other_width, other_height)]
    return backend.arctan2(*sides[:2]) - backend.arctan2(*sides[2:])


def _divide(backend, part, whole):
    """Divide; 0, with gradient 0, where `whole` is negligible. A NaN stays."""
    nothing = whole <= NEGLIGIBLE
    return backend.where(nothing, 0.0, part / backend.where(nothing, 1.0, whole))
