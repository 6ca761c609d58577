"""Layers that read some cells of a picture and cut the dense ones again."""

# A layer documents itself: `call`, `get_config` and `compute_output_shape` are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

import keras
import tensorflow as tf

# What a cell turned out to be; the classifier's classes in their order come after `UNSEEN`.
UNSEEN, NONE, SPARSE, CUT, DENSE = range(5)


@keras.saving.register_keras_serializable("inkling")
class ChooseCells(keras.layers.Layer):
    """Take the chosen cells out of a batch: (B, P, h, w, C) and bool (B, P) to (M, h, w, C).

    Where none is chosen, the first is taken all the same, for convolutions need one; `PlaceCells`
    drops it again.

    Example:
        >>> chosen = keras.ops.array([[False, True], [False, False]])
        >>> tuple(ChooseCells()([keras.ops.zeros((2, 2, 4, 6, 3)), chosen]).shape)
        (1, 4, 6, 3)
    """

    def call(self, inputs):
        cells, chosen = inputs
        places = tf.where(_at_least_one(chosen))  # (M, 2)
        return tf.gather_nd(cells, places)

    def compute_output_shape(self, input_shape):
        return (None, *input_shape[0][2:])


@keras.saving.register_keras_serializable("inkling")
class PlaceCells(keras.layers.Layer):
    """Put what was read of chosen cells back: (M, K) and bool (B, P) to (B, P, K), 0 elsewhere.

    Example:
        >>> chosen = keras.ops.array([[False, True]])
        >>> PlaceCells()([keras.ops.array([[7.0]]), chosen]).numpy().tolist()
        [[[0.0], [7.0]]]
    """

    def call(self, inputs):
        values, chosen = inputs
        places = tf.where(_at_least_one(chosen))  # (M, 2), int64
        shape = tf.concat([tf.shape(chosen), tf.shape(values)[1:]], axis=0)
        placed = tf.scatter_nd(places, values, tf.cast(shape, tf.int64))  # (B, P, K)
        return tf.where(chosen[..., tf.newaxis], placed, tf.zeros_like(placed))

    def compute_output_shape(self, input_shape):
        return (*input_shape[1], *input_shape[0][1:])


@keras.saving.register_keras_serializable("inkling")
class JudgeCells(keras.layers.Layer):
    """Say what cells are: class probabilities (B, P, 3) and bool seen (B, P) to states (B, P).

    States are `UNSEEN` 0, `NONE` 1, `SPARSE` 2 and, of the third class, `CUT` 3 where the cell is
    cut again or `DENSE` 4 where it is not; float32, whole numbers.

    Args:
        cut_again: whether dense cells are cut again.

    Example:
        >>> shares = keras.ops.array([[[0.1, 0.2, 0.7], [0.8, 0.1, 0.1]]])
        >>> JudgeCells(True)([shares, keras.ops.array([[True, True]])]).numpy().tolist()
        [[3.0, 1.0]]
    """

    def __init__(self, cut_again, **kwargs):
        super().__init__(**kwargs)
        self.cut_again = cut_again

    def call(self, inputs):
        probabilities, seen = inputs
        # keras.ops.argmax looks for -0.0 bit by bit, which other runtimes cannot.
        states = 1 + tf.argmax(probabilities, axis=-1, output_type=tf.int32)
        if not self.cut_again:
            states = keras.ops.where(states == CUT, DENSE, states)
        return keras.ops.cast(keras.ops.where(seen, states, UNSEEN), "float32")

    def compute_output_shape(self, input_shape):
        return input_shape[1]

    def get_config(self):
        return {**super().get_config(), "cut_again": self.cut_again}


@keras.saving.register_keras_serializable("inkling")
class MarkParts(keras.layers.Layer):
    """Mark the four parts of each cell that is cut: states (B, G * G) to bool (B, 2 G * 2 G).

    Args:
        grid: G, cells along each axis.

    Example:
        >>> states = keras.ops.array([[3.0, 1.0, 1.0, 1.0]])
        >>> MarkParts(2)(states).numpy().reshape(4, 4)[:, :3].tolist()[1:3]
        [[True, True, False], [False, False, False]]
    """

    def __init__(self, grid, **kwargs):
        super().__init__(**kwargs)
        self.grid = grid

    def call(self, states):
        cut = keras.ops.reshape(states == CUT, (-1, self.grid, self.grid))
        parts = keras.ops.repeat(keras.ops.repeat(cut, 2, axis=1), 2, axis=2)
        return keras.ops.reshape(parts, (-1, 4 * self.grid**2))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], 4 * self.grid**2)

    def compute_output_spec(self, states):
        return keras.KerasTensor(self.compute_output_shape(states.shape), "bool")

    def get_config(self):
        return {**super().get_config(), "grid": self.grid}


@keras.saving.register_keras_serializable("inkling")
class CountLeaves(keras.layers.Layer):
    """Keep the counts of `SPARSE` and `DENSE` cells, 0 for the others; NaN stays NaN.

    Call it on `[counts, states]`, (B, P) both.

    Example:
        >>> states = keras.ops.array([[0.0, 1.0, 2.0, 3.0, 4.0]])
        >>> CountLeaves()([keras.ops.ones((1, 5)), states]).numpy().tolist()
        [[0.0, 0.0, 1.0, 0.0, 1.0]]
    """

    def call(self, inputs):
        counts, states = inputs
        counted = (states == SPARSE) | (states == DENSE) | keras.ops.isnan(counts)
        return keras.ops.where(counted, counts, 0.0)

    def compute_output_shape(self, input_shape):
        return input_shape[0]


@keras.saving.register_keras_serializable("inkling")
class SumParts(keras.layers.Layer):
    """Sum the counts of the parts of each coarse cell: (B, G * G) to (B, N * N), row by row.

    Args:
        num_patches: N, coarse cells along each axis; G is a multiple of it.

    Example:
        >>> SumParts(1)(keras.ops.ones((2, 4))).numpy().tolist()
        [[4.0], [4.0]]
    """

    def __init__(self, num_patches, **kwargs):
        super().__init__(**kwargs)
        self.num_patches = num_patches

    def call(self, counts):
        ratio = round(counts.shape[1] ** 0.5) // self.num_patches
        sides = (self.num_patches, ratio, self.num_patches, ratio)
        sums = keras.ops.sum(keras.ops.reshape(counts, (-1, *sides)), axis=(2, 4))
        return keras.ops.reshape(sums, (-1, self.num_patches**2))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.num_patches**2)

    def get_config(self):
        return {**super().get_config(), "num_patches": self.num_patches}


@keras.saving.register_keras_serializable("inkling")
class AllCells(keras.layers.Layer):
    """Choose every cell: (B, P, ...) to True (B, P).

    Example:
        >>> AllCells()(keras.ops.zeros((1, 2, 4, 6, 3))).numpy().tolist()
        [[True, True]]
    """

    def call(self, cells):
        return keras.ops.ones(keras.ops.shape(cells)[:2], "bool")

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[:2])

    def compute_output_spec(self, cells):
        return keras.KerasTensor(self.compute_output_shape(cells.shape), "bool")


def _at_least_one(chosen):
    flat = tf.reshape(chosen, (-1,))
    first = tf.equal(tf.range(tf.size(flat)), 0) & ~tf.reduce_any(flat)
    return tf.reshape(flat | first, tf.shape(chosen))
