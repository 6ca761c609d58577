import numpy as np
import pytest
import tensorflow as tf
from skimage.measure import label

from ops.blob_levels import label_leaf_blobs
from ops.flooded_blobs import (
    count_flooded,
    count_leaves,
    drop_small,
    find_largest,
    flood_masks,
    label_flooded,
)


def noise(shape, share=0.45, seed=0):
    return (np.random.default_rng(seed).random(shape) < share).astype(np.float32)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (13, 1), (17, 24)])
@pytest.mark.parametrize("min_area", [1, 2, 5, 400])
def test_count_flooded_equals_scikit_image(size, min_area):
    masks = noise((2, *size, 3))
    expected = [[_count(mask[..., channel], min_area) for channel in range(3)] for mask in masks]
    assert count_flooded(tf.constant(masks), min_area=min_area).numpy().tolist() == expected


def _count(mask, min_area):
    areas = np.bincount(label(mask, connectivity=2).ravel())[1:]
    return (areas >= min_area).sum()


def test_label_flooded_tells_the_first_pixel():
    # 2 x 3 pixels: the area that starts at pixel 1 gets 6 - 1, the one at pixel 3 gets 6 - 3.
    masks = tf.constant([[[0.0, 1, 1], [0, 0, 0], [1, 0, 0]]])[..., tf.newaxis]
    assert label_flooded(masks).numpy().ravel().tolist() == [0, 8, 8, 0, 0, 0, 3, 0, 0]


def test_label_flooded_follows_a_long_way():
    # A snake of 9 x 9: every second row, joined at alternating ends.
    mask = np.zeros((9, 9), np.float32)
    mask[::2] = 1
    mask[1::4, 8] = mask[3::4, 0] = 1
    labels = label_flooded(tf.constant(mask[np.newaxis, ..., np.newaxis])).numpy()[0, ..., 0]
    np.testing.assert_array_equal(labels, mask * 81)


def test_flood_masks_keeps_channels_apart():
    masks = noise((1, 8, 9, 2), 0.6)
    both = flood_masks(tf.constant(masks * 2), tf.constant(masks)).numpy()
    for i in (0, 1):
        one = masks[..., i : i + 1]
        np.testing.assert_array_equal(flood_masks(one * 2, tf.constant(one))[..., 0], both[..., i])


@pytest.mark.parametrize("min_area", [1, 2, 4, 30])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_count_leaves_equals_the_tree_of_levels(seed, min_area):
    thresholds = [0.3, 0.5, 0.7]
    probabilities = np.random.default_rng(seed).random((1, 20, 15, 1)).astype(np.float32)
    masks = [tf.constant((probabilities > each).astype(np.float32)) for each in thresholds]
    expected = label_leaf_blobs(probabilities[0, ..., 0], thresholds, min_area=min_area).max()
    assert count_leaves(masks, min_area=min_area).numpy().item() == expected


@pytest.mark.parametrize("size", [(1, 1), (1, 8), (16, 16), (13, 31)])
@pytest.mark.parametrize("min_area", [1, 2, 5, 1000])
def test_drop_small_equals_scikit_image(size, min_area):
    masks = noise((2, *size, 2), 0.4)
    found = drop_small(tf.constant(masks), min_area=min_area).numpy()
    for place in np.ndindex(2, 2):
        mask = masks[place[0], ..., place[1]]
        labels = label(mask, connectivity=2)
        areas = np.bincount(labels.ravel())
        expected = (areas[labels] >= min_area) & (mask > 0)
        np.testing.assert_array_equal(found[place[0], ..., place[1]], expected)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (16, 16), (13, 30)])
def test_find_largest_equals_scikit_image(size):
    masks = noise((4, *size), 0.5)
    found = find_largest(tf.constant(masks)).numpy()
    for mask, largest in zip(masks, found, strict=True):
        labels = label(mask, connectivity=2)
        areas = np.bincount(labels.ravel(), minlength=2)[1:]
        np.testing.assert_array_equal(largest, (labels == areas.argmax() + 1))


def test_find_largest_of_nothing_and_of_everything():
    masks = tf.stack([tf.zeros((3, 4)), tf.ones((3, 4))])
    assert find_largest(masks).numpy().sum(axis=(1, 2)).tolist() == [0, 12]


def test_numbers_must_be_exact():
    with pytest.raises(ValueError, match="at most 16777216 pixels"):
        label_flooded(tf.zeros((0, 4097, 4096, 1)))
