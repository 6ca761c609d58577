"""Reads pictures with a density-guided counter, and in fixed grids for comparison."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from config.schema import DensityGuidedParams
from datasets.images import read_image
from finetuning.unsupervised.cells import classify_counts
from finetuning.unsupervised.features import compute_features, count_cells, list_counts
from finetuning.unsupervised.pictures import CountedPictures, knows_cells
from metrics.counting import mean_absolute_error, mean_squared_error
from models.cell_layers import UNSEEN
from models.density_counter import CellWeights
from ops.cell_grids import list_grids
from reporting.model_files import load_keras_model
from reporting.predictors import trace_pictures
from training.distribution import run_without_strategy


def read_guided(
    file: Path, records: CountedPictures, params: DensityGuidedParams
) -> dict[str, np.ndarray]:
    """Count pictures one after the other, each from its own pixels.

    Args:
        file: `counter.keras` of a density-guided run.
        records: pictures.
        params: resolved parameters.

    Returns:
        {output: array with one row a picture}.

    Raises:
        InputError: the file or a picture cannot be read.

    Example:
        >>> # see `finetuning.unsupervised.density_guided.eval`
    """

    def read() -> list[dict[str, np.ndarray]]:
        call = trace_pictures(load_keras_model(file))
        pictures = (read_image(record.image, max_pixels=params.max_pixels) for record in records)
        return [call(picture[np.newaxis]) for picture in pictures]

    rows = run_without_strategy(read)
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}


def read_cell_weights(counter: keras.Model) -> CellWeights:
    """Take the weights out of a density-guided counter.

    Args:
        counter: what `models.density_counter.build_density_counter` returned, or its file.

    Returns:
        Its weights.

    Example:
        >>> # see `finetuning.unsupervised.density_guided.eval`
    """
    reader = counter.get_layer("cell_reader")
    (counts,) = reader.get_layer("cell_count").get_weights()
    return CellWeights(counts[:, 0], *reader.get_layer("probabilities").get_weights())


def compare_grids(
    extractor: keras.Model,
    records: CountedPictures,
    params: DensityGuidedParams,
    *,
    cell_weights: CellWeights,
    whole_weights: np.ndarray,
) -> tuple[dict[str, float], dict[str, str]]:
    """Count the same pictures in every fixed grid that the guided reading can reach.

    Args:
        extractor: what `models.counter.build_feature_extractor` returned.
        records: counted pictures.
        params: resolved parameters.
        cell_weights: of the density-guided counter.
        whole_weights: (C,) weights fitted on whole training pictures, as SYRAC does.

    Returns:
        (metrics, units): for G of each grid `patches_G_mae` and `patches_G_rmse` with the weights
        of whole pictures, `cells_G_mae` and `cells_G_rmse` with those of cells; where the pictures
        have points also `cell_accuracy`, the share of cells of all depths whose class is right.

    Raises:
        InputError: there are fewer pictures than devices.

    Example:
        >>> # see `finetuning.unsupervised.density_guided.eval`
    """
    counts, metrics, right = list_counts(records), {}, []
    pointed = knows_cells(records)
    for grid in sorted({1, *list_grids(params.N, params.max_depth)}):
        features = compute_features(extractor, records, params, num_patches=grid)
        for name, weights in (("patches", whole_weights), ("cells", cell_weights.counts)):
            predicted = (features @ weights).sum(axis=1)
            metrics[f"{name}_{grid}_mae"] = mean_absolute_error(counts, predicted)
            metrics[f"{name}_{grid}_rmse"] = mean_squared_error(counts, predicted) ** 0.5
        if pointed and grid >= params.N:
            logits = features @ cell_weights.class_kernel + cell_weights.class_bias
            true = classify_counts(count_cells(records, grid, params), params.sparse_max)
            right.append((logits.argmax(axis=-1) == true).ravel())
    units = dict.fromkeys(metrics, "objects")
    if right:
        metrics["cell_accuracy"] = float(np.concatenate(right).mean())
    return metrics, units


def count_reads(cells: np.ndarray) -> float:
    """Say how many cells went through the encoder for a picture, in the mean.

    Args:
        cells: (num_images, P, 2), see `models.density_counter`.

    Returns:
        Cells a picture.

    Example:
        >>> count_reads(np.array([[[0.0, 3.0], [2.0, 2.0], [0.0, 0.0]]]))
        2.0
    """
    return float((cells[..., 1] != UNSEEN).sum(axis=1).mean())
