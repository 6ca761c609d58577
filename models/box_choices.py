"""Layers that choose a cell or an area of a map and read one box per picture off it.

A choice jumps where two are equally good: `find_settled` tells where it does not. All of them use
operations that LiteRT has built in, on shapes that are known but for the batch.
"""

# A layer documents itself: `call`, `get_config` and the shapes are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from ops.box_forms import clip_boxes
from ops.box_targets import decode_grid, decode_mask

MASK_ROUNDINGS = ("published", "centres")


@keras.saving.register_keras_serializable("inkling")
class DecodeGrid(keras.layers.Layer):
    """Read the box of the cell that is likeliest to hold an object's centre.

    (B, g, h, 5) grid of (height, width, offset y, offset x, objectness), all in 0..1 after the
    sigmoid, to `box` (B, 4) xyxy fractions and `score` (B,), the cell's objectness. The centre
    lies at (cell + offset) / cells along each axis. The first of equal cells counts.

    Example:
        >>> grid = keras.ops.array([[[[1.0, 0.5, 0.5, 0.5, 0.1], [1.0, 0.5, 0.5, 0.5, 0.9]]]])
        >>> DecodeGrid()(grid)["box"].numpy().tolist()
        [[0.5, 0.0, 1.0, 1.0]]
    """

    def call(self, grid):
        box, score = decode_grid(grid)
        return {"box": box, "score": score}

    def find_settled(self, grid: np.ndarray, tolerance: float) -> np.ndarray:
        """Tell of which grids the answer stays the same where each number moves by a little.

        Args:
            grid: (B, g, h, 5).
            tolerance: most that a number may move.

        Returns:
            (B,) bool.

        Example:
            >>> # see `models.locator.find_settled`
        """
        objectness = np.sort(np.reshape(grid[..., 4], (len(grid), -1)), axis=1)
        second = objectness[:, -2] if objectness.shape[1] > 1 else -np.inf
        return objectness[:, -1] - second > 2 * tolerance

    def compute_output_shape(self, input_shape):
        return {"box": (input_shape[0], 4), "score": (input_shape[0],)}


@keras.saving.register_keras_serializable("inkling")
class DecodeMask(keras.layers.Layer):
    """Read the box round the area of a mask that holds its likeliest pixel.

    (B, h, w, 1) logits to `box` (B, 4) xyxy fractions and `score` (B,), the mean probability of
    the area. A pixel is in when p > 1/2, or, where none is, when p is at least half the largest;
    the likeliest is the one with the largest mean over its 3 x 3 neighbours. The area grows from
    there over 8-neighbours, one ring a step, as many steps as the longer side has pixels: areas
    as simple as a box are whole, and specks elsewhere do not count.

    With `rounding` "centres" a pixel stands for its cell: column c reaches from c / w to
    (c + 1) / w. "published" undoes the original's drawing, where it reaches from c / (w - 1) to
    (c + 1) / (w - 1), cut at the border (`ops.box_targets.draw_box_mask`).

    Args:
        rounding: one of `MASK_ROUNDINGS`.

    Example:
        >>> logits = keras.ops.reshape(keras.ops.array([-9.0, 9.0, 9.0, -9.0]), (1, 1, 4, 1))
        >>> DecodeMask("centres")(logits)["box"].numpy().tolist()
        [[0.25, 0.0, 0.75, 1.0]]
    """

    def __init__(self, rounding="published", **kwargs):
        super().__init__(**kwargs)
        self.rounding = rounding

    def call(self, logits):
        probabilities = ops.sigmoid(logits)
        inside = _inside(probabilities)
        area = _grow(_likeliest(probabilities, inside), inside)
        box, score = decode_mask(probabilities * area, threshold=0.0)
        if self.rounding == "published":
            rows, columns = logits.shape[1:3]
            scale = [n / max(1, n - 1) for n in (columns, rows)]
            box = clip_boxes(box * ops.array(scale * 2, box.dtype), (1, 1))
        return {"box": box, "score": score}

    def find_settled(self, logits: np.ndarray, tolerance: float) -> np.ndarray:
        """Tell of which masks the answer hardly changes where each probability moves by a little.

        Args:
            logits: (B, h, w, 1).
            tolerance: most that a probability may move.

        Returns:
            (B,) bool.

        Example:
            >>> # see `models.locator.find_settled`
        """
        probabilities = ops.convert_to_numpy(ops.sigmoid(logits))
        inside = _inside(probabilities)
        smooth = _smoothed(probabilities, inside)
        area = ops.convert_to_numpy(_grow(_likeliest(probabilities, inside), inside))
        largest = probabilities.max(axis=(1, 2, 3), keepdims=True)
        usual = largest > 0.5
        threshold = np.where(usual, 0.5, largest / 2)
        # Half of the largest moves as the largest does.
        near = np.abs(probabilities - threshold) <= np.where(usual, 1, 1.5) * tolerance
        near |= np.abs(largest - 0.5) <= tolerance
        smooth = ops.convert_to_numpy(smooth)
        rival = smooth >= smooth.max(axis=(1, 2, 3), keepdims=True) - 2 * tolerance
        return ~(near | rival & (area == 0)).any(axis=(1, 2, 3))

    def compute_output_shape(self, input_shape):
        return {"box": (input_shape[0], 4), "score": (input_shape[0],)}

    def get_config(self):
        return {**super().get_config(), "rounding": self.rounding}


def _inside(probabilities):
    """Return ones (B, h, w, 1) where the mask is, zeros elsewhere."""
    largest = ops.max(probabilities, axis=(1, 2, 3), keepdims=True)
    usual = ops.cast(probabilities > 0.5, probabilities.dtype)
    relative = ops.cast(probabilities >= largest / 2, probabilities.dtype)
    return ops.where(largest > 0.5, usual, relative)


def _likeliest(probabilities, inside):
    """Return a one at the pixel of the largest 3 x 3 mean in the mask: (B, h, w, 1)."""
    rows, columns = probabilities.shape[1:3]
    smooth = _smoothed(probabilities, inside)
    # keras.ops.argmax looks for -0.0 bit by bit, which LiteRT cannot.
    best = tf.argmax(ops.reshape(smooth, (-1, rows * columns)), axis=-1)
    one = ops.one_hot(best, rows * columns, dtype=probabilities.dtype)
    return ops.reshape(one, (-1, rows, columns, 1))


def _smoothed(probabilities, inside):
    return ops.average_pool(probabilities, 3, strides=1, padding="same") * inside


def _grow(area, inside):
    for _ in range(max(inside.shape[1:3])):
        area = ops.max_pool(area, 3, strides=1, padding="same") * inside
    return area
