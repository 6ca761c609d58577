import numpy as np
import pytest
from skimage.measure import label, regionprops
from skimage.morphology import black_tophat
from skimage.segmentation import find_boundaries, watershed

from ops.blobs import blob_points, dark_valleys, find_blobs, label_blobs, split_boundaries


def random_mask(seed, shape=(30, 41), share=0.4):
    return np.random.default_rng(seed).random(shape) < share


def same_areas(first, second):
    pairs = {tuple(pair) for pair in np.stack([first.ravel(), second.ravel()], axis=1)}
    return len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


@pytest.mark.parametrize("share", [0.1, 0.4, 0.7])
def test_label_blobs_are_the_areas_of_scikit_image(share):
    for seed in range(10):
        probs = np.random.default_rng(seed).random((30, 41))
        assert same_areas(label_blobs(probs, threshold=1 - share), label(probs > 1 - share))


def test_find_blobs_measures_like_scikit_image():
    blobs = find_blobs(random_mask(0))
    for region in regionprops(blobs.labels):
        top, left, bottom, right = region.bbox
        assert blobs.boxes[region.label].tolist() == [left, top, right, bottom]
        assert blobs.areas[region.label] == region.area
        np.testing.assert_allclose(blobs.centres[region.label], region.centroid)


def test_label_blobs_touch_at_corners():
    assert label_blobs(np.eye(4)).max() == 1


def test_label_blobs_at_the_threshold_is_background():
    assert label_blobs(np.full((3, 3), 0.5)).max() == 0


def test_label_blobs_drops_small_ones_without_gaps():
    probs = np.array([[1.0, 0, 1, 1, 0, 1, 0, 1, 1, 1]])
    assert label_blobs(probs, min_area=2).tolist() == [[0, 0, 1, 1, 0, 0, 0, 2, 2, 2]]


def test_label_blobs_are_cut_by_the_region():
    where = np.array([[True, True, False, True]])
    assert label_blobs(np.ones((1, 4)), where=where).tolist() == [[1, 1, 0, 2]]


def test_label_blobs_nan_is_no_blob():
    assert label_blobs(np.array([[np.nan, 0.9]])).tolist() == [[0, 1]]


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1)])
def test_label_blobs_thin_pictures(shape):
    assert label_blobs(np.ones(shape)).tolist() == np.ones(shape, int).tolist()


def test_label_blobs_refuses():
    with pytest.raises(ValueError, match="`min_area` must be at least 1 pixel. Received 0"):
        label_blobs(np.ones((2, 2)), min_area=0)
    with pytest.raises(ValueError, match=r"`where` must be a map \(H, W\) of 2 x 2 pixels"):
        label_blobs(np.ones((2, 2)), where=np.ones((2, 3), bool))
    with pytest.raises(ValueError, match=r"`probs` must be a map .* Received shape \(2, 2, 1\)"):
        label_blobs(np.ones((2, 2, 1)))


def test_blob_points_are_nearest_to_the_centroid():
    labels = np.zeros((9, 9), int)
    labels[2:7, 2:7] = 1
    assert blob_points(labels).tolist() == [[4, 4]]


def test_blob_points_lie_in_their_own_blob():
    ring = np.ones((5, 5), int)
    ring[1:4, 1:4] = 0
    ring[2, 2] = 2  # The ring's centroid is this blob.
    (row, column), inner = blob_points(ring).astype(int)
    assert ring[row, column] == 1 and inner.tolist() == [2, 2]


def test_blob_points_of_random_blobs():
    labels = label(random_mask(3))
    points = blob_points(labels).astype(int)
    assert labels[tuple(points.T)].tolist() == list(range(1, labels.max() + 1))


def test_blob_points_without_blob():
    assert blob_points(np.zeros((3, 4), int)).shape == (0, 2)


@pytest.mark.parametrize("shape", [(40, 50), (1, 20), (20, 1), (3, 5), (1, 1)])
def test_dark_valleys_equal_scikit_image_bit_by_bit(shape):
    probs = np.random.default_rng(0).random(shape, np.float32)
    np.testing.assert_array_equal(dark_valleys(probs), black_tophat(probs, np.ones((7, 7))))


def test_split_boundaries_equal_scikit_image():
    rng = np.random.default_rng(0)
    for _ in range(20):
        shape = rng.integers(2, 40, 2)
        probs = np.round(rng.random(shape, np.float32), 1)
        markers = np.zeros(shape, int)
        markers.flat[rng.choice(markers.size, min(5, markers.size), replace=False)] = 1
        seeds = np.where(markers, np.cumsum(markers).reshape(shape), 0)
        expected = find_boundaries(watershed(black_tophat(probs, np.ones((7, 7))), seeds))
        np.testing.assert_array_equal(split_boundaries(probs, markers), expected)


def test_split_boundaries_of_one_marker_are_none():
    assert not split_boundaries(np.ones((4, 5)), np.eye(4, 5) * 0 + (np.arange(5) == 9)).any()
    markers = np.zeros((4, 5))
    markers[1, 2] = 1
    assert not split_boundaries(np.ones((4, 5)), markers).any()


def test_split_boundaries_refuse_nan():
    with pytest.raises(ValueError, match="NaN"):
        split_boundaries(np.full((2, 2), np.nan), np.eye(2))
