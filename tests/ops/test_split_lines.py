import numpy as np
import pytest

from ops.blobs import dark_valleys, split_boundaries
from ops.ranking import rank_pixels
from ops.split_lines import Crowds, add_straight_lines, add_watershed_lines


def crowd(pixels, boxes, blobs, first, scales):
    whole = [np.array(part, np.int64) for part in (pixels, first, blobs, boxes)]
    return Crowds(*whole, np.array(scales, np.float64))


def cut(probs, points, labels=None):
    labels = np.ones(probs.shape, np.int32) if labels is None else labels
    group = crowd(points, [[0, 0, *probs.shape[::-1]]], [1], [0, len(points)], [1.0])
    weights = np.zeros(probs.size, np.float32)
    add_straight_lines(probs.astype(np.float32), group, labels, False, weights)
    return weights.reshape(probs.shape)


def test_add_watershed_lines_of_the_whole_map_are_the_boundaries():
    rng = np.random.default_rng(0)
    probs = rng.random((25, 33), np.float32)
    pixels = np.sort(rng.choice(probs.size, 12, replace=False))
    markers = np.zeros(probs.shape)
    markers.flat[pixels] = 1
    group = crowd(pixels, [[0, 0, 33, 25]], [-1], [0, 12], [11.0])
    weights = np.zeros(probs.size, np.float32)
    labels, where = np.zeros(probs.shape, np.int32), np.ones(probs.shape, bool)
    ranking = rank_pixels(dark_valleys(probs))
    add_watershed_lines(ranking, group, labels, where, True, weights)
    expected = split_boundaries(probs, markers)
    np.testing.assert_allclose(weights.reshape(25, 33), expected * 11 / expected.sum(), rtol=1e-6)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_add_watershed_lines_groups_do_not_disturb_each_other(order):
    rng = np.random.default_rng(1)
    probs, boxes = rng.random((20, 30), np.float32), [[0, 0, 30, 20], [2, 3, 15, 9], [5, 5, 25, 20]]
    pixels = [[0, 100, 599], [92, 100], [190, 300, 400]]
    labels, where = np.zeros(probs.shape, np.int32), np.ones(probs.shape, bool)

    def run(chosen):
        first = np.cumsum([0, *(len(pixels[i]) for i in chosen)])
        members = np.concatenate([pixels[i] for i in chosen])
        group = crowd(members, [boxes[i] for i in chosen], [-1] * len(chosen), first, [1.0] * 3)
        weights = np.zeros(probs.size, np.float32)
        add_watershed_lines(rank_pixels(np.round(probs, 1)), group, labels, where, False, weights)
        return weights

    np.testing.assert_array_equal(run(order), sum(run([i]) for i in range(3)))


def test_add_straight_lines_are_perpendicular():
    probs = np.full((7, 7), 0.9)
    probs[3] = 0.6
    expected = np.zeros((7, 7))
    expected[3] = 1
    np.testing.assert_array_equal(cut(probs, [1 * 7 + 3, 5 * 7 + 3]), expected)


def test_add_straight_lines_of_a_diagonal_pair():
    probs = np.full((5, 5), 0.9)
    probs[np.arange(5), 4 - np.arange(5)] = 0.6
    # Between (0, 0) and (4, 4) the darkest cut is the other diagonal.
    np.testing.assert_array_equal(cut(probs, [0, 24]), np.fliplr(np.eye(5)))


def test_add_straight_lines_stop_where_the_blob_ends():
    labels = np.zeros((7, 9), np.int32)
    labels[2:5] = 1
    labels[6] = 1
    weights = cut(np.full((7, 9), 0.9), [3 * 9 + 2, 3 * 9 + 6], labels)
    # All cuts are equally dark: the first one, next to the point, and the blob's three rows only.
    assert np.argwhere(weights).tolist() == [[2, 3], [3, 3], [4, 3]]


def test_add_straight_lines_neighbours_leave_no_room():
    assert not cut(np.full((3, 4), 0.9), [5, 6]).any()
