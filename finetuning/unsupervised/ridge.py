"""Fits the counts of cells by ridge regression, with a penalty that held-out pictures choose."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold

from config.errors import InputError
from models.counter import CountWeights

PENALTIES = tuple(10.0 ** (exponent / 2) for exponent in range(-8, 5))
MAX_FOLDS = 10
_SMALLEST_SPREAD = 1e-6  # of a feature that says anything


class RidgeFit(NamedTuple):
    """What ridge regression found.

    Attributes:
        weights: of a cell's features.
        penalty: weight of the squared weights of standardised features against the mean squared
            error of cells.
        validation_mae: mean absolute error of the counts of held-out pictures, in objects.

    Example:
        >>> # see `fit_ridge`
    """

    weights: CountWeights
    penalty: float
    validation_mae: float


def count_pictures(features: np.ndarray, weights: CountWeights) -> np.ndarray:
    """Count pictures as a counter with these weights does.

    Args:
        features: (num_images, M, C) of the cells of each.
        weights: of a cell's features.

    Returns:
        (num_images,) float64 objects, >= 0.

    Example:
        >>> weights = CountWeights(np.array([1.0]), -1.0)
        >>> count_pictures(np.array([[[3.0], [0.5]]]), weights)
        array([2.])
    """
    cells = features @ np.asarray(weights.kernel, np.float64)
    return np.maximum(cells + (weights.bias or 0.0), 0).sum(axis=1)


def fit_ridge(
    features: np.ndarray, counts: np.ndarray, cell_counts: np.ndarray | None = None
) -> RidgeFit:
    """Fit max(0, w . f + b) to the counts of cells, or of pictures where cells are not known.

    Of the pictures each of up to ten parts is held out once; the penalty is the one of `PENALTIES`
    with the least error of their counts. The fit itself takes all pictures.

    Args:
        features: (num_images, M, C) of the cells of each picture, at least two pictures.
        counts: (num_images,) objects in each picture.
        cell_counts: (num_images, M) objects in each cell; None where they are not known.

    Returns:
        Weights, penalty and error.

    Raises:
        InputError: there is one picture alone, or a feature is not finite.

    Example:
        >>> features = np.array([[[0.0], [1.0]], [[2.0], [1.0]], [[3.0], [4.0]]])
        >>> fit = fit_ridge(features, features.sum((1, 2)) * 2, features[..., 0] * 2)
        >>> float(fit.weights.kernel[0].round(2))
        2.0
    """
    if len(features) < 2:
        raise InputError(
            "`solver` ridge needs two pictures at least to fit on, one to hold out. Received "
            f"{len(features)}; give more, or take nnls."
        )
    if not np.isfinite(features).all():
        raise InputError("the encoder's features are not finite; train it again with a lower rate.")
    counts = np.asarray(counts, np.float64)
    errors = np.zeros(len(PENALTIES))
    folds = KFold(min(MAX_FOLDS, len(features)), shuffle=True, random_state=0)
    for fitted, held_out in folds.split(features):
        cells = None if cell_counts is None else cell_counts[fitted]
        for i, penalty in enumerate(PENALTIES):
            weights = _solve(features[fitted], counts[fitted], cells, penalty)
            found = count_pictures(features[held_out], weights)
            errors[i] += np.abs(found - counts[held_out]).sum() / len(features)
    best = int(errors.argmin())
    weights = _solve(features, counts, cell_counts, PENALTIES[best])
    return RidgeFit(weights, PENALTIES[best], float(errors[best]))


def _solve(features, counts, cell_counts, penalty):
    num_cells = features.shape[1]
    # Of pictures the mean cell is fitted, whose weights are those of every cell.
    x = features.mean(axis=1, dtype=np.float64)
    y = counts / num_cells
    if cell_counts is not None:
        x, y = features.reshape(-1, features.shape[-1]).astype(np.float64), cell_counts.ravel()
    mean, spread = x.mean(axis=0), x.std(axis=0)
    scale = np.where(spread > _SMALLEST_SPREAD, 1 / np.maximum(spread, _SMALLEST_SPREAD), 0.0)
    ridge = Ridge(alpha=penalty * len(x)).fit((x - mean) * scale, y)
    kernel = ridge.coef_ * scale
    return CountWeights(kernel, float(ridge.intercept_ - kernel @ mean))
