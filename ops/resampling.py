"""Resizes pictures of one known size with operations that every runtime has."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

_FEW_TAPS = 2  # up to so many pixels that a new one is made of, they are gathered one by one


def bilinear_weights(length: int, new_length: int, *, antialias: bool = False) -> np.ndarray:
    """Return how much of each old pixel is in each new one when `tf.image.resize` resizes an axis.

    Args:
        length: pixels along the axis.
        new_length: pixels wanted.
        antialias: whether shrinking averages.

    Returns:
        (new_length, length) float32, each row summing to 1.

    Raises:
        ValueError: a length is below 1.

    Example:
        >>> bilinear_weights(4, 2).tolist()
        [[0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]]
    """
    if min(length, new_length) < 1:
        raise ValueError(f"lengths must be at least 1 pixel. Received {length}, {new_length}.")
    # A picture of one column whose channel i is bright in row i alone shows where row i goes.
    rows = np.eye(length, dtype=np.float32)[:, np.newaxis]  # (length, 1, length)
    with tf.init_scope():  # numbers, even while a graph is traced
        return tf.image.resize(rows, (new_length, 1), antialias=antialias)[:, 0].numpy()


def aligned_weights(length: int, new_length: int) -> np.ndarray:
    """Return the weights of a bilinear resize whose first and last pixels stay where they are.

    Args:
        length: pixels along the axis.
        new_length: pixels wanted.

    Returns:
        (new_length, length) float32, each row summing to 1.

    Raises:
        ValueError: a length is below 1.

    Example:
        >>> aligned_weights(2, 3).tolist()
        [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]
    """
    if min(length, new_length) < 1:
        raise ValueError(f"lengths must be at least 1 pixel. Received {length}, {new_length}.")
    places = np.linspace(0, length - 1, new_length) if new_length > 1 else np.zeros(1)
    distances = np.abs(places[:, np.newaxis] - np.arange(length))
    return np.maximum(1 - distances, 0).astype(np.float32)


def resample(images: tf.Tensor, rows: np.ndarray, columns: np.ndarray) -> tf.Tensor:
    """Make every new pixel a weighted sum of old ones, first down the rows, then along them.

    What `tf.image.resize` does, given the weights of both axes; its antialiased form is an
    operation of TensorFlow alone, and this one is gathers and matrix products.

    Args:
        images: (B, H, W, C) of any number type; H, W and C known.
        rows: (h, H) float32 weights.
        columns: (w, W) float32 weights.

    Returns:
        (B, h, w, C) float32.

    Raises:
        ValueError: the weights are not of the pictures' size.

    Example:
        >>> picture = tf.reshape(tf.range(4), (1, 1, 4, 1))
        >>> resample(picture, np.eye(1, dtype="float32"), bilinear_weights(4, 2)).numpy().ravel()
        array([0.5, 2.5], dtype=float32)
    """
    if (rows.shape[1], columns.shape[1]) != tuple(images.shape[1:3]):
        raise ValueError(
            f"`rows` and `columns` must be weights of {tuple(images.shape[1:3])} pixels (height, "
            f"width). Received {rows.shape[1]} and {columns.shape[1]}."
        )
    images = tf.cast(images, tf.float32)
    return _weigh(_weigh(images, rows, axis=1), columns, axis=2)


def _weigh(images, weights, *, axis):
    """Weigh along one axis: 1 or 2 of (B, H, W, C)."""
    if weights.shape[0] == weights.shape[1] and np.array_equal(weights, np.eye(len(weights))):
        return images
    num_taps = int(np.max(np.count_nonzero(weights, axis=1)))
    if num_taps <= _FEW_TAPS:
        return _gather(images, weights, num_taps, axis)
    # A matrix on the right of flat rows is the product that every runtime is fastest at.
    order = (0, 2, 3, 1) if axis == 1 else (0, 1, 3, 2)
    moved = tf.transpose(images, order)  # (B, ., ., n), n the axis' pixels
    shape = moved.shape.as_list()
    flat = tf.reshape(moved, (-1, shape[3])) @ weights.T
    moved = tf.reshape(flat, (-1, *shape[1:3], len(weights)))
    return tf.transpose(moved, np.argsort(order))


def _gather(images, weights, num_taps, axis):
    # Stable, so that the order of equal weights, the zeros, is the same everywhere.
    places = np.argsort(-np.abs(weights), axis=1, kind="stable")[:, :num_taps]
    shares = np.take_along_axis(weights, places, axis=1)
    form = (1, -1, 1, 1) if axis == 1 else (1, 1, -1, 1)
    total = None
    for tap in range(num_taps):
        part = tf.gather(images, places[:, tap].astype(np.int32), axis=axis)
        part *= shares[:, tap].reshape(form)
        total = part if total is None else total + part
    return total
