"""Class activation maps: where in a picture a classifier finds its evidence."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

_ROUNDING = 1e-6  # of the largest value: what float32 sums of constants differ by


def class_activation_maps(
    features: np.ndarray, kernel: np.ndarray, classes: Sequence[int]
) -> np.ndarray:
    """Compute the maps of some classes of one picture: H_c(x) = sum_k w[k, c] f_k(x).

    For a classifier on globally averaged features without a bias the mean of a map over its places
    is the class's logit. Nothing is clipped or scaled here; see `ops.seeds.normalise_heat`.

    Args:
        features: (h, w, C), the classifier's last feature map.
        kernel: (C, K), its weights.
        classes: ids of the classes wanted, 1 to K; may be empty.

    Returns:
        (len(classes), h, w) float32 maps, in the order of `classes`.

    Raises:
        ValueError: the arrays do not fit each other, or an id is not 1 to K.

    Example:
        >>> class_activation_maps(np.array([[[1.0, 2.0]]]), np.array([[1, 0], [0, -3]]), [2])
        array([[[-6.]]], dtype=float32)

    References:
        Zhou et al., "Learning Deep Features for Discriminative Localization", CVPR 2016.
    """
    features, kernel = np.asarray(features, np.float32), np.asarray(kernel, np.float32)
    ids = np.asarray(classes, np.int64).reshape(-1)
    _check_shapes(features.shape, kernel.shape, axes=3)
    if ((ids < 1) | (ids > kernel.shape[1])).any():
        raise ValueError(f"`classes` must be ids from 1 to {kernel.shape[1]}. Received {classes}.")
    return np.moveaxis(features @ kernel[:, ids - 1], -1, 0)


def batch_class_activation_maps(features, kernel):
    """Compute the maps of all classes of several pictures, inside a Keras model too.

    Args:
        features: (B, h, w, C) tensor or array, the classifier's last feature map.
        kernel: (C, K), its weights.

    Returns:
        (B, h, w, K) tensor; the mean over h and w is what the classifier says without its bias.

    Raises:
        ValueError: the arrays do not fit each other.

    Example:
        >>> maps = batch_class_activation_maps(np.ones((1, 2, 3, 4)), np.ones((4, 5)))
        >>> tuple(maps.shape), float(maps[0, 0, 0, 0])
        ((1, 2, 3, 5), 4.0)
    """
    _check_shapes(features.shape, kernel.shape, axes=4)
    return keras.ops.matmul(features, kernel)


def normalise_maps(maps):
    """Stretch each map to [0, 1]; a map that says nothing becomes 0.

    Args:
        maps: (B, h, w) of any scale.

    Returns:
        (B, h, w) tensor: least value 0 and largest 1. A map whose values differ by no more than
        rounding, a constant one above all, is 0 everywhere. NaN stays NaN.

    Raises:
        ValueError: not three axes.

    Example:
        >>> normalise_maps(np.array([[[1.0, 3.0, 2.0]], [[5.0, 5.0, 5.0]]])).numpy().tolist()
        [[[0.0, 1.0, 0.5]], [[0.0, 0.0, 0.0]]]
    """
    if len(maps.shape) != 3:
        raise ValueError(f"`maps` must be (B, h, w). Received shape {tuple(maps.shape)}.")
    maps = tf.cast(maps, tf.float32)
    least = tf.reduce_min(maps, axis=(1, 2), keepdims=True)
    largest = tf.reduce_max(maps, axis=(1, 2), keepdims=True)
    span = largest - least
    scale = tf.maximum(tf.abs(least), tf.abs(largest))
    flat = span <= _ROUNDING * scale
    return tf.where(flat, 0.0, (maps - least) / tf.where(flat, 1.0, span))


def weigh_channels(features, weights):
    """Sum the channels of feature maps by their weights and leave out what is negative.

    M(x) = max(0, sum_k w_k A_k(x)).

    Args:
        features: (B, h, w, C).
        weights: (B, C) of each channel.

    Returns:
        (B, h, w) tensor.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> features = np.array([[[[1.0, 2.0], [3.0, 1.0]]]])
        >>> weigh_channels(features, np.array([[1.0, -1.0]])).numpy().tolist()
        [[[0.0, 2.0]]]
    """
    if len(features.shape) != 4 or len(weights.shape) != 2:
        raise ValueError(
            "`features` must be (B, h, w, C) and `weights` (B, C). "
            f"Received shapes {tuple(features.shape)} and {tuple(weights.shape)}."
        )
    features, weights = (keras.ops.cast(each, "float32") for each in (features, weights))
    return keras.ops.relu(keras.ops.einsum("bhwc,bc->bhw", features, weights))


def _check_shapes(features, kernel, *, axes):
    if len(features) != axes or len(kernel) != 2 or features[-1] != kernel[0]:
        wanted = "(h, w, C)" if axes == 3 else "(B, h, w, C)"
        raise ValueError(
            f"`features` must be {wanted} and `kernel` (C, K). "
            f"Received shapes {tuple(features)} and {tuple(kernel)}."
        )
