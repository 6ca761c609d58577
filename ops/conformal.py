"""Split-conformal intervals: how far a count may be off, from pictures whose count is known."""

from __future__ import annotations

import math

import numpy as np

_ROUNDING = 1e-9  # 10 x .7 is 7 and not 7.000000000000001


def smallest_calibration_set(level: float) -> int:
    """Say how many pictures an interval needs at least to be bounded.

    ceil((n + 1) level) <= n holds from n = level / (1 - level) on.

    Args:
        level: share of true counts that the interval is to hold, between 0 and 1.

    Returns:
        Number of pictures, at least 1.

    Raises:
        ValueError: `level` is not between 0 and 1.

    Example:
        >>> [smallest_calibration_set(level) for level in (0.5, 0.8, 0.9)]
        [1, 4, 9]
    """
    _check_level(level)
    return max(1, math.ceil(level / (1 - level) - _ROUNDING))


def residual_scores(
    counts: np.ndarray, predicted: np.ndarray, *, offset: float | None = None
) -> np.ndarray:
    """Measure how far each prediction is off.

    |y - p|, or |y - p| / (p + c), which grows with the count and so fits counters whose errors do.

    Args:
        counts: (N,) true counts y, in objects.
        predicted: (N,) predicted counts p, in objects, not negative.
        offset: c, in objects, above 0; None for the absolute error.

    Returns:
        (N,) float64 scores, >= 0.

    Raises:
        ValueError: the arrays differ in length or are not 1-D, a number is not finite, a
            prediction is negative, or `offset` is not above 0.

    Example:
        >>> residual_scores([3, 8], [5, 8], offset=1).round(3).tolist()
        [0.333, 0.0]
    """
    counts, predicted = np.asarray(counts, np.float64), np.asarray(predicted, np.float64)
    if counts.ndim != 1 or counts.shape != predicted.shape:
        raise ValueError(
            "`counts` and `predicted` must be (N,) of one length. "
            f"Received shapes {counts.shape} and {predicted.shape}."
        )
    if not np.isfinite(counts).all():
        raise ValueError("`counts` must be finite. Received NaN or infinity; leave those out.")
    return np.abs(counts - predicted) / _unit_width(predicted, offset)


def conformal_quantile(scores: np.ndarray, level: float) -> float:
    """Give the score that a new picture's stays within with probability `level` at least.

    It is the ceil((n + 1) level)-th smallest of n scores: where the new picture and the n are
    exchangeable, its rank among the n + 1 is uniform. Infinite where n is too small to say.

    Args:
        scores: (n,) of pictures that the model was not fitted on.
        level: between 0 and 1.

    Returns:
        The score.

    Raises:
        ValueError: `level` is not between 0 and 1, or the scores are not (n,) finite numbers.

    Example:
        >>> conformal_quantile([4, 1, 3, 2], 0.6)  # the third of four: ceil(5 x .6)
        3.0

    References:
        Lei et al., "Distribution-Free Predictive Inference for Regression", JASA 2018, eq. 7.
    """
    _check_level(level)
    scores = np.asarray(scores, np.float64)
    if scores.ndim != 1 or not np.isfinite(scores).all():
        raise ValueError(
            f"`scores` must be (n,) finite numbers. Received shape {scores.shape}; take those of "
            "`residual_scores`."
        )
    rank = math.ceil((len(scores) + 1) * level - _ROUNDING)
    return math.inf if rank > len(scores) else float(np.sort(scores)[rank - 1])


def conformal_interval(
    predicted: np.ndarray, quantile: float, *, offset: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Give the counts whose score is within the quantile, none below 0.

    Args:
        predicted: (N,) predicted counts, in objects, not negative.
        quantile: see `conformal_quantile`.
        offset: as for the scores.

    Returns:
        (low, high), each (N,) float64 objects, 0 <= low <= predicted <= high.

    Raises:
        ValueError: a prediction is negative or not finite, or `offset` is not above 0.

    Example:
        >>> low, high = conformal_interval([1.0, 10.0], 2.0)
        >>> low.tolist(), high.tolist()
        ([0.0, 8.0], [3.0, 12.0])
    """
    predicted = np.asarray(predicted, np.float64)
    width = quantile * _unit_width(predicted, offset)
    return np.maximum(predicted - width, 0.0), predicted + width


def coverage(counts: np.ndarray, low: np.ndarray, high: np.ndarray) -> float:
    """Measure the share of true counts that lie in their interval, its ends included.

    Args:
        counts: (N,) true counts, in objects.
        low: (N,) lower ends.
        high: (N,) upper ends.

    Returns:
        Share in [0, 1]; NaN for no picture.

    Raises:
        ValueError: the arrays differ in shape.

    Example:
        >>> coverage([3, 9], [2, 2], [4, 4])
        0.5
    """
    counts, low, high = (np.asarray(x, np.float64) for x in (counts, low, high))
    if not counts.shape == low.shape == high.shape:
        raise ValueError(
            "`counts`, `low` and `high` must be of one shape. "
            f"Received {counts.shape}, {low.shape} and {high.shape}."
        )
    return float(np.mean((low <= counts) & (counts <= high))) if counts.size else math.nan


def _unit_width(predicted, offset):
    if not np.isfinite(predicted).all() or (predicted < 0).any():
        raise ValueError("`predicted` must be finite and not negative, as a counter's counts are.")
    if offset is None:
        return np.ones_like(predicted)
    if not 0 < offset < math.inf:
        raise ValueError(f"`offset` must be above 0 objects. Received {offset}; None for absolute.")
    return predicted + offset


def _check_level(level):
    if not 0 < level < 1:
        raise ValueError(f"`level` must be between 0 and 1, such as 0.8. Received {level}.")
