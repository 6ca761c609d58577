import numpy as np
import pytest
from skimage.measure import label, regionprops

from ops import blob_merging
from ops.blob_levels import label_leaf_blobs
from ops.blob_merging import BlobMerger
from ops.blobs import blob_points
from ops.class_blobs import class_depths, label_class_blobs
from ops.nearest_pixels import NearestPixels


def cut(length, rng):
    """Cut a length at random places: (start, stop) of the parts."""
    stops = sorted({length, *rng.integers(1, length + 1, rng.integers(0, 5)).tolist()})
    return list(zip([0, *stops[:-1]], stops, strict=True))


def merge(classes, rows, columns, *, depths=None, levels=1, **options):
    """Merge a class map that is cut in rows and columns; return labels, blobs and points."""
    merger, parts = BlobMerger(classes.shape[1], levels), []
    for top, bottom in rows:
        for left, right in columns:
            part = None if depths is None else depths[top:bottom, left:right]
            labels = merger.add(classes[top:bottom, left:right], top, left, depths=part)
            parts.append((labels, top, left))
    blobs = merger.finish(**options)
    labels, nearest = np.zeros(classes.shape, np.int32), NearestPixels(blobs.centres)
    for part, top, left in parts:
        numbers = blobs.numbers[part]
        labels[top : top + part.shape[0], left : left + part.shape[1]] = numbers
        nearest.add(numbers, top, left)
    return labels, blobs, nearest.points


def merge_at_random(classes, seed, **options):
    rng = np.random.default_rng(seed)
    return merge(classes, cut(classes.shape[0], rng), cut(classes.shape[1], rng), **options)


def label_classes(classes):
    """Label each class with scikit-image and number all blobs by their first pixels."""
    labels = np.zeros(classes.shape, int)
    for number in range(1, classes.max(initial=0) + 1):
        own = label(classes == number)
        labels[own > 0] = own[own > 0] + labels.max()
    found, first = np.unique(labels[labels > 0], return_index=True)
    numbers = np.zeros(labels.max() + 1, int)
    numbers[found[np.argsort(first)]] = np.arange(1, len(found) + 1)
    return numbers[labels]


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("num_classes", [1, 3])
def test_blob_merger_equals_the_whole_picture(share, num_classes):
    for seed in range(12):
        rng = np.random.default_rng(seed)
        size = rng.integers(1, 40, 2)
        classes = (rng.random(size) < share) * rng.integers(1, num_classes + 1, size)
        expected = label_classes(classes)
        labels, blobs, points = merge_at_random(classes, seed)
        np.testing.assert_array_equal(labels, expected)
        np.testing.assert_array_equal(points, blob_points(expected))
        for region in regionprops(expected):
            i = region.label - 1
            top, left, bottom, right = region.bbox
            assert blobs.boxes[i].tolist() == [left, top, right, bottom]
            assert blobs.areas[i] == region.area
            np.testing.assert_allclose(blobs.centres[i], region.centroid)
            assert blobs.classes[i] == classes[tuple(region.coords[0])]


def test_blob_merger_joins_at_every_corner():
    # Four blobs of a pixel each that touch the middle's corners only.
    classes = np.eye(3, dtype=int) | np.eye(3, dtype=int)[::-1]
    cuts = [(0, 1), (1, 2), (2, 3)]
    labels, blobs, points = merge(classes, cuts, cuts)
    assert labels.max() == 1 and blobs.areas.tolist() == [5] and points.tolist() == [[1, 1]]


def test_blob_merger_joins_what_meets_late():
    # A U: its arms are two blobs until the last row.
    classes = np.array([[1, 0, 1], [1, 0, 1], [1, 1, 1]])
    labels, blobs, _ = merge(classes, [(0, 1), (1, 2), (2, 3)], [(0, 1), (1, 3)])
    assert labels.max() == 1 and blobs.areas.tolist() == [7]


def test_blob_merger_keeps_classes_apart():
    classes = np.array([[1, 2], [2, 1]])
    labels, blobs, _ = merge(classes, [(0, 1), (1, 2)], [(0, 1), (1, 2)])
    assert labels.tolist() == [[1, 2], [2, 1]] and blobs.classes.tolist() == [1, 2]


def test_blob_merger_drops_small_ones_after_joining():
    # 2 + 2 pixels over the seam stay, the 3 at the end go.
    classes = np.array([[1, 1, 1, 1, 0, 1, 1, 1]])
    labels, blobs, points = merge(classes, [(0, 1)], [(0, 2), (2, 8)], min_area=4)
    assert labels.tolist() == [[1, 1, 1, 1, 0, 0, 0, 0]]
    assert blobs.areas.tolist() == [4] and points.tolist() == [[0, 1]]
    assert merge(classes, [(0, 1)], [(0, 8)], min_area=5)[0].max() == 0


def test_blob_merger_without_blob():
    labels, blobs, points = merge(np.zeros((3, 4), int), [(0, 2), (2, 3)], [(0, 4)])
    assert labels.max() == 0 and blobs.numbers.tolist() == [0]
    assert blobs.boxes.shape == (0, 4) and blobs.centres.shape == points.shape == (0, 2)


@pytest.mark.parametrize("min_area", [1, 2, 5])
@pytest.mark.parametrize("thresholds", [[0.5], [0.3, 0.6], [0.2, 0.4, 0.6, 0.8]])
def test_blob_merger_of_levels_equals_the_whole_picture(thresholds, min_area):
    for seed in range(8):
        rng = np.random.default_rng(seed)
        size = rng.integers(1, 40, 2)
        probs = rng.random(size) ** rng.uniform(0.3, 2)
        probs = np.maximum(probs, np.roll(probs, 1, axis=0))  # areas of more than a pixel
        depths = np.sum([probs > threshold for threshold in thresholds], axis=0)
        labels, blobs, points = merge_at_random(
            np.minimum(depths, 1), seed, depths=depths, levels=len(thresholds), min_area=min_area
        )
        expected = label_leaf_blobs(probs, thresholds, min_area=min_area)
        np.testing.assert_array_equal(labels, expected)
        assert blobs.areas.tolist() == np.bincount(expected.ravel())[1:].tolist()
        np.testing.assert_array_equal(points, blob_points(expected))


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


def label_maps(maps, **rule):
    """Label the leaves of all classes on whole maps, by their first pixels; and their classes."""
    labels, classes = np.zeros((2, *maps.shape[:2]), int)
    for c, own in enumerate(np.moveaxis(label_class_blobs(maps, **rule), -1, 0), 1):
        labels[own > 0] = own[own > 0] + labels.max()
        classes[own > 0] = c
    found, firsts = np.unique(labels[labels > 0], return_index=True)
    numbers = np.zeros(labels.max() + 1, int)
    numbers[found[np.argsort(firsts)]] = np.arange(1, len(found) + 1)
    return numbers[labels], classes


@pytest.mark.parametrize("levels, min_area", [(1, 3), (2, 1), (5, 2.25), (9, 6)])
@pytest.mark.parametrize("num_classes, threshold", [(1, 0.5), (2, 0.2), (3, 0.5)])
def test_blob_merger_of_classes_and_levels_equals_the_whole_maps(
    num_classes, threshold, levels, min_area
):
    for seed in range(6):
        maps = random_maps(seed, num_classes)
        rule = {"threshold": threshold, "levels": levels}
        expected, classes = label_maps(maps, **rule, min_area=min_area)
        joined, depths = class_depths(maps, **rule)
        labels, blobs, points = merge_at_random(
            joined, seed, depths=depths, levels=levels, min_area=min_area
        )
        np.testing.assert_array_equal(labels, expected)
        np.testing.assert_array_equal(points, blob_points(expected))
        for region in regionprops(expected):
            top, left, bottom, right = region.bbox
            assert blobs.boxes[region.label - 1].tolist() == [left, top, right, bottom]
            assert blobs.areas[region.label - 1] == region.area
            assert blobs.classes[region.label - 1] == classes[tuple(region.coords[0])]


@pytest.mark.parametrize("cuts", [[(0, 6)], [(0, 3), (3, 6)], [(0, 1), (1, 4), (4, 6)]])
def test_blob_merger_of_levels_decides_when_a_peak_is_whole(cuts):
    # Four pixels of six reach level 2: large enough or not when the parts are joined.
    depths = np.array([[1, 2, 2, 2, 2, 1]])
    options = {"depths": depths, "levels": 2}
    labels, blobs, _ = merge(np.ones((1, 6), int), [(0, 1)], cuts, **options, min_area=4)
    assert labels.tolist() == [[0, 1, 1, 1, 1, 0]] and blobs.areas.tolist() == [4]
    labels, blobs, _ = merge(np.ones((1, 6), int), [(0, 1)], cuts, **options, min_area=5)
    assert labels.tolist() == [[1] * 6] and blobs.areas.tolist() == [6]


def test_blob_merger_of_levels_keeps_classes_apart():
    # Class 1 splits at level 2; class 2 beside it reaches level 1 only.
    classes = np.array([[1, 1, 1, 2, 2]])
    depths = np.array([[2, 1, 2, 1, 1]])
    for columns in ([(0, 5)], [(0, 1), (1, 3), (3, 5)], [(0, 4), (4, 5)]):
        labels, blobs, _ = merge(classes, [(0, 1)], columns, depths=depths, levels=2)
        assert labels.tolist() == [[1, 0, 2, 3, 3]] and blobs.classes.tolist() == [1, 1, 2]


def test_blob_merger_gives_what_is_too_small_back_to_its_holder():
    # At level 2 there is one pixel, too small: the blob of level 1 stays whole.
    depths = np.array([[1, 2, 1]])
    labels, blobs, _ = merge(
        np.ones((1, 3), int), [(0, 1)], [(0, 1), (1, 3)], depths=depths, levels=2, min_area=2
    )
    assert labels.tolist() == [[1, 1, 1]] and blobs.areas.tolist() == [3]


def test_blob_merger_bounds_the_number_of_blobs(monkeypatch):
    monkeypatch.setattr(blob_merging, "MAX_BLOBS", 3)
    merger = BlobMerger(8)
    merger.add(np.array([[1, 0, 1, 0, 1]]), 0, 0)
    with pytest.raises(ValueError, match="at most 3 blobs. Received more; raise the threshold"):
        merger.add(np.array([[0, 0, 1]]), 0, 5)


def test_blob_merger_refuses():
    with pytest.raises(ValueError, match="`min_area` must be at least 1 pixel. Received 0"):
        BlobMerger(3).finish(0)
    with pytest.raises(ValueError, match="`classes` must be a map"):
        BlobMerger(3).add(np.zeros((1, 3, 1), int), 0, 0)
