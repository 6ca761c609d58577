"""By how much scores put each pair of a ranked list in order."""

from __future__ import annotations

import numpy as np


def pair_differences(scores: np.ndarray) -> np.ndarray:
    """List s_i - s_j of every pair i < j of every list: above 0 where it is in order.

    Args:
        scores: (N, L) scores, the picture that should score highest first.

    Returns:
        (N * L (L - 1) / 2,) differences, list by list.

    Raises:
        ValueError: `scores` is not (N, L).

    Example:
        >>> pair_differences(np.array([[3.0, 1.0, 2.0]])).tolist()
        [2.0, 1.0, -1.0]
    """
    scores = np.asarray(scores)
    if scores.ndim != 2:
        raise ValueError(
            "`scores` must be (N, L), one row per list, fullest first. "
            f"Received shape {scores.shape}."
        )
    first, second = np.triu_indices(scores.shape[1], k=1)
    return (scores[:, first] - scores[:, second]).ravel()
