"""Cut pictures in a grid of N x N patches without losing a pixel."""

from __future__ import annotations

import numpy as np
import tensorflow as tf


def patch_boxes(height: int, width: int, num_patches: int) -> np.ndarray:
    """Return where the patches of `cut_patches` lie in their picture.

    Along an axis of S pixels patch i covers [e(i), e(i + 1)), e(i) = floor(i S / N + 1/2): the
    patches touch, cover every pixel once, and differ by one pixel at most.

    Args:
        height: rows of the picture, in pixels.
        width: columns of the picture, in pixels.
        num_patches: patches along each axis, N.

    Returns:
        (N * N, 4) float32 boxes, xyxy in pixels, half-open, row by row.

    Raises:
        ValueError: `num_patches` is below 1 or more than the picture's rows or columns.

    Example:
        >>> patch_boxes(4, 5, 2).tolist()[:2]
        [[0.0, 0.0, 3.0, 2.0], [3.0, 0.0, 5.0, 2.0]]
    """
    _check_num_patches(num_patches)
    _check_fits(height, width, num_patches)
    ys = [_edge(i, height, num_patches) for i in range(num_patches + 1)]
    xs = [_edge(j, width, num_patches) for j in range(num_patches + 1)]
    rows = [
        (xs[j], ys[i], xs[j + 1], ys[i + 1]) for i in range(num_patches) for j in range(num_patches)
    ]
    return np.array(rows, np.float32)


def cut_patches(images, num_patches: int, size: tuple[int, int]) -> tf.Tensor:
    """Cut every picture in N x N patches and resize each to one size.

    Works eagerly, in `tf.data` and in a model whose pictures may have any size: then the size is
    checked when the graph runs. `patch_boxes` says which pixels a patch holds. The resizer is
    `tf.image.resize`, bilinear, without antialias, and sees one patch at a time.

    Args:
        images: (B, H, W, C) pictures of any number type; the value range is kept.
        num_patches: patches along each axis, N.
        size: (height, width) of the patches returned, in pixels.

    Returns:
        (B, N * N, height, width, C) float32 patches, row by row.

    Raises:
        ValueError: `images` has no four axes, `size` is not two positive numbers, or `num_patches`
            is below 1 or more than the known rows or columns.
        tf.errors.InvalidArgumentError: the same for rows or columns known only to a running graph.

    Example:
        >>> cut_patches(tf.zeros((1, 7, 5, 3), tf.uint8), 2, (4, 6)).shape.as_list()
        [1, 4, 4, 6, 3]
    """
    images = tf.convert_to_tensor(images)
    _check_num_patches(num_patches)
    _check_shapes(images, size)
    height, width = _checked_size(images, num_patches)
    patches = []
    for i in range(num_patches):
        top, bottom = _edge(i, height, num_patches), _edge(i + 1, height, num_patches)
        for j in range(num_patches):
            left, right = _edge(j, width, num_patches), _edge(j + 1, width, num_patches)
            patches.append(tf.image.resize(images[:, top:bottom, left:right], size))
    return tf.cast(tf.stack(patches, axis=1), tf.float32)  # (B, N * N, h, w, C)


def _edge(index, length, num_patches):
    # Integer arithmetic rounds the same way in Python and in TensorFlow.
    return (2 * index * length + num_patches) // (2 * num_patches)


def _checked_size(images, num_patches):
    known = images.shape[1:3]
    if known.is_fully_defined():
        _check_fits(*known, num_patches)
        return tuple(known)
    height, width = tf.unstack(tf.shape(images)[1:3])
    fits = tf.debugging.assert_greater_equal(
        tf.minimum(height, width),
        num_patches,
        f"`num_patches` must be at most the picture's rows and columns. Received {num_patches}.",
    )
    # The check runs before the first slice; an eager tensor's shape is always known.
    with tf.control_dependencies([fits]):
        return tf.identity(height), tf.identity(width)


def _check_num_patches(num_patches):
    if num_patches < 1:
        raise ValueError(f"`num_patches` must be at least 1. Received {num_patches}.")


def _check_fits(height, width, num_patches):
    if num_patches > min(height, width):
        raise ValueError(
            f"`num_patches` must be at most the picture's rows and columns. Received {num_patches} "
            f"for a picture of {height} x {width} pixels (height x width); use a smaller N."
        )


def _check_shapes(images, size):
    if images.shape.rank is not None and images.shape.rank != 4:
        raise ValueError(
            f"`images` must be (B, H, W, C). Received shape {tuple(images.shape)}; "
            "add a batch axis to a single picture."
        )
    if len(size) != 2 or min(size) < 1:
        raise ValueError(f"`size` must be (height, width), both positive. Received {tuple(size)}.")
