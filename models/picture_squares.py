"""Layers that lay pictures of any size in sides of 32 k + 1 pixels, and bring maps back."""

# A layer documents itself: `call`, `get_config` and the shapes are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

from typing import NamedTuple

import keras
import tensorflow as tf

GRID = 32  # the coarsest stride of an encoder


class Placement(NamedTuple):
    """Where a picture lies in the canvas that a network sees.

    Attributes:
        inside: (2,) int32 height and width of the resized picture, pixels.
        start: (2,) int32 its first row and column.
        sides: (2,) int32 height and width of the canvas, each of 32 k + 1 pixels.

    Example:
        >>> place_picture(tf.constant([50, 100]), square=33).start.numpy().tolist()
        [8, 0]
    """

    inside: tf.Tensor
    start: tf.Tensor
    sides: tf.Tensor


def place_picture(size: tf.Tensor, *, square: int | None, scale: float = 1.0) -> Placement:
    """Say how a picture lies in the middle of a canvas; `ops.squares.fit_square` in graph.

    Args:
        size: (2,) int32 height and width of the picture, pixels.
        square: side of the canvas, 32 k + 1 pixels, which the longer side of the picture fills;
            None for the picture's own size in the smallest canvas that holds it.
        scale: factor of the square's side (rounded to 32 k + 1), or of the picture's own size.

    Returns:
        The placement; the picture has at least one pixel.

    Example:
        >>> place_picture(tf.constant([40, 20]), square=None).sides.numpy().tolist()
        [65, 33]
    """
    lengths = tf.cast(size, tf.float64)
    if square is None:
        inside = tf.maximum(tf.cast(tf.round(lengths * scale), tf.int32), 1)
        sides = GRID * tf.maximum(-(-(inside - 1) // GRID), 1) + 1
        return Placement(inside, (sides - inside) // 2, sides)
    side = GRID * max(1, round((square - 1) * scale / GRID)) + 1
    inside = tf.cast(tf.round(lengths * (side / tf.reduce_max(lengths))), tf.int32)
    inside = tf.clip_by_value(inside, 1, side)
    return Placement(inside, (side - inside) // 2, tf.constant([side, side]))


@keras.saving.register_keras_serializable("inkling")
class FitPictures(keras.layers.Layer):
    """Turn uint8 pictures to [0, 1], resize them, their shape kept, and mirror beyond the border.

    (B, H, W, 3) uint8 to (B, h, w, 3) float32, both sides 32 k + 1 pixels. Bilinear, antialiased
    where it shrinks; mirrored about the outermost pixels, which are not repeated (reflect-101).

    Args:
        square: side that the longer side of a picture fills, pixels; None keeps its own size.
        scale: factor of that.

    Example:
        >>> tuple(FitPictures(65)(keras.ops.zeros((1, 50, 20, 3), "uint8")).shape)
        (1, 65, 65, 3)
    """

    def __init__(self, square=None, scale=1.0, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.square = square
        self.scale = scale

    def call(self, images):
        placed = place_picture(tf.shape(images)[1:3], square=self.square, scale=self.scale)
        images = tf.image.resize(images, placed.inside, antialias=True) / 255.0
        for axis in (0, 1):
            images = tf.gather(images, mirror_places(placed, axis), axis=axis + 1)
        return images

    def compute_output_spec(self, images):
        side = None
        if self.square is not None:
            side = GRID * max(1, round((self.square - 1) * self.scale / GRID)) + 1
        return keras.KerasTensor((images.shape[0], side, side, images.shape[3]), "float32")

    def get_config(self):
        return {**super().get_config(), "square": self.square, "scale": self.scale}


@keras.saving.register_keras_serializable("inkling")
class RestorePictures(keras.layers.Layer):
    """Undo `FitPictures` on a map: call it on `[map, images]`, the images as they came in.

    (B, h, w, C) to (B, H, W, C) float32 in one bilinear step, as `ops.squares.unfit_square`: the
    corner cells lie on the corner pixels of the canvas, and each pixel of the picture takes the
    value at its own place there.

    Args:
        square: as `FitPictures` took it.
        scale: likewise.

    Example:
        >>> maps, images = keras.ops.zeros((1, 9, 9, 4)), keras.ops.zeros((1, 50, 20, 3))
        >>> tuple(RestorePictures(65)([maps, images]).shape)
        (1, 50, 20, 4)
    """

    def __init__(self, square=None, scale=1.0, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.square = square
        self.scale = scale

    def call(self, inputs):
        maps, images = inputs
        size = tf.shape(images)[1:3]
        placed = place_picture(size, square=self.square, scale=self.scale)
        rows, columns = (weigh_cells(size[i], tf.shape(maps)[i + 1], placed, i) for i in (0, 1))
        spread = tf.einsum("Hh,bhwc->bHwc", rows, tf.cast(maps, tf.float32))
        return tf.einsum("Ww,bHwc->bHWc", columns, spread)

    def compute_output_spec(self, inputs):
        maps, images = inputs
        return keras.KerasTensor((*images.shape[:3], maps.shape[3]), "float32")

    def get_config(self):
        return {**super().get_config(), "square": self.square, "scale": self.scale}


def mirror_places(placed: Placement, axis: int) -> tf.Tensor:
    """Say which row (or column) of the resized picture each one of the canvas shows.

    Args:
        placed: of the picture in the canvas.
        axis: 0 for rows, 1 for columns.

    Returns:
        (side,) int32 places, from 0.

    Example:
        >>> placed = Placement(*(tf.constant([value] * 2) for value in (3, 1, 5)))
        >>> mirror_places(placed, 0).numpy().tolist()
        [1, 0, 1, 2, 1]
    """
    length = placed.inside[axis]
    period = tf.maximum(2 * (length - 1), 1)
    places = tf.math.floormod(tf.range(placed.sides[axis]) - placed.start[axis], period)
    return tf.minimum(places, period - places)


def weigh_cells(length: tf.Tensor, cells: tf.Tensor, placed: Placement, axis: int) -> tf.Tensor:
    """Say how much of each cell of a map is in each pixel of the picture, along an axis.

    Args:
        length: () int32 pixels of the picture.
        cells: () int32 cells of the map, at least 2.
        placed: of the picture in the canvas that the map covers.
        axis: 0 for rows, 1 for columns.

    Returns:
        (length, cells) float32, each row summing to 1.

    Example:
        >>> placed = place_picture(tf.constant([33, 33]), square=None)
        >>> weights = weigh_cells(tf.constant(33), tf.constant(3), placed, 0)
        >>> weights[8].numpy().tolist()
        [0.5, 0.5, 0.0]
    """
    inside = tf.cast(placed.inside[axis], tf.float64)
    pixels = tf.cast(tf.range(length), tf.float64) + 0.5
    places = tf.clip_by_value(pixels * inside / tf.cast(length, tf.float64) - 0.5, 0.0, inside - 1)
    places += tf.cast(placed.start[axis], tf.float64)
    places *= tf.cast(cells - 1, tf.float64) / tf.cast(placed.sides[axis] - 1, tf.float64)
    distances = tf.abs(places[:, tf.newaxis] - tf.cast(tf.range(cells), tf.float64))
    return tf.cast(tf.maximum(1 - distances, 0), tf.float32)
