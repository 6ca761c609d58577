"""One object's boxes over the frames of a shot: gaps, jitter, and frames without it."""

from __future__ import annotations

import numpy as np


def smooth_track(boxes: np.ndarray, *, radius: int = 2) -> np.ndarray:
    """Smooth the boxes of one object over time; nothing of one shot reaches into another.

    First gaps of at most 2 `radius` frames between two boxes are filled, from one to the other in
    equal steps. Then the centre and the size become their median over the frames at most `radius`
    away, which drops single frames that went wrong, and the mean of those medians, which calms the
    rest. Windows are as long before a frame as after it (near the ends and beside gaps shorter), so
    that even motion stays as it is, without lag.

    Args:
        boxes: (T, 4) xyxy in pixels, frame by frame; NaN where there is none.
        radius: frames; 0 changes nothing.

    Returns:
        (T, 4) float64; NaN where there is none still.

    Raises:
        ValueError: `boxes` is not (T, 4), a box is NaN in part, or `radius` is negative.

    Example:
        >>> track = np.array([[0.0, 0, 4, 4], [np.nan] * 4, [2, 0, 6, 4]])
        >>> smooth_track(track, radius=1)[1].tolist()
        [1.0, 0.0, 5.0, 4.0]
    """
    boxes = np.array(boxes, np.float64)
    if boxes.ndim != 2 or boxes.shape[1] != 4 or radius < 0:
        raise ValueError(
            "`boxes` must be (T, 4) and `radius` at least 0. "
            f"Received shape {boxes.shape} and {radius}."
        )
    empty = np.isnan(boxes)
    if (empty.any(axis=1) != empty.all(axis=1)).any():
        raise ValueError("A frame of `boxes` must be a box, or NaN in all four. Received some NaN.")
    boxes = _fill(boxes, 2 * radius)
    forms = np.hstack([boxes[:, :2] + boxes[:, 2:], boxes[:, 2:] - boxes[:, :2]]) / 2
    for average in (np.median, np.mean):
        forms = _average(forms, radius, average)
    return np.hstack([forms[:, :2] - forms[:, 2:], forms[:, :2] + forms[:, 2:]])


def find_absent(scores: np.ndarray, *, threshold: float, radius: int = 2) -> np.ndarray:
    """Say in which frames the object is not: where the median score nearby is below a threshold.

    A single frame that dips or flares changes nothing.

    Args:
        scores: (T,) of the object, frame by frame, such as its tag's probability.
        threshold: what an object reaches, in the unit of the scores.
        radius: frames on either side that count; 0 for each frame alone.

    Returns:
        (T,) bool.

    Raises:
        ValueError: `scores` is not (T,) or not finite, or `radius` is negative.

    Example:
        >>> find_absent([0.9, 0.1, 0.9, 0.9, 0.1, 0.2], threshold=0.5, radius=1).tolist()
        [False, False, False, False, True, True]
    """
    scores = np.asarray(scores, np.float64)
    if scores.ndim != 1 or not np.isfinite(scores).all() or radius < 0:
        raise ValueError(
            "`scores` must be (T,) finite numbers and `radius` at least 0. Received shape "
            f"{scores.shape}, {np.isfinite(scores).sum()} finite, and {radius}."
        )
    return _average(scores[:, np.newaxis], radius, np.median)[:, 0] < threshold


def _fill(boxes, longest):
    """Return boxes with gaps of at most `longest` frames filled in equal steps."""
    there = np.flatnonzero(~np.isnan(boxes[:, 0]))
    filled = boxes.copy()
    for before, after in zip(there[:-1], there[1:], strict=True):
        if 1 < after - before <= longest + 1:
            shares = np.linspace(0, 1, after - before + 1)[:, np.newaxis]
            filled[before : after + 1] = (1 - shares) * boxes[before] + shares * boxes[after]
    return filled


def _average(values, radius, average):
    """Return (T, D) averages over windows that are even and hold no NaN."""
    there = ~np.isnan(values[:, 0])
    averaged = values.copy()
    for frame in np.flatnonzero(there):
        reach = min(radius, frame, len(values) - 1 - frame)
        while not there[frame - reach : frame + reach + 1].all():
            reach -= 1
        averaged[frame] = average(values[frame - reach : frame + reach + 1], axis=0)
    return averaged
