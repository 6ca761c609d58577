"""Pooled features of pictures, whole or in patches, from a frozen encoder."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from config.schema import CountingParams
from datasets.pipeline import make_patch_dataset
from finetuning.unsupervised.pictures import CountedPictures
from training.distribution import predict


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
    """Compute the pooled features of the N x N patches of pictures.

    Args:
        extractor: what `models.counter.build_feature_extractor` returned.
        records: pictures.
        params: resolved parameters.
        num_patches: N; 1 for whole pictures.

    Returns:
        (num_images, N * N, C) float32.

    Raises:
        InputError: there are fewer pictures than devices.

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
    features = predict(extractor, folded)  # (num_images * N * N, C)
    return features.reshape(len(records), num_patches**2, -1)
