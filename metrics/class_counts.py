"""How well objects of several classes are counted: RMSE per class, averaged over the classes."""

from __future__ import annotations

import numpy as np

from config.errors import InputError


def class_count_metrics(counts: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Compute the four averages over classes of the error of counts.

    With g true and p predicted of one class: mRMSE is the mean over the classes of
    sqrt(mean over pictures of (p - g)^2); m-relRMSE divides each square by g + 1; the "nz"
    variants take only the pictures with g > 0, and only the classes that have one.

    Args:
        counts: (N, K) true counts per picture and class, in objects.
        predicted: (N, K) predicted counts.

    Returns:
        `m_rmse`, `m_rmse_nz`, `m_rel_rmse` and `m_rel_rmse_nz`; the "nz" ones are NaN when every
        picture is empty.

    Raises:
        InputError: the arrays are empty, not 2-D or of unequal shape.

    Example:
        >>> metrics = class_count_metrics([[0, 3], [0, 0]], [[1, 3], [1, 4]])
        >>> {name: round(value, 3) for name, value in metrics.items()}
        {'m_rmse': 1.914, 'm_rmse_nz': 0.0, 'm_rel_rmse': 1.914, 'm_rel_rmse_nz': 0.0}

    References:
        Chattopadhyay et al., "Counting Everyday Objects in Everyday Scenes", CVPR 2017.
    """
    counts, predicted = np.asarray(counts, np.float64), np.asarray(predicted, np.float64)
    if counts.ndim != 2 or counts.shape != predicted.shape or not counts.size:
        raise InputError(
            "`counts` and `predicted` must be (N, K) of one shape, a row per picture and a column "
            f"per class. Received shapes {counts.shape} and {predicted.shape}."
        )
    squares = np.square(predicted - counts)
    relative = squares / (counts + 1)
    occupied = counts > 0
    return {
        "m_rmse": _mean_root(squares, np.ones_like(occupied)),
        "m_rmse_nz": _mean_root(squares, occupied),
        "m_rel_rmse": _mean_root(relative, np.ones_like(occupied)),
        "m_rel_rmse_nz": _mean_root(relative, occupied),
    }


def _mean_root(squares, where):
    """Return the mean over columns of the root of each column's mean over `where`."""
    means = [
        column[chosen].mean()
        for column, chosen in zip(squares.T, where.T, strict=True)
        if chosen.any()
    ]
    return float(np.sqrt(means).mean()) if means else float("nan")
