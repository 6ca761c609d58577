import numpy as np
import pytest

from ops.blob_levels import label_leaf_blobs, level_thresholds
from ops.class_blobs import (
    BlobRule,
    class_depths,
    class_masks,
    class_points,
    label_class_blobs,
)


def random_probabilities(num_classes, size=(23, 31)):
    scores = np.random.default_rng(num_classes).normal(size=(*size, num_classes + 1)) * 2
    exponentials = np.exp(scores)
    return (exponentials / exponentials.sum(axis=-1, keepdims=True))[..., 1:]


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.7])
def test_class_masks_hold_the_likeliest_class_above_the_threshold(threshold):
    probabilities = random_probabilities(3)
    whole = np.concatenate([1 - probabilities.sum(-1, keepdims=True), probabilities], axis=-1)
    for c in range(3):
        expected = (whole.argmax(-1) == c + 1) & (probabilities[..., c] > threshold)
        np.testing.assert_array_equal(class_masks(probabilities, threshold)[..., c], expected)


def test_class_masks_of_one_class_need_not_beat_the_background():
    assert class_masks(np.array([[[0.3]]]), 0.2).all()


@pytest.mark.parametrize("threshold", [0.2, 0.5])
def test_class_depths_are_the_thresholds_that_a_class_exceeds(threshold):
    probabilities = random_probabilities(3)
    probabilities[0] = np.nan
    classes, depths = class_depths(probabilities, threshold, 4)
    masks = class_masks(probabilities, threshold)
    np.testing.assert_array_equal(classes[..., np.newaxis] == [1, 2, 3], masks)
    own = np.where(masks, probabilities, 0).max(axis=-1)
    expected = sum(own > t for t in level_thresholds(threshold, 4))
    np.testing.assert_array_equal(depths, expected)
    assert set(np.unique(depths)) == {0, 1, 2, 3, 4}


def test_class_depths_of_one_level_are_the_classes_pixels():
    classes, depths = class_depths(np.array([[[0.7], [0.5], [np.nan]]]), 0.5, 1)
    assert classes.tolist() == depths.tolist() == [[1, 0, 0]]
    with pytest.raises(ValueError, match="`levels` must be at least 1"):
        class_depths(np.ones((1, 1, 1)), 0.5, 0)


def test_label_class_blobs_labels_every_class_by_itself():
    probabilities = random_probabilities(2)
    labels = label_class_blobs(probabilities, threshold=0.5, levels=3, min_area=2)
    for c in range(2):
        thresholds = level_thresholds(0.5, 3)
        twin = label_leaf_blobs(probabilities[..., c], thresholds, min_area=2)
        np.testing.assert_array_equal(labels[..., c], twin)


def test_label_class_blobs_ignores_what_lies_outside():
    probabilities, where = np.full((3, 5, 1), 0.9), np.zeros((3, 5), bool)
    where[:, 1] = where[:, 3] = True
    assert label_class_blobs(probabilities, where=where).max() == 2
    assert label_class_blobs(probabilities, where=~where | where).max() == 1


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 7, 2), (7, 1, 1)])
def test_label_class_blobs_of_thin_and_nan_maps(shape):
    assert label_class_blobs(np.full(shape, np.nan)).max() == 0
    assert label_class_blobs(np.full(shape, 0.1)).max() == 0


def test_class_points_lie_in_their_blobs_class_by_class():
    labels = label_class_blobs(random_probabilities(2))
    points, classes = class_points(labels)
    assert len(points) == labels.max(axis=(0, 1)).sum() > 5
    for (row, column), c in zip(points.astype(int), classes, strict=True):
        assert labels[row, column, c - 1] > 0


def test_class_points_of_nothing():
    points, classes = class_points(np.zeros((4, 5, 2), int))
    assert points.shape == (0, 2) and classes.shape == (0,)


def test_blob_rule_never_asks_for_less_than_a_pixel():
    assert BlobRule(0.4, 2, 1).scaled(0.5) == BlobRule(0.4, 2, 1.0)
    assert BlobRule(0.4, 2, 8).scaled(0.5) == BlobRule(0.4, 2, 2.0)
