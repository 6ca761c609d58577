import numpy as np
import pytest
import tensorflow as tf
from skimage.measure import label

from ops.blob_levels import label_leaf_blobs
from ops.flooded_blobs import count_leaves, find_largest, label_flooded


def noise(shape, share=0.45, seed=0):
    return (np.random.default_rng(seed).random(shape) < share).astype(np.float32)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (13, 1), (17, 24)])
@pytest.mark.parametrize("min_area", [1, 2, 5, 400])
def test_count_leaves_of_one_mask_equals_scikit_image(size, min_area):
    masks = noise((2, *size, 3))
    expected = [[_count(mask[..., channel], min_area) for channel in range(3)] for mask in masks]
    found = count_leaves(tf.constant(masks)[tf.newaxis], min_area=min_area)
    assert found.numpy().tolist() == expected


def _count(mask, min_area):
    areas = np.bincount(label(mask, connectivity=2).ravel())[1:]
    return (areas >= min_area).sum()


def test_label_flooded_tells_the_first_pixel():
    # 3 x 3 pixels: the area that starts at pixel 1 gets 9 - 1, the one at pixel 6 gets 9 - 6.
    masks = tf.constant([[[0.0, 1, 1], [0, 0, 0], [1, 0, 0]]])[..., tf.newaxis]
    assert label_flooded(masks).numpy().ravel().tolist() == [0, 8, 8, 0, 0, 0, 3, 0, 0]


def test_label_flooded_follows_a_long_way():
    # A snake of 31 x 31: every second row, joined at alternating ends.
    mask = np.zeros((31, 31), np.float32)
    mask[::2] = 1
    mask[1::4, 30] = mask[3::4, 0] = 1
    for turned in (mask, mask.T, mask[::-1], mask[:, ::-1]):
        labels = label_flooded(tf.constant(turned[np.newaxis, ..., np.newaxis])).numpy()
        np.testing.assert_array_equal(labels[0, ..., 0], turned * 31 * 31)


@pytest.mark.parametrize("share", [0.3, 0.45, 0.6])
def test_label_flooded_keeps_pictures_and_channels_apart(share):
    masks = noise((3, 18, 11, 2), share)
    both = label_flooded(tf.constant(masks)).numpy()
    for i, j in np.ndindex(3, 2):
        labels = label(masks[i, ..., j], connectivity=2)
        first = np.array([0, *(np.argmax(labels == n) for n in range(1, labels.max() + 1))])
        expected = (18 * 11 - first[labels]) * (labels > 0)
        np.testing.assert_array_equal(both[i, ..., j], expected)


@pytest.mark.parametrize("min_area", [1, 2, 4, 30])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_count_leaves_equals_the_tree_of_levels(seed, min_area):
    thresholds = [0.3, 0.5, 0.7]
    probabilities = np.random.default_rng(seed).random((2, 20, 15, 2)).astype(np.float32)
    masks = np.stack([probabilities > each for each in thresholds]).astype(np.float32)
    found = count_leaves(tf.constant(masks), min_area=min_area).numpy()
    for i, j in np.ndindex(2, 2):
        labels = label_leaf_blobs(probabilities[i, ..., j], thresholds, min_area=min_area)
        assert found[i, j] == labels.max()


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
