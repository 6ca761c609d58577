"""Resize maps whose cells lie on pixels, not between them: the corners stay where they are."""

# A layer documents itself: `call` and the shapes are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

import keras
import tensorflow as tf


def resize_aligned(maps: tf.Tensor, size: tf.Tensor | tuple[int, int]) -> tf.Tensor:
    """Resize maps bilinearly so that the corner cells lie on the corner pixels.

    Right for the maps of a network on sides of 8 k + 1 pixels, whose cell (i, j) is the pixel
    (8 i, 8 j): a usual resize would shift them by up to half a cell.

    Args:
        maps: (B, h, w, C) float32.
        size: (height, width) wanted, in pixels.

    Returns:
        (B, height, width, C) float32.

    Example:
        >>> resize_aligned(tf.reshape([0.0, 2.0], (1, 1, 2, 1)), (1, 3)).numpy().ravel().tolist()
        [0.0, 1.0, 2.0]
    """
    return tf.raw_ops.ResizeBilinear(images=maps, size=size, align_corners=True)


def map_size(maps: tf.Tensor) -> tf.Tensor | tuple[int, int]:
    """Return the height and width of maps: numbers where they are known, else a tensor.

    Formats that TensorFlow's graphs are turned into know a constant size better than a computed
    one.

    Args:
        maps: (B, H, W, C).

    Returns:
        (H, W), or a tensor (2,) int32.

    Example:
        >>> map_size(tf.zeros((1, 2, 3, 4)))
        (2, 3)
    """
    known = tuple(maps.shape[1:3])
    return tf.shape(maps)[1:3] if None in known else known


@keras.saving.register_keras_serializable("inkling")
class AlignTo(keras.layers.Layer):
    """Resize a map to the height and width of another, corners kept: call it on `[map, other]`.

    Example:
        >>> small, large = keras.ops.ones((1, 2, 3, 4)), keras.ops.ones((1, 5, 7, 1))
        >>> tuple(AlignTo()([small, large]).shape)
        (1, 5, 7, 4)
    """

    def call(self, inputs):
        small, large = inputs
        aligned = resize_aligned(tf.cast(small, tf.float32), map_size(large))
        return tf.cast(aligned, small.dtype)

    def compute_output_shape(self, input_shape):
        small, large = input_shape
        return (small[0], *large[1:3], small[3])
