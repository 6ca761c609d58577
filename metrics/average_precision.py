"""How well scores rank the pictures that show a class before those that do not."""

from __future__ import annotations

import numpy as np


def average_precision(scores: np.ndarray, labels: np.ndarray) -> float:
    """Compute VOC's average precision: the area under precision over recall, without dips.

    At each recall counts the best precision at that recall or a higher one, as in VOC from 2010
    on. Equal scores are one point of the curve, so that the order of the pictures does not matter.

    Args:
        scores: (N,) the higher, the surer that the class is present.
        labels: (N,) 1 present, -1 absent, 0 difficult: counted neither way.

    Returns:
        The area in [0, 1]; NaN without a present label.

    Raises:
        ValueError: the lengths differ, a score is NaN or a label none of the three.

    Example:
        >>> round(average_precision([0.9, 0.8, 0.7], [1, -1, 1]), 4)  # (1 + 2/3) / 2
        0.8333

    References:
        Everingham et al., "The PASCAL Visual Object Classes Challenge: A Retrospective", IJCV 2015.
        scikit-learn's `average_precision_score` keeps the dips.
    """
    scores, labels = np.asarray(scores, np.float64), np.asarray(labels)
    if scores.ndim != 1 or scores.shape != labels.shape:
        raise ValueError(
            "`scores` and `labels` must be (N,), one per picture. "
            f"Received {scores.shape} and {labels.shape}."
        )
    if np.isnan(scores).any():
        raise ValueError("`scores` must be numbers. Received NaN; check the network.")
    if not np.isin(labels, (-1, 0, 1)).all():
        raise ValueError(
            "`labels` must be 1 (present), 0 (difficult) or -1 (absent). "
            f"Received {np.unique(labels).tolist()}."
        )
    scores, present = scores[labels != 0], labels[labels != 0] == 1
    if not present.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.diff(scores[order], append=-np.inf) != 0)  # last of each score
    hits = np.cumsum(present[order])[ends]
    precision = np.maximum.accumulate((hits / (ends + 1))[::-1])[::-1]
    return float(np.diff(hits, prepend=0) @ precision / hits[-1])
