"""How well counts, orders and positions were predicted."""

from __future__ import annotations

import warnings

import keras
import numpy as np
from scipy.stats import ConstantInputWarning, spearmanr

from config.errors import InputError


def counting_metrics(
    counts: np.ndarray, predicted: np.ndarray, *, mean_count: float
) -> tuple[dict[str, float], dict[str, str]]:
    """Compute every metric that needs counts alone.

    Args:
        counts: (N,) true counts, in objects.
        predicted: (N,) predicted counts, in objects.
        mean_count: mean count of the TRAINING pictures: what a blind guess would answer.

    Returns:
        (metrics, units): `mae`, `mse`, `rmse`, `r2`, `nae`, `rank_accuracy`, `spearman`,
        `mean_predictor_mae` and `num_images`; units for those that have one. A metric that the
        data does not define (one picture has no R2) is NaN.

    Raises:
        InputError: the arrays are empty, of unequal length, or not 1-D.

    Example:
        >>> metrics, units = counting_metrics([2, 4], [3, 3], mean_count=4)
        >>> metrics["mae"], metrics["mean_predictor_mae"], units["mse"]
        (1.0, 1.0, 'objects^2')
    """
    metrics = {
        "mae": mean_absolute_error(counts, predicted),
        "mse": mean_squared_error(counts, predicted),
        "rmse": mean_squared_error(counts, predicted) ** 0.5,
        "r2": r_squared(counts, predicted),
        "nae": normalized_absolute_error(counts, predicted),
        "rank_accuracy": rank_accuracy(counts, predicted),
        "spearman": spearman(counts, predicted),
        "mean_predictor_mae": mean_absolute_error(counts, np.full(np.shape(counts), mean_count)),
        "num_images": float(len(counts)),
    }
    units = dict.fromkeys(("mae", "rmse", "mean_predictor_mae"), "objects")
    return metrics, {**units, "mse": "objects^2", "num_images": "images"}


def mean_absolute_error(counts: np.ndarray, predicted: np.ndarray) -> float:
    """Compute MAE, the mean of |predicted - true|, in objects.

    Args:
        counts: (N,) true counts.
        predicted: (N,) predicted counts.

    Returns:
        MAE.

    Raises:
        InputError: the arrays are empty, of unequal length, or not 1-D.

    Example:
        >>> mean_absolute_error([10, 0], [7, 1])
        2.0
    """
    counts, predicted = _check_counts(counts, predicted)
    return float(np.abs(predicted - counts).mean())


def mean_squared_error(counts: np.ndarray, predicted: np.ndarray) -> float:
    """Compute MSE, the mean of (predicted - true)^2; crowd papers print its root under this name.

    Args:
        counts: (N,) true counts.
        predicted: (N,) predicted counts.

    Returns:
        MSE, in objects squared.

    Raises:
        InputError: the arrays are empty, of unequal length, or not 1-D.

    Example:
        >>> mean_squared_error([10, 0], [7, 1])
        5.0
    """
    counts, predicted = _check_counts(counts, predicted)
    return float(np.square(predicted - counts).mean())


def r_squared(counts: np.ndarray, predicted: np.ndarray) -> float:
    """Compute R2 = 1 - sum (predicted - true)^2 / sum (true - mean true)^2.

    Args:
        counts: (N,) true counts.
        predicted: (N,) predicted counts.

    Returns:
        R2, at most 1; NaN when all true counts are equal.

    Raises:
        InputError: the arrays are empty, of unequal length, or not 1-D.

    Example:
        >>> r_squared([0, 10], [1, 9])  # 1 - 2 / 50
        0.96
    """
    counts, predicted = _check_counts(counts, predicted)
    spread = np.square(counts - counts.mean()).sum()
    return float(1 - np.square(predicted - counts).sum() / spread) if spread else float("nan")


def normalized_absolute_error(counts: np.ndarray, predicted: np.ndarray) -> float:
    """Compute NAE, the mean of |predicted - true| / true over pictures that are not empty.

    Args:
        counts: (N,) true counts.
        predicted: (N,) predicted counts.

    Returns:
        NAE; NaN when every picture is empty.

    Raises:
        InputError: the arrays are empty, of unequal length, or not 1-D.

    Example:
        >>> normalized_absolute_error([10, 0, 4], [5, 3, 4])  # mean of 5 / 10 and 0
        0.25
    """
    counts, predicted = _check_counts(counts, predicted)
    errors = np.abs(predicted - counts)[counts > 0] / counts[counts > 0]
    return float(errors.mean()) if len(errors) else float("nan")


def rank_accuracy(counts: np.ndarray, predicted: np.ndarray) -> float:
    """Compute the share of picture pairs of unequal true count that are predicted in order.

    A pair predicted equal counts half, as in the area under a ROC curve: guessing gives 0.5, and
    so does answering the same for every picture.

    Args:
        counts: (N,) true counts.
        predicted: (N,) predicted counts or scores of any scale.

    Returns:
        Share in [0, 1]; NaN when no two true counts differ or a prediction is NaN.

    Raises:
        InputError: the arrays are empty, of unequal length, or not 1-D.

    Example:
        >>> rank_accuracy([1, 2, 3], [5, 5, 9])  # one tie, two in order
        0.8333333333333334
    """
    counts, predicted = _check_counts(counts, predicted)
    points, pairs = 0.0, 0
    for i in range(len(counts)):  # A row at a time: memory stays O(N).
        smaller = counts < counts[i]
        above, equal = predicted[i] > predicted[smaller], predicted[i] == predicted[smaller]
        points += above.sum() + 0.5 * equal.sum()
        pairs += smaller.sum()
    return float(points / pairs) if pairs and not np.isnan(predicted).any() else float("nan")


def spearman(counts: np.ndarray, predicted: np.ndarray) -> float:
    """Compute Spearman's correlation of ranks, ties by their mean rank.

    Args:
        counts: (N,) true counts.
        predicted: (N,) predicted counts or scores of any scale.

    Returns:
        Correlation in [-1, 1]; NaN when either side is constant or holds a NaN.

    Raises:
        InputError: the arrays are empty, of unequal length, or not 1-D.

    Example:
        >>> round(spearman([1, 2, 3], [10, 30, 20]), 6)
        0.5
    """
    counts, predicted = _check_counts(counts, predicted)
    if len(counts) < 2:
        return float("nan")
    with warnings.catch_warnings(action="ignore", category=ConstantInputWarning):
        return float(spearmanr(counts, predicted).statistic)


def grid_average_error(
    points: list[np.ndarray],
    predicted: list[np.ndarray],
    sizes: list[tuple[int, int]],
    *,
    level: int,
) -> float:
    """Compute GAME(L): MAE summed over a grid of 2^L x 2^L cells per picture, then averaged.

    GAME(0) is MAE; higher levels punish counts that are right in the wrong place. The cell of a
    point is floor(row * 2^L / H), floor(column * 2^L / W); points outside go to the nearest cell.

    Args:
        points: per picture, (M, 2) true points, (row, column) in pixels.
        predicted: per picture, (K, 2) predicted points.
        sizes: per picture, (height, width) in pixels.
        level: L, at least 0; 0 to 3 are usual.

    Returns:
        GAME(L), in objects.

    Raises:
        InputError: no pictures, lists of unequal length, points not (M, 2) or not finite, or a
            negative `level`.

    Example:
        >>> left, right = np.array([[5.0, 1.0]]), np.array([[5.0, 9.0]])
        >>> [grid_average_error([left], [right], [(10, 10)], level=level) for level in (0, 1)]
        [0.0, 2.0]

    References:
        Guerrero-Gomez-Olmo et al., "Extremely Overlapping Vehicle Counting", IbPRIA 2015.
    """
    if not len(points) == len(predicted) == len(sizes) > 0 or level < 0:
        raise InputError(
            "`points`, `predicted` and `sizes` must have one entry per picture, and `level` be at "
            f"least 0. Received lengths {len(points)}, {len(predicted)} and {len(sizes)}, {level}."
        )
    errors = [
        np.abs(_count_cells(true, size, level) - _count_cells(found, size, level)).sum()
        for true, found, size in zip(points, predicted, sizes, strict=True)
    ]
    return float(np.mean(errors))


@keras.saving.register_keras_serializable("inkling")
class RankAccuracy(keras.metrics.Metric):
    """Share of the ordered pairs of each list whose scores are strictly in order.

    For `compile`: `y_true` (B, L) is 1 for a picture, 0 for padding; `y_pred` (B, L) are scores,
    fullest picture first. A tie is wrong here: a ranker that answers 0 for all has learnt nothing.
    `sample_weight` (B,) weighs lists. A NaN score makes the result NaN; no pair gives 0.

    Example:
        >>> metric = RankAccuracy()
        >>> metric.update_state(np.ones((1, 3)), np.array([[3.0, 1.0, 2.0]]))
        >>> round(float(metric.result()), 4)
        0.6667
    """

    def __init__(self, name="rank_accuracy", **kwargs):
        super().__init__(name=name, **kwargs)
        self.in_order = self.add_variable((), initializer="zeros", name="in_order")
        self.pairs = self.add_variable((), initializer="zeros", name="pairs")

    def update_state(self, y_true, y_pred, sample_weight=None):  # noqa: D102
        scores = keras.ops.cast(y_pred, self.dtype)
        real = keras.ops.cast(y_true, "float32") > 0
        places = keras.ops.arange(scores.shape[1])
        pairs = (places[:, None] < places[None, :]) & real[:, :, None] & real[:, None, :]
        difference = scores[:, :, None] - scores[:, None, :]  # (B, L, L)
        right = keras.ops.cast(difference > 0, self.dtype)
        right = keras.ops.where(keras.ops.isnan(difference), difference, right)
        weights = keras.ops.cast(pairs, self.dtype)
        if sample_weight is not None:
            weights = weights * keras.ops.cast(sample_weight, self.dtype)[:, None, None]
        self.in_order.assign_add(keras.ops.sum(keras.ops.where(pairs, right * weights, 0.0)))
        self.pairs.assign_add(keras.ops.sum(weights))

    def result(self):  # noqa: D102
        return self.in_order / keras.ops.where(self.pairs > 0, self.pairs, 1.0)


def _check_counts(counts, predicted):
    counts, predicted = np.asarray(counts, np.float64), np.asarray(predicted, np.float64)
    if counts.ndim != 1 or counts.shape != predicted.shape or not counts.size:
        raise InputError(
            "`counts` and `predicted` must be (N,) of one length, at least 1. "
            f"Received shapes {counts.shape} and {predicted.shape}."
        )
    return counts, predicted


def _count_cells(points, size, level):
    points, cells = np.asarray(points, np.float64), 2**level
    points = points.reshape(0, 2) if points.size == 0 else points
    if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise InputError(
            "`points` must be (M, 2) finite (row, column) pixels. "
            f"Received shape {points.shape}, {np.isfinite(points).sum()} finite values."
        )
    rows, columns = np.clip(np.floor(points * cells / size), 0, cells - 1).astype(int).T
    return np.bincount(rows * cells + columns, minlength=cells**2)
