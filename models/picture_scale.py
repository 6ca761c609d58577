"""Layers that resize pictures for a network, and its maps back."""

# A layer documents itself: `call`, `get_config` and the shapes are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

import keras
import tensorflow as tf

SMALLEST_SIDE = 32  # of what the encoders take, pixels


@keras.saving.register_keras_serializable("inkling")
class ScaleImages(keras.layers.Layer):
    """Turn uint8 pictures to [0, 1] and resize them by a factor; grow tiny ones to 32 pixels.

    (B, H, W, 3) uint8 to (B, max(32, h), max(32, w), 3) float32 with h = round(H `scale`), at
    least 1. Shrinking averages (antialiased), both ways are bilinear. What is added below and on
    the right repeats the border.

    Args:
        scale: factor of height and width, above 0.

    Example:
        >>> tuple(ScaleImages(0.5)(keras.ops.zeros((1, 100, 20, 3), "uint8")).shape)
        (1, 50, 32, 3)
    """

    def __init__(self, scale=1.0, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.scale = scale

    def call(self, images):
        size = scaled_size(tf.shape(images)[1:3], self.scale)
        if self.scale != 1:
            images = tf.image.resize(images, size, antialias=self.scale < 1)
        images = tf.cast(images, tf.float32) / 255.0
        return tf.cond(
            tf.reduce_min(size) < SMALLEST_SIDE, lambda: _repeat_border(images), lambda: images
        )

    def compute_output_spec(self, images):
        return keras.KerasTensor((images.shape[0], None, None, images.shape[3]), "float32")

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


@keras.saving.register_keras_serializable("inkling")
class ResizeImages(keras.layers.Layer):
    """Turn uint8 pictures of any size to [0, 1] and one size; their aspect is not kept.

    (B, H, W, 3) uint8 to (B, height, width, 3) float32, bilinear, antialiased where it shrinks.

    Args:
        size: (height, width) to resize to, pixels.

    Example:
        >>> tuple(ResizeImages((32, 48))(keras.ops.zeros((1, 100, 20, 3), "uint8")).shape)
        (1, 32, 48, 3)
    """

    def __init__(self, size, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.size = tuple(size)

    def call(self, images):
        return tf.image.resize(images, self.size, antialias=True) / 255.0

    def compute_output_spec(self, images):
        return keras.KerasTensor((images.shape[0], *self.size, images.shape[3]), "float32")

    def get_config(self):
        return {**super().get_config(), "size": self.size}


@keras.saving.register_keras_serializable("inkling")
class RestoreSize(keras.layers.Layer):
    """Undo `ScaleImages` on a map: call it on `[map, images]`, the images as they came in.

    Cuts off what was added and, where the pictures were shrunk, resizes bilinearly to their height
    and width. A map of enlarged pictures stays as large: shrunk, it would lose the valleys of a
    pixel between objects that touch.

    Args:
        scale: the factor that `ScaleImages` took.

    Example:
        >>> logits, images = keras.ops.zeros((1, 50, 32, 1)), keras.ops.zeros((1, 100, 20, 3))
        >>> tuple(RestoreSize(0.5)([logits, images]).shape)
        (1, 100, 20, 1)
    """

    def __init__(self, scale=1.0, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.scale = scale

    def call(self, inputs):
        maps, images = inputs
        size = tf.shape(images)[1:3]
        height, width = tf.unstack(scaled_size(size, self.scale))
        maps = tf.cast(maps[:, :height, :width], tf.float32)
        return maps if self.scale >= 1 else tf.image.resize(maps, size)

    def compute_output_spec(self, inputs):
        maps, images = inputs
        size = images.shape[1:3] if self.scale <= 1 else (None, None)
        return keras.KerasTensor((images.shape[0], *size, maps.shape[3]), "float32")

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


def scaled_size(size: tf.Tensor, scale: float) -> tf.Tensor:
    """Return a picture's size after resizing by a factor: rounded, at least one pixel.

    Args:
        size: (2,) int32 height and width, pixels.
        scale: factor of both.

    Returns:
        (2,) int32.

    Example:
        >>> scaled_size(tf.constant([101, 1]), 0.25).numpy().tolist()
        [25, 1]
    """
    scaled = tf.round(tf.cast(size, tf.float64) * scale)
    return tf.maximum(tf.cast(scaled, tf.int32), 1)


def _repeat_border(images):
    """Grow pictures to sides of 32 pixels by repeating their last row and column."""
    for axis in (1, 2):
        side = tf.shape(images)[axis]
        places = tf.minimum(tf.range(tf.maximum(side, SMALLEST_SIDE)), side - 1)
        images = tf.gather(images, places, axis=axis)
    return images
