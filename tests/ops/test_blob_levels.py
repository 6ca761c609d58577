"""Leaves of the component tree, against hand-made maps and a plain recursive twin."""

import numpy as np
import pytest
from skimage.measure import label

from ops.blob_levels import label_leaf_blobs, level_thresholds
from ops.blobs import label_blobs


def count_leaves(probs, thresholds, min_area):
    """Count by definition: areas at one threshold that hold no area of the next."""
    kept = []
    for threshold in thresholds:
        areas = label(probs > threshold, connectivity=2)
        masks = [areas == i for i in range(1, areas.max() + 1)]
        kept.append([mask for mask in masks if mask.sum() >= min_area])
    kept.append([])
    return sum(
        not any((mask & inner).any() for inner in kept[i + 1])
        for i, masks in enumerate(kept)
        for mask in masks
    )


def test_thresholds_spread_evenly_below_one():
    # .5 + .5 i / 5
    np.testing.assert_allclose(level_thresholds(0.5, 5), [0.5, 0.6, 0.7, 0.8, 0.9])


@pytest.mark.parametrize("threshold, levels", [(1.0, 1), (-0.1, 1), (0.5, 0)])
def test_thresholds_out_of_range_are_refused(threshold, levels):
    with pytest.raises(ValueError, match="must be at least"):
        level_thresholds(threshold, levels)


def test_a_blob_falls_apart_and_a_faint_one_stays():
    probs = np.array([[0.9, 0.6, 0.9, 0.1, 0.6], [0.6, 0.6, 0.6, 0.1, 0.1]])
    # Two peaks above .75; the faint pixel has none and is itself a leaf.
    expected = [[1, 0, 2, 0, 3], [0, 0, 0, 0, 0]]
    np.testing.assert_array_equal(label_leaf_blobs(probs, [0.5, 0.75]), expected)


def test_one_threshold_is_label_blobs():
    probs = np.random.default_rng(0).random((31, 47))
    expected = label_blobs(probs, threshold=0.6, min_area=2)
    found = label_leaf_blobs(probs, [0.6], min_area=2)
    assert found.max() == expected.max()
    np.testing.assert_array_equal(found > 0, expected > 0)


@pytest.mark.parametrize("min_area", [1, 3, 6])
@pytest.mark.parametrize("seed", range(4))
def test_count_equals_the_definition(seed, min_area):
    rng = np.random.default_rng(seed)
    probs = np.kron(rng.random((9, 13)), np.ones((2, 3)))
    thresholds = [0.3, 0.55, 0.7, 0.9]
    found = label_leaf_blobs(probs, thresholds, min_area=min_area)
    assert found.max() == count_leaves(probs, thresholds, min_area)
    assert set(np.unique(found)) == set(range(found.max() + 1))


def test_a_small_peak_does_not_take_its_blob_away():
    probs = np.array([[0.6, 0.9, 0.6]])
    np.testing.assert_array_equal(label_leaf_blobs(probs, [0.5, 0.8], min_area=2), [[1, 1, 1]])


def test_the_region_cuts_blobs():
    where = np.array([[True, False, True]])
    np.testing.assert_array_equal(
        label_leaf_blobs(np.full((1, 3), 0.9), [0.5], where=where), [[1, 0, 2]]
    )


def test_empty_one_pixel_and_nan():
    assert label_leaf_blobs(np.zeros((3, 5)), [0.5, 0.75]).max() == 0
    assert label_leaf_blobs(np.ones((1, 1)), [0.5, 0.75]).tolist() == [[1]]
    assert label_leaf_blobs(np.full((2, 2), np.nan), [0.5]).max() == 0


@pytest.mark.parametrize("thresholds", [[], [0.5, 0.5], [0.7, 0.5]])
def test_thresholds_that_do_not_rise_are_refused(thresholds):
    with pytest.raises(ValueError, match="must be numbers that rise"):
        label_leaf_blobs(np.zeros((2, 2)), thresholds)
