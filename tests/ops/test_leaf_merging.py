"""Leaves of maps in parts, against those of the whole map and maps small enough to do by hand."""

import numpy as np
import pytest
from skimage.measure import regionprops

from ops import blob_merging
from ops.blob_merging import NearestPixels
from ops.blobs import blob_points
from ops.class_blobs import BlobRule, label_class_blobs
from ops.leaf_merging import LeafMerger, number_leaves


def cut(length, side):
    return [(start, min(start + side, length)) for start in range(0, length, side)]


def merge(probabilities, sides, **rule):
    """Find the leaves of maps that are cut in parts of `sides`: numbers, leaves and points."""
    height, width = probabilities.shape[:2]
    merger, parts = LeafMerger(width, BlobRule(**rule)), []
    for top, bottom in cut(height, sides[0]):
        for left, right in cut(width, sides[1]):
            part = merger.add(probabilities[top:bottom, left:right], top, left)
            parts.append((list(part), top, left))
    leaves = merger.finish()
    labels, nearest = np.zeros((height, width), np.int32), NearestPixels(leaves.centres)
    for part, top, left in parts:
        numbers = number_leaves(part, leaves.numbers)
        labels[top : top + numbers.shape[0], left : left + numbers.shape[1]] = numbers
        nearest.add(numbers, top, left)
    return labels, leaves, nearest.points


def merge_row(*values, side, **rule):
    return merge(np.array(values)[np.newaxis, :, np.newaxis], (1, side), **rule)


def label_whole(probabilities, **rule):
    """Label the leaves of all classes on one map, by their first pixels; and their classes."""
    labels = np.zeros(probabilities.shape[:2], int)
    classes = np.zeros(probabilities.shape[:2], int)
    for c, own in enumerate(np.moveaxis(label_class_blobs(probabilities, **rule), -1, 0), 1):
        labels[own > 0] = own[own > 0] + labels.max()
        classes[own > 0] = c
    found, firsts = np.unique(labels[labels > 0], return_index=True)
    numbers = np.zeros(labels.max() + 1, int)
    numbers[found[np.argsort(firsts)]] = np.arange(1, len(found) + 1)
    return numbers[labels], classes


def random_maps(seed, num_classes):
    """Blocks of 2 x 3 pixels with some noise; with the background the classes sum to 1."""
    rng = np.random.default_rng(seed)
    size = rng.integers(1, 24, 2)
    blocks = rng.normal(0, 2, (*(size // (2, 3) + 1), num_classes + 1))
    logits = np.kron(blocks, np.ones((2, 3, 1)))[: size[0], : size[1]]
    weights = np.exp(logits + rng.normal(0, 0.3, logits.shape))
    maps = weights[..., 1:] / weights.sum(axis=-1, keepdims=True)
    maps[rng.random(size) < 0.01] = np.nan
    return maps.astype(np.float32)


@pytest.mark.parametrize("levels, min_area", [(1, 3), (2, 1), (5, 2.25), (9, 6)])
@pytest.mark.parametrize("num_classes, threshold", [(1, 0.5), (2, 0.2), (3, 0.5)])
def test_leaf_merger_equals_the_whole_map(num_classes, threshold, levels, min_area):
    rule = {"threshold": threshold, "levels": levels, "min_area": min_area}
    for seed, sides in enumerate([(2, 3), (4, 7), (5, 40), (40, 3), (16, 16)]):
        maps = random_maps(seed, num_classes)
        expected, classes = label_whole(maps, **rule)
        labels, leaves, points = merge(maps, sides, **rule)
        np.testing.assert_array_equal(labels, expected)
        np.testing.assert_array_equal(points, blob_points(expected))
        for region in regionprops(expected):
            i = region.label - 1
            top, left, bottom, right = region.bbox
            assert leaves.boxes[i].tolist() == [left, top, right, bottom]
            assert leaves.areas[i] == region.area
            np.testing.assert_allclose(leaves.centres[i], region.centroid)
            assert leaves.classes[i] == classes[tuple(region.coords[0])]


def test_random_maps_have_leaves_of_several_levels():
    # What the test above compares is not the same with one level.
    counts = [
        [label_whole(random_maps(seed, 2), threshold=0.2, levels=n)[0].max() for n in (1, 5)]
        for seed in range(10)
    ]
    assert sum(several > one for one, several in counts) >= 5


@pytest.mark.parametrize("side", [1, 2, 3, 6])
def test_leaf_merger_counts_a_peak_over_the_seam_once(side):
    # Thresholds .5 and .75: of 6 pixels 4 are a peak, large enough or not once it is whole.
    row = (0.6, 0.9, 0.9, 0.9, 0.9, 0.6)
    labels, leaves, _ = merge_row(*row, side=side, levels=2, min_area=4)
    assert labels.tolist() == [[0, 1, 1, 1, 1, 0]] and leaves.areas.tolist() == [4]
    labels, leaves, _ = merge_row(*row, side=side, levels=2, min_area=5)
    assert labels.tolist() == [[1] * 6] and leaves.areas.tolist() == [6]


@pytest.mark.parametrize("side", [1, 2, 4, 7])
def test_leaf_merger_numbers_leaves_over_all_levels(side):
    # A faint one, two peaks on one base, a faint one: the base is no leaf.
    row = (0.6, 0.1, 0.9, 0.6, 0.9, 0.1, 0.6)
    labels, leaves, points = merge_row(*row, side=side, levels=2)
    assert labels.tolist() == [[1, 0, 2, 0, 3, 0, 4]] and leaves.areas.tolist() == [1] * 4
    assert points[:, 1].tolist() == [0, 2, 4, 6]


def test_leaf_merger_gives_the_levels_that_have_an_area():
    # Thresholds .5, .625, .75, .875.
    merger = LeafMerger(3, BlobRule(levels=4))
    assert len(list(merger.add(np.array([[[0.1]]]), 0, 0))) == 1
    assert len(list(merger.add(np.array([[[0.7], [0.8]]]), 0, 1))) == 3
    assert merger.finish().areas.tolist() == [1]


def test_leaf_merger_without_leaf_and_of_one_pixel():
    for maps in (np.zeros((3, 4, 2)), np.full((3, 4, 2), np.nan)):
        labels, leaves, points = merge(maps, (2, 2), levels=3)
        assert labels.max() == 0 and leaves.boxes.shape == (0, 4) and points.shape == (0, 2)
        assert [numbers.tolist() for numbers in leaves.numbers] == [[0]] * 3
    labels, leaves, points = merge(np.ones((1, 1, 1)), (1, 1), levels=3)
    assert labels.tolist() == [[1]] and points.tolist() == [[0, 0]]


def test_leaf_merger_bounds_the_areas_of_all_levels_together(monkeypatch):
    monkeypatch.setattr(blob_merging, "MAX_BLOBS", 3)
    row = np.array([[[0.9], [0.1], [0.9]]])  # two areas at each of two levels
    assert len(list(LeafMerger(3, BlobRule()).add(row, 0, 0))) == 1
    with pytest.raises(ValueError, match="at most 3 blobs. Received more"):
        list(LeafMerger(3, BlobRule(levels=2)).add(row, 0, 0))


def test_leaf_merger_refuses():
    with pytest.raises(ValueError, match="`levels` must be at least 1. Received 0"):
        LeafMerger(3, BlobRule(levels=0))
    with pytest.raises(ValueError, match="`min_area` must be at least 1 pixel. Received 0.5"):
        LeafMerger(3, BlobRule(min_area=0.5)).finish()
    with pytest.raises(ValueError, match=r"`probabilities` must be maps .* shape \(2, 3\)"):
        list(LeafMerger(3, BlobRule()).add(np.zeros((2, 3)), 0, 0))
    with pytest.raises(ValueError, match="`classes` must be a map"):
        list(LeafMerger(3, BlobRule()).add(np.zeros((0, 3, 1)), 0, 0))
