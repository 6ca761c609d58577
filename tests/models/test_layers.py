import keras
import numpy as np
import pytest

from models.layers import (
    CaffePreprocess,
    CutPatches,
    FoldLists,
    PoolCells,
    SumCounts,
    UnfoldLists,
    share_cells,
)


def test_caffe_preprocess_equals_keras():
    images = np.random.default_rng(0).random((2, 3, 5, 3), np.float32) * 255
    expected = keras.applications.imagenet_utils.preprocess_input(images.copy(), mode="caffe")
    np.testing.assert_allclose(CaffePreprocess()(images), expected, atol=1e-4)


def test_caffe_preprocess_turns_channels():
    # Red alone: blue - 103.939, green - 116.779, red 255 - 123.68.
    pixel = CaffePreprocess()(np.array([[[[255.0, 0.0, 0.0]]]])).numpy().ravel()
    np.testing.assert_allclose(pixel, [-103.939, -116.779, 131.32], rtol=1e-5)


def test_fold_and_unfold_lists_keep_the_order():
    lists = np.arange(6, dtype=np.float32).reshape(2, 3, 1)
    folded = FoldLists()(lists)
    assert folded.numpy().ravel().tolist() == [0, 1, 2, 3, 4, 5]
    assert UnfoldLists()([folded, lists]).numpy().tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("length", [3, None])
def test_fold_and_unfold_lists_static_shapes(length):
    lists = keras.Input((length, 4, 5, 3))
    folded = FoldLists()(lists)
    assert tuple(folded.shape) == (None, 4, 5, 3)
    scores = keras.layers.Dense(1)(keras.layers.GlobalAveragePooling2D()(folded))
    assert tuple(UnfoldLists()([scores, lists]).shape) == (None, length)


def test_sum_counts_of_each_picture():
    assert SumCounts()(np.array([[1.0, 2.0], [0.0, 0.25]])).numpy().tolist() == [3.0, 0.25]


def test_cut_patches_takes_uint8_of_unknown_size():
    images = keras.Input((None, None, 3), dtype="uint8")
    assert tuple(CutPatches(3, (4, 5))(images).shape) == (None, 9, 4, 5, 3)


def test_pool_cells_averages_each_cell():
    maps = np.arange(24.0, dtype=np.float32).reshape(1, 4, 6, 1)
    pooled = PoolCells(2)(maps).numpy()
    means = [maps[0, i : i + 2, j : j + 3].mean() for i in (0, 2) for j in (0, 3)]
    np.testing.assert_allclose(pooled[0, :, 0], means)


@pytest.mark.parametrize(("side", "grid"), [(5, 2), (3, 4), (7, 7), (1, 3)])
def test_share_cells_shares_every_pixel_out_once(side, grid):
    shares = share_cells(side, grid)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    np.testing.assert_allclose(shares.sum(axis=0), grid / side)
    # A finer map of the same values has the same means.
    np.testing.assert_allclose(shares, share_cells(2 * side, grid).reshape(grid, side, 2).sum(2))


LAYERS = [CaffePreprocess(), FoldLists(), UnfoldLists(), SumCounts(), CutPatches(2, (4, 6))]
LAYERS.append(PoolCells(3))


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_layers_come_back_from_their_config(layer):
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(copy) is type(layer) and copy.get_config() == layer.get_config()
