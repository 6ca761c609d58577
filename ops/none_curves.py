"""How likely a picture holds nothing, as a falling curve over its predicted count."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

NUM_KNOTS = 33
_RESOLUTION = 2  # decimals of an object; nearer knots would make steps of the curve


class NoneCurve(NamedTuple):
    """A falling curve, straight between its knots and level outside.

    Attributes:
        counts: (K,) predicted counts, rising, in objects.
        probabilities: (K,) numbers in [0, 1], not rising.

    Example:
        >>> NoneCurve((0.0, 2.0), (1.0, 0.0)).read(np.array([0.5, 9.0])).tolist()
        [0.75, 0.0]
    """

    counts: tuple[float, ...]
    probabilities: tuple[float, ...]

    def read(self, predicted: np.ndarray) -> np.ndarray:
        """Read the curve.

        Args:
            predicted: counts of any shape, in objects.

        Returns:
            Numbers of that shape, in [0, 1].

        Example:
            >>> # see the class
        """
        return np.interp(predicted, self.counts, self.probabilities)


def fit_none_curve(counts: np.ndarray, predicted: np.ndarray) -> NoneCurve:
    """Fit P(no object | predicted count p) = sigmoid(a - b log(1 + p)), b >= 0.

    Platt's targets, (m + 1) / (m + 2) for m pictures without objects and 1 / (n + 2) for n with
    some, keep the curve from being sure where the two kinds are apart by chance.

    Args:
        counts: (N,) true counts; some are 0 and some are not.
        predicted: (N,) predicted counts of pictures that the counter was not fitted on.

    Returns:
        The curve, sampled at evenly spread values of log(1 + p).

    Raises:
        ValueError: the arrays differ in length, or all pictures are of one kind.

    Example:
        >>> curve = fit_none_curve([0, 0, 0, 5, 8, 9], [0.1, 0.3, 0.2, 4.0, 9.0, 7.0])
        >>> curve.read(np.array([0.2, 8.0])).round(1).tolist()
        [0.8, 0.2]

    References:
        Platt, "Probabilistic Outputs for Support Vector Machines", 1999.
    """
    counts, predicted = np.asarray(counts, np.float64), np.asarray(predicted, np.float64)
    if counts.ndim != 1 or counts.shape != predicted.shape:
        raise ValueError(
            "`counts` and `predicted` must be (N,) of one length. "
            f"Received shapes {counts.shape} and {predicted.shape}."
        )
    empty = counts == 0
    num_empty, num_others = int(empty.sum()), int((~empty).sum())
    if not num_empty or not num_others:
        raise ValueError(
            "`counts` must hold pictures with and without objects. Received "
            f"{num_empty} without and {num_others} with; use `p_value_curve`."
        )
    targets = np.where(empty, (num_empty + 1) / (num_empty + 2), 1 / (num_others + 2))
    positions = np.log1p(predicted)

    def cross_entropy(weights: np.ndarray) -> tuple[float, np.ndarray]:
        logits = weights[0] - weights[1] * positions
        loss = np.logaddexp(0, logits) - targets * logits
        slope = expit(logits) - targets
        return loss.sum(), np.array([slope.sum(), -(slope * positions).sum()])

    fitted = minimize(
        cross_entropy, np.zeros(2), jac=True, method="L-BFGS-B", bounds=[(None, None), (0, None)]
    )
    knots = np.linspace(0, max(positions.max(), np.log1p(1.0)), NUM_KNOTS)
    return _make_curve(np.expm1(knots), expit(fitted.x[0] - fitted.x[1] * knots))


def p_value_curve(scores: np.ndarray, *, offset: float | None = None) -> NoneCurve:
    """Give the conformal p-value of "the count is 0", for want of pictures without objects.

    It is the share of n calibration pictures, and of the new one, whose score is at least the one
    that a true count of 0 would have here: (1 + #{s_i >= s(0)}) / (n + 1). No probability: it says
    how usual an error as large as the predicted count is. Straight lines join its steps; right
    after the largest score that a count reaches the curve falls to its last step.

    Args:
        scores: (n,) of the calibration pictures, see `ops.conformal.residual_scores`.
        offset: as for the scores.

    Returns:
        The curve; 1 at a predicted count of 0.

    Raises:
        ValueError: there is no score.

    Example:
        >>> p_value_curve([1.0, 2.0, 3.0]).read(np.array([0.0, 2.0, 9.0])).tolist()
        [1.0, 0.75, 0.25]
    """
    scores = np.sort(np.asarray(scores, np.float64))
    if scores.ndim != 1 or not len(scores):
        raise ValueError(f"`scores` must be (n,), n at least 1. Received shape {scores.shape}.")
    num_scores = len(scores)
    levels = (1 + np.arange(num_scores, 0, -1)) / (num_scores + 1)
    if offset is not None:  # of p / (p + c) = s
        reached = scores < 1 - 1e-9
        scores, levels = scores[reached], levels[reached]
        scores = offset * scores / (1 - scores)
    places = np.unique(np.linspace(0, len(scores) - 1, NUM_KNOTS).round().astype(int))
    if not len(scores):
        return NoneCurve((0.0,), (1.0,))
    last = scores[-1] + 10.0**-_RESOLUTION
    lowest = (1 + num_scores - len(scores)) / (num_scores + 1)
    return _make_curve([0.0, *scores[places], last], np.array([1.0, *levels[places], lowest]))


def _make_curve(counts, probabilities):
    counts, first = np.unique(np.round(counts, _RESOLUTION), return_index=True)
    return NoneCurve(tuple(counts.tolist()), tuple(probabilities[first].tolist()))
