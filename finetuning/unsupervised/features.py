"""Pooled features of pictures, whole or in patches, from a frozen encoder."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from config.errors import InputError
from config.schema import CountingParams
from datasets.images import read_header
from datasets.pipeline import make_patch_dataset
from datasets.records import PointRecord
from finetuning.unsupervised.pictures import CountedPictures
from ops.cell_grids import count_in_cells
from training.distribution import predict

_SMALLEST_SPREAD = 1e-6  # of a feature that says anything


def list_counts(records: CountedPictures) -> np.ndarray:
    """List the counts of pictures.

    Args:
        records: counted pictures.

    Returns:
        (num_images,) float64, in objects.

    Example:
        >>> list_counts([])
        array([], dtype=float64)
    """
    return np.array([record.count for record in records], np.float64)


def compute_features(
    extractor: keras.Model,
    records: CountedPictures,
    params: CountingParams,
    *,
    num_patches: int = 1,
) -> np.ndarray:
    """Compute the pooled features of the N x N patches of pictures, or of cells of each patch.

    Args:
        extractor: what `models.counter.build_feature_extractor` returned.
        records: pictures.
        params: resolved parameters.
        num_patches: N; 1 for whole pictures.

    Returns:
        (num_images, N * N, C) float32; of an extractor of G x G cells (num_images, N * N * G * G,
        C), patch by patch.

    Raises:
        InputError: there are fewer pictures than devices, or a feature is not finite.

    Example:
        >>> # see `finetuning.unsupervised.noisy_synth_regress.train`
    """
    size = extractor.input_shape[1:]
    batches = make_patch_dataset(
        records,
        size[:2],
        num_patches=num_patches,
        batch_size=params.batch_size,
        max_pixels=params.max_pixels,
    )
    folded = batches.map(lambda patches: tf.reshape(patches, (-1, *size)))
    features = predict(extractor, folded)  # (num_images * N * N, [G * G,] C)
    if not np.isfinite(features).all():
        raise InputError("the encoder's features are not finite; train it again with a lower rate.")
    return features.reshape(len(records), -1, features.shape[-1])


def count_cells(records: list[PointRecord], grid: int, params: CountingParams) -> np.ndarray:
    """Count the objects in the cells of pictures with points.

    Args:
        records: pictures.
        grid: cells along each axis.
        params: resolved parameters.

    Returns:
        (num_images, grid * grid) int64.

    Raises:
        InputError: a picture's header cannot be read.

    Example:
        >>> # see `finetuning.unsupervised.cells.collect_cells`
    """
    counts = []
    for record in records:
        header = read_header(record.image, max_pixels=params.max_pixels)
        counts.append(count_in_cells(record.points, (header.height, header.width), grid))
    return np.array(counts)


def scale_features(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find what centres features and gives each a spread of 1.

    Args:
        features: (M, C), finite.

    Returns:
        (mean, scale), each (C,) float64: (features - mean) * scale is standardised; the scale of a
        feature that does not change is 0.

    Example:
        >>> mean, scale = scale_features(np.array([[1.0, 5.0], [3.0, 5.0]]))
        >>> mean.tolist(), scale.tolist()
        ([2.0, 5.0], [1.0, 0.0])
    """
    mean, spread = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64)
    moves = spread > _SMALLEST_SPREAD
    return mean, np.where(moves, 1 / np.maximum(spread, _SMALLEST_SPREAD), 0.0)
