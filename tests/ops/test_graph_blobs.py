import numpy as np
import pytest
import tensorflow as tf

from ops.blob_levels import label_leaf_blobs
from ops.blobs import blob_points, label_blobs
from ops.graph_blobs import find_graph_blobs, find_leaf_blobs, label_masks


@tf.function(input_signature=[tf.TensorSpec((None, None, None), tf.bool)])
def label_in_graph(masks):
    return label_masks(masks)


@tf.function(input_signature=[tf.TensorSpec((None, None, None), tf.bool)])
def find_in_graph(masks):
    return find_graph_blobs(masks)


def draw_spiral(side):
    """A path one pixel wide from the border to the middle, with gaps of one pixel."""
    mask, place, step = np.zeros((side, side), bool), np.zeros(2, int), np.array([0, 1])
    mask[0, 0] = True
    lengths = [side - 1] * 3 + [length for n in range(side - 3, 0, -2) for length in (n, n)]
    for length in lengths:
        for _ in range(length):
            place += step
            mask[tuple(place)] = True
        step = np.array([step[1], -step[0]])
    return mask


def same_areas(first, second):
    pairs = {tuple(pair) for pair in np.stack([first.ravel(), second.ravel()], axis=1)}
    return len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


def check_equal(masks):
    labels, blobs = label_in_graph(masks).numpy(), find_in_graph(masks)
    for index, mask in enumerate(masks):
        expected = label_blobs(mask.astype(np.float32))
        mine = blobs.masks.numpy() == index
        assert same_areas(labels[index], expected) and labels[index].max() == expected.max()
        areas = np.bincount(labels[index].ravel(), minlength=1)[1:]
        assert blobs.areas.numpy()[mine].tolist() == areas.tolist()
        np.testing.assert_array_equal(blobs.points.numpy()[mine], blob_points(labels[index]))


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3, 0.5, 0.7, 1.0])
def test_find_graph_blobs_equal_those_of_opencv(share):
    rng = np.random.default_rng(0)
    for _ in range(8):
        shape = (rng.integers(1, 4), *rng.integers(1, 40, 2))
        check_equal(rng.random(shape) < share)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 9), (1, 9, 1), (2, 2, 1)])
def test_find_graph_blobs_thin_masks(shape):
    check_equal(np.ones(shape, bool))
    check_equal(np.zeros(shape, bool))


def test_find_graph_blobs_spirals_are_one_blob():
    spiral = draw_spiral(41)
    check_equal(np.stack([spiral, spiral.T, ~spiral, spiral[::-1]]))
    assert find_in_graph(spiral[np.newaxis]).areas.numpy().tolist() == [spiral.sum()]


def test_find_graph_blobs_do_not_run_over_borders():
    # The last pixel of a row and the first of the next, of a mask and of the next one.
    masks = np.array([[[0, 0, 1], [1, 0, 0]], [[1, 0, 0], [0, 0, 1]]], bool)
    assert label_in_graph(masks).numpy().tolist() == [
        [[0, 0, 1], [2, 0, 0]],
        [[1, 0, 0], [0, 0, 2]],
    ]


def test_find_graph_blobs_are_in_the_order_of_their_first_pixels():
    mask = np.array([[[0, 1, 0, 1], [0, 0, 0, 1], [1, 0, 0, 0]]], bool)
    assert label_in_graph(mask).numpy()[0].tolist() == [[0, 1, 0, 2], [0, 0, 0, 2], [3, 0, 0, 0]]
    assert find_in_graph(mask).points.numpy().tolist() == [[0, 1], [0, 3], [2, 0]]


def test_find_graph_blobs_points_lie_in_their_own_blob():
    ring = np.ones((1, 5, 5), bool)
    ring[0, 1:4, 1:4] = False  # The centroid is the hole's middle; (0, 2) is the first as near.
    assert find_in_graph(ring).points.numpy().tolist() == [[0, 2]]


def test_find_graph_blobs_drops_small_ones_without_gaps():
    mask = np.array([[[1, 0, 1, 1, 0, 1, 0, 1, 1, 1]]], bool)
    assert label_masks(mask, min_area=2).numpy()[0].tolist() == [[0, 0, 1, 1, 0, 0, 0, 2, 2, 2]]
    blobs = find_graph_blobs(mask, min_area=2)
    assert blobs.areas.numpy().tolist() == [2, 3] and blobs.points.numpy().tolist() == [
        [0, 2],
        [0, 8],
    ]


def test_find_graph_blobs_of_no_mask():
    assert label_in_graph(np.zeros((0, 4, 5), bool)).shape == (0, 4, 5)
    assert find_in_graph(np.zeros((0, 4, 5), bool)).points.shape == (0, 2)


@pytest.mark.parametrize("min_area", [1, 4])
@pytest.mark.parametrize("shape", [(2, 17, 29), (1, 1, 9), (3, 40, 1), (1, 1, 1)])
def test_leaves_equal_those_of_the_numpy_twin(shape, min_area):
    probs = np.random.default_rng(3).random(shape)
    thresholds = [0.4, 0.6, 0.85]
    masks = np.stack([probs > threshold for threshold in thresholds], axis=1)  # (B, L, H, W)
    blobs = find_leaf_blobs(tf.constant(masks), min_area=min_area)
    for picture in range(shape[0]):
        labels = label_leaf_blobs(probs[picture], thresholds, min_area=min_area)
        mine = blobs.masks.numpy() == picture
        points = {tuple(point) for point in blobs.points.numpy()[mine].tolist()}
        assert points == {tuple(point) for point in blob_points(labels).tolist()}
        assert sorted(blobs.areas.numpy()[mine]) == sorted(np.bincount(labels.ravel())[1:])


def test_no_leaves_in_empty_masks():
    assert len(find_leaf_blobs(tf.zeros((2, 3, 5, 4), tf.bool)).areas) == 0
