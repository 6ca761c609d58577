"""Cells of counted pictures to fit on: what they hold, what class they are, what reads them."""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression

from config.schema import DensityGuidedParams
from finetuning.unsupervised.features import (
    compute_features,
    count_cells,
    list_counts,
    scale_features,
)
from finetuning.unsupervised.fitting import fit_weights
from finetuning.unsupervised.pictures import CountedPictures, knows_cells
from models.density_counter import CELL_CLASSES, CellWeights
from ops.cell_grids import list_grids

_NEVER = -30.0  # logit of a class that no training cell has


class Cells(NamedTuple):
    """Cells of one or several grids.

    Attributes:
        features: (M, C) pooled features.
        counts: (M,) objects in them.
        depths: (M,) how often they were cut, 0 for the coarsest.

    Example:
        >>> Cells(np.zeros((1, 2)), np.ones(1), np.zeros(1, int)).counts
        array([1.])
    """

    features: np.ndarray
    counts: np.ndarray
    depths: np.ndarray


def collect_cells(
    extractor: keras.Model,
    records: CountedPictures,
    params: DensityGuidedParams,
    *,
    max_cells: int | None = None,
) -> Cells:
    """Compute the cells of pictures at all depths.

    Pictures with points are cut as they will be read; of others, whose objects have no place or
    are marked in a region alone, only the whole picture is a cell. Where `max_cells` does not
    allow all, the pictures of a depth are evenly spread over the list.

    Args:
        extractor: what `models.counter.build_feature_extractor` returned.
        records: counted pictures.
        params: resolved parameters.
        max_cells: most cells, as many of each depth; None for all.

    Returns:
        The cells, the coarsest first.

    Raises:
        InputError: there are fewer pictures than devices.

    Example:
        >>> # see `finetuning.unsupervised.density_guided.train`
    """
    pointed = knows_cells(records)
    grids = list_grids(params.N, params.max_depth) if pointed else [1]
    parts = []
    for depth, grid in enumerate(grids):
        number = len(records)
        if max_cells is not None:
            number = min(number, max(1, max_cells // (len(grids) * grid**2)))
        places = np.linspace(0, len(records) - 1, number).round().astype(int)
        chosen = [records[i] for i in places]
        features = compute_features(extractor, chosen, params, num_patches=grid)
        counts = count_cells(chosen, grid, params) if pointed else list_counts(chosen)
        features = features.reshape(-1, features.shape[-1])
        parts.append(Cells(features, counts.ravel(), np.full(len(features), depth)))
    return Cells(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def classify_counts(counts: np.ndarray, sparse_max: int) -> np.ndarray:
    """Give cells the class that their count means.

    Args:
        counts: (M,) objects.
        sparse_max: most objects of a sparse cell.

    Returns:
        (M,) places in `models.density_counter.CELL_CLASSES`.

    Example:
        >>> classify_counts(np.array([0, 1, 5, 6]), 5).tolist()
        [0, 1, 1, 2]
    """
    counts = np.asarray(counts)
    return (counts > 0).astype(int) + (counts > sparse_max)


def fit_cell_weights(cells: Cells, params: DensityGuidedParams) -> CellWeights:
    """Fit what reads a cell: its count by non-negative least squares, its class by logistic loss.

    Counts are fitted on the cells that are counted when a picture is read: sparse and empty ones,
    and dense ones of the last depth. Where no cell is sparse, on all.

    Args:
        cells: of the training pictures.
        params: resolved parameters.

    Returns:
        The weights.

    Raises:
        InputError: a feature is not finite, or features do not grow with the counts.

    Example:
        >>> # see `finetuning.unsupervised.density_guided.train`
    """
    classes = classify_counts(cells.counts, params.sparse_max)
    counted = (classes < 2) | (cells.depths == params.max_depth)
    if not cells.counts[counted].any():
        counted[:] = True
    counts = fit_weights(cells.features[counted], cells.counts[counted])
    return CellWeights(counts, *fit_classifier(cells.features, classes, penalty=params.penalty))


def fit_classifier(
    features: np.ndarray, classes: np.ndarray, *, penalty: float
) -> tuple[np.ndarray, np.ndarray]:
    """Fit softmax(features kernel + bias) to the classes of cells.

    Minimises the mean cross-entropy plus penalty / 2 times the squared weights of standardised
    features. A class without cells is never answered.

    Args:
        features: (M, C), finite.
        classes: (M,) places in `models.density_counter.CELL_CLASSES`.
        penalty: at least 0.

    Returns:
        (kernel (C, 3), bias (3,)), float64, of features as they are.

    Example:
        >>> kernel, bias = fit_classifier(
        ...     np.array([[0.0], [1.0], [9.0], [10.0]]), np.array([0, 0, 2, 2]), penalty=0.01
        ... )
        >>> (np.array([[0.0], [10.0]]) @ kernel + bias).argmax(axis=1).tolist()
        [0, 2]
    """
    num_classes = len(CELL_CLASSES)
    kernel, bias = np.zeros((features.shape[1], num_classes)), np.full(num_classes, _NEVER)
    present = np.unique(classes)
    if len(present) == 1:
        bias[present] = 0.0
        return kernel, bias
    mean, scale = scale_features(features)
    weight = 1 / (max(penalty, 1e-9) * len(features))
    fitted = LogisticRegression(C=weight, max_iter=500).fit((features - mean) * scale, classes)
    rows, offsets = fitted.coef_, fitted.intercept_  # (K, C), (K,); one row for two classes
    if len(present) == 2:
        rows, offsets = np.concatenate([-rows, rows]) / 2, np.concatenate([-offsets, offsets]) / 2
    kernel[:, present] = (rows * scale).T
    bias[present] = offsets - (rows * scale) @ mean
    return kernel, bias
