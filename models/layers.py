"""Keras layers that several architectures share; each is registered and can be saved."""

# A layer documents itself: `call`, `get_config` and `compute_output_shape` are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

import keras
import numpy as np

from ops.patches import cut_patches

# ImageNet's mean colour in blue, green, red order (Caffe's VGG and ResNet models).
CAFFE_MEAN = (103.939, 116.779, 123.68)


@keras.saving.register_keras_serializable("inkling")
class CaffePreprocess(keras.layers.Layer):
    """Turn RGB to BGR and subtract ImageNet's mean colour.

    What `keras.applications.imagenet_utils.preprocess_input(mode="caffe")` does, as a layer:
    (..., 3) RGB in [0, 255] to (..., 3) BGR around 0.

    Example:
        >>> [round(float(x), 3) for x in CaffePreprocess()(keras.ops.zeros((1, 1, 1, 3)))[0, 0, 0]]
        [-103.939, -116.779, -123.68]
    """

    def call(self, images):
        return keras.ops.flip(images, axis=-1) - keras.ops.array(CAFFE_MEAN, images.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape


@keras.saving.register_keras_serializable("inkling")
class FoldLists(keras.layers.Layer):
    """Fold a list axis into the batch: (B, L, ...) to (B * L, ...), L known or not.

    `UnfoldLists` takes the result apart again.

    Example:
        >>> tuple(FoldLists()(keras.ops.zeros((2, 5, 8, 6, 3))).shape)
        (10, 8, 6, 3)
    """

    def call(self, lists):
        return keras.ops.reshape(lists, (-1, *lists.shape[2:]))

    def compute_output_shape(self, input_shape):
        batch, length = input_shape[:2]
        known = batch is not None and length is not None
        return (batch * length if known else None, *input_shape[2:])


@keras.saving.register_keras_serializable("inkling")
class UnfoldLists(keras.layers.Layer):
    """Give every member of a folded list its scalar back: (B * L, 1) and (B, L, ...) to (B, L).

    Call it on `[values, lists]`, where `lists` is what `FoldLists` received.

    Example:
        >>> lists = keras.ops.zeros((2, 5, 8, 6, 3))
        >>> tuple(UnfoldLists()([keras.ops.zeros((10, 1)), lists]).shape)
        (2, 5)
    """

    def call(self, inputs):
        values, lists = inputs
        # A static length keeps the output's shape known; only one axis may stay open.
        length = lists.shape[1]
        length = keras.ops.shape(lists)[1] if length is None else length
        return keras.ops.reshape(values, (-1, length))

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[1][:2])


@keras.saving.register_keras_serializable("inkling")
class SumCounts(keras.layers.Layer):
    """Sum the counts of a picture's patches: (B, P) to (B,).

    Example:
        >>> SumCounts()(keras.ops.array([[1.0, 2.5]])).numpy().tolist()
        [3.5]
    """

    def call(self, patch_counts):
        return keras.ops.sum(patch_counts, axis=-1)

    def compute_output_shape(self, input_shape):
        return input_shape[:1]


@keras.saving.register_keras_serializable("inkling")
class CutPatches(keras.layers.Layer):
    """Cut pictures of any size in N x N patches, as `ops.patches.cut_patches` does.

    (B, H, W, C) pictures to (B, N * N, height, width, C) float32 patches, values kept.

    Args:
        num_patches: patches along each axis, N.
        size: (height, width) of a patch, in pixels.

    Example:
        >>> tuple(CutPatches(2, (4, 6))(keras.ops.zeros((1, 9, 7, 3), "uint8")).shape)
        (1, 4, 4, 6, 3)
    """

    def __init__(self, num_patches, size, **kwargs):
        # Pictures stay uint8 until they are resized: a quarter of the memory.
        super().__init__(autocast=False, **kwargs)
        self.num_patches = num_patches
        self.size = tuple(size)

    def call(self, images):
        return cut_patches(images, self.num_patches, self.size)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.num_patches**2, *self.size, input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "num_patches": self.num_patches, "size": self.size}


@keras.saving.register_keras_serializable("inkling")
class PoolCells(keras.layers.Layer):
    """Average a map over the cells of a G x G grid: (B, h, w, C) to (B, G * G, C), row by row.

    A cell's edge may cut a pixel, which then counts to either side by its area; so maps of several
    strides are cut at the same places of the picture.

    Args:
        grid: cells along each axis, G.

    Example:
        >>> pooled = PoolCells(2)(np.array([0, 1, 2], np.float32).reshape(1, 1, 3, 1))
        >>> pooled.numpy()[0, :2, 0].round(2).tolist()  # of both rows; the first one's
        [0.33000001311302185, 1.6699999570846558]
    """

    def __init__(self, grid, **kwargs):
        super().__init__(**kwargs)
        self.grid = grid

    def call(self, maps):
        height, width, channels = maps.shape[1:]
        rows, columns = (
            keras.ops.array(share_cells(side, self.grid), maps.dtype) for side in (height, width)
        )
        x = keras.ops.reshape(maps, (-1, height, width * channels))
        x = keras.ops.reshape(keras.ops.matmul(rows, x), (-1, self.grid, width, channels))
        return keras.ops.reshape(keras.ops.matmul(columns, x), (-1, self.grid**2, channels))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.grid**2, input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "grid": self.grid}


def share_cells(side: int, grid: int) -> np.ndarray:
    """Share the pixels of an axis out to cells of equal length, by what lies in each.

    Args:
        side: pixels.
        grid: cells.

    Returns:
        (grid, side) float64; every row sums to 1.

    Example:
        >>> share_cells(3, 2).round(2).tolist()
        [[0.67, 0.33, 0.0], [0.0, 0.33, 0.67]]
    """
    edges = np.arange(grid + 1) * side / grid
    low, high = edges[:-1, None], edges[1:, None]
    pixels = np.arange(side)
    overlap = np.minimum(high, pixels + 1) - np.maximum(low, pixels)
    return np.maximum(overlap, 0) * grid / side
