"""Fits the counts of cells by ridge regression, with a penalty that held-out pictures choose."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold

from finetuning.unsupervised.features import scale_features
from models.counter import CountWeights

PENALTIES = tuple(10.0 ** (exponent / 2) for exponent in range(-8, 5))
MAX_FOLDS = 10
_TIE = 1e-9  # errors that differ by less are equal


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

    The list of pictures is cut in up to ten parts, and each is held out once; the penalty is the
    one of `PENALTIES` with the least error of their counts. The fit itself takes all pictures.

    Args:
        features: (num_images, M, C) of the cells of each picture, at least two pictures.
        counts: (num_images,) objects in each picture.
        cell_counts: (num_images, M) objects in each cell; None where they are not known.

    Returns:
        Weights, penalty and error.

    Raises:
        ValueError: there is one picture alone.

    Example:
        >>> features = np.array([[[0.0], [1.0]], [[2.0], [1.0]], [[3.0], [4.0]]])
        >>> fit = fit_ridge(features, features.sum((1, 2)) * 2, features[..., 0] * 2)
        >>> float(fit.weights.kernel[0].round(2))
        2.0
    """
    counts = np.asarray(counts, np.float64)
    errors = np.zeros(len(PENALTIES))
    # Neighbours in the list are neighbours in time, or of one photo: they are held out together.
    for fitted, held_out in KFold(min(MAX_FOLDS, len(features))).split(features):
        cells = None if cell_counts is None else cell_counts[fitted]
        solved = _solve(features[fitted], counts[fitted], cells, PENALTIES)
        for i, weights in enumerate(solved):
            found = count_pictures(features[held_out], weights)
            errors[i] += np.abs(found - counts[held_out]).sum() / len(features)
    # Of equals the strongest.
    best = int(np.flatnonzero(errors <= errors.min() * (1 + _TIE))[-1])
    (weights,) = _solve(features, counts, cell_counts, PENALTIES[best : best + 1])
    return RidgeFit(weights, PENALTIES[best], float(errors[best]))


def _solve(features, counts, cell_counts, penalties):
    """Return the weights for each penalty: the Gram matrix is made once for all."""
    # Of pictures the mean cell is fitted, whose weights are those of every cell.
    x, y = features.mean(axis=1, dtype=np.float64), counts / features.shape[1]
    if cell_counts is not None:
        x, y = features.reshape(-1, features.shape[-1]), cell_counts.ravel()
    mean, scale = scale_features(x)
    alphas = np.array(penalties) * len(x)
    ridge = Ridge(alpha=alphas, solver="cholesky")
    targets = np.tile(np.asarray(y, np.float64)[:, np.newaxis], len(alphas))
    ridge.fit((x - mean) * scale, targets)
    kernels = np.reshape(ridge.coef_, (len(alphas), -1)) * scale
    biases = np.ravel(ridge.intercept_) - kernels @ mean
    return [CountWeights(kernel, float(bias)) for kernel, bias in zip(kernels, biases, strict=True)]
