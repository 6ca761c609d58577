"""Forms of boxes: corners, corner and size, centre and size; clipping and areas.

All functions take NumPy arrays, lists or tensors (Keras' symbolic ones included). Only arrays and
lists give NumPy arrays; all else is computed by `keras.ops`, in a graph, with a gradient, in
float32 at least.
"""

from __future__ import annotations

import keras
import numpy as np


def xyxy_to_xywh(boxes):
    """Turn corners into the upper left corner and the size.

    Args:
        boxes: (..., 4) x0, y0, x1, y1 in any unit.

    Returns:
        (..., 4) x0, y0, width, height.

    Raises:
        ValueError: the last axis has not 4 numbers.

    Example:
        >>> xyxy_to_xywh([1.0, 2.0, 4.0, 8.0]).tolist()
        [1.0, 2.0, 3.0, 6.0]
    """
    backend, boxes = prepare_boxes(boxes)
    x0, y0, x1, y1 = split_boxes(boxes)
    return backend.stack([x0, y0, x1 - x0, y1 - y0], axis=-1)


def xywh_to_xyxy(boxes):
    """Turn the upper left corner and the size into corners: the inverse of `xyxy_to_xywh`.

    Args:
        boxes: (..., 4) x0, y0, width, height; a negative size gives swapped corners.

    Returns:
        (..., 4) x0, y0, x1, y1.

    Raises:
        ValueError: the last axis has not 4 numbers.

    Example:
        >>> xywh_to_xyxy([1.0, 2.0, 3.0, 6.0]).tolist()
        [1.0, 2.0, 4.0, 8.0]
    """
    backend, boxes = prepare_boxes(boxes)
    x0, y0, width, height = split_boxes(boxes)
    return backend.stack([x0, y0, x0 + width, y0 + height], axis=-1)


def xyxy_to_cxcywh(boxes):
    """Turn corners into the centre and the size.

    Args:
        boxes: (..., 4) x0, y0, x1, y1 in any unit.

    Returns:
        (..., 4) x and y of the centre, width, height.

    Raises:
        ValueError: the last axis has not 4 numbers.

    Example:
        >>> xyxy_to_cxcywh([1.0, 2.0, 4.0, 8.0]).tolist()
        [2.5, 5.0, 3.0, 6.0]
    """
    backend, boxes = prepare_boxes(boxes)
    x0, y0, x1, y1 = split_boxes(boxes)
    return backend.stack([(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0], axis=-1)


def cxcywh_to_xyxy(boxes):
    """Turn the centre and the size into corners: the inverse of `xyxy_to_cxcywh`.

    Args:
        boxes: (..., 4) x and y of the centre, width, height.

    Returns:
        (..., 4) x0, y0, x1, y1.

    Raises:
        ValueError: the last axis has not 4 numbers.

    Example:
        >>> cxcywh_to_xyxy([2.5, 5.0, 3.0, 6.0]).tolist()
        [1.0, 2.0, 4.0, 8.0]
    """
    backend, boxes = prepare_boxes(boxes)
    x, y, width, height = split_boxes(boxes)
    half, tall = width / 2, height / 2
    return backend.stack([x - half, y - tall, x + half, y + tall], axis=-1)


def clip_boxes(boxes, size: tuple[float, float]):
    """Move the corners that lie outside the picture onto its edge.

    Args:
        boxes: (..., 4) xyxy.
        size: (height, width) of the picture in the unit of the boxes; (1, 1) for fractions.

    Returns:
        (..., 4) xyxy; a box wholly outside has no area left.

    Raises:
        ValueError: the last axis has not 4 numbers.

    Example:
        >>> clip_boxes([-2.0, 1.0, 9.0, 9.0], (4, 6)).tolist()
        [0.0, 1.0, 6.0, 4.0]
    """
    backend, boxes = prepare_boxes(boxes)
    height, width = size
    limits = (width, height, width, height)
    clipped = [
        backend.clip(each, 0, end) for each, end in zip(split_boxes(boxes), limits, strict=True)
    ]
    return backend.stack(clipped, axis=-1)


def box_areas(boxes):
    """Compute areas; boxes with swapped corners have none.

    Args:
        boxes: (..., 4) xyxy.

    Returns:
        (...) areas, in the square of the boxes' unit.

    Raises:
        ValueError: the last axis has not 4 numbers.

    Example:
        >>> box_areas([[0.0, 0.0, 2.0, 3.0], [2.0, 0.0, 1.0, 1.0]]).tolist()
        [6.0, 0.0]
    """
    backend, boxes = prepare_boxes(boxes)
    width, height = box_extents(backend, boxes)
    return width * height


def box_extents(backend, boxes):
    """Return widths and heights, 0 where corners are swapped.

    Args:
        backend: `np` or `keras.ops`, as `prepare_boxes` returns.
        boxes: (..., 4) xyxy.

    Returns:
        (...) widths and (...) heights.

    Example:
        >>> [side.tolist() for side in box_extents(np, np.array([[0.0, 5.0, 2.0, 3.0]]))]
        [[2.0], [0.0]]
    """
    x0, y0, x1, y1 = split_boxes(boxes)
    return backend.maximum(x1 - x0, 0.0), backend.maximum(y1 - y0, 0.0)


def split_boxes(boxes):
    """Return the four coordinates of boxes.

    Args:
        boxes: (..., 4) array or tensor.

    Returns:
        Four of shape (...).

    Example:
        >>> [each.tolist() for each in split_boxes(np.array([1.0, 2.0, 3.0, 4.0]))]
        [1.0, 2.0, 3.0, 4.0]
    """
    return boxes[..., 0], boxes[..., 1], boxes[..., 2], boxes[..., 3]


def prepare_boxes(*arrays):
    """Choose where to compute, and bring all boxes there.

    Args:
        *arrays: (..., 4) arrays, lists or tensors.

    Returns:
        `np` or `keras.ops`, then the boxes in it: float32 or float64, of one type if tensors.

    Raises:
        ValueError: the last axis has not 4 numbers.

    Example:
        >>> backend, boxes = prepare_boxes([[1, 2, 3, 4]])
        >>> backend is np, boxes.dtype
        (True, dtype('float64'))
    """
    for each in arrays:
        if np.shape(each)[-1:] != (4,):
            raise ValueError(f"`boxes` must be (..., 4). Received shape {tuple(np.shape(each))}.")
    if all(isinstance(each, np.ndarray | list | tuple) for each in arrays):
        return np, *(_widen(np.asarray(each), "float64", np.ndarray.astype) for each in arrays)
    first, *others = map(keras.ops.convert_to_tensor, arrays)
    first = _widen(first, "float32", keras.ops.cast)
    return keras.ops, first, *(keras.ops.cast(each, first.dtype) for each in others)


def _widen(array, dtype, cast):
    whole = keras.backend.standardize_dtype(array.dtype) in ("float32", "float64")
    return array if whole else cast(array, dtype)
