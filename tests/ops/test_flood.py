import threading

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.segmentation import watershed

from ops.flood import empty_runs, flood, flood_region
from ops.ranking import rank_pixels

RELIEFS = {
    "distinct": lambda r: r.astype(np.float32),
    "double": lambda r: r,
    "few_values": lambda r: np.round(r),
    "integers": lambda r: np.round(10 * r).astype(np.int64),
    "flat": lambda r: np.zeros_like(r, np.float32),
    "smooth_with_ties": lambda r: np.round(50 * gaussian_filter(r, 2)).astype(np.float32),
    "plains_and_pits": lambda r: np.minimum(gaussian_filter(r, 3), 0),
    "half": lambda r: r.astype(np.float16),
}


def random_markers(rng, height, width):
    markers = np.zeros((height, width), int)
    number = rng.integers(0, min(height * width, 40) + 1)
    where = rng.choice(height * width, number, replace=False)
    markers.flat[where] = rng.permutation(number) + 1
    return markers


@pytest.mark.parametrize("kind", RELIEFS)
def test_flood_equals_scikit_image(kind):
    rng = np.random.default_rng(sorted(RELIEFS).index(kind))
    for _ in range(60):
        height, width = rng.integers(1, 50, 2)
        relief = RELIEFS[kind](rng.normal(size=(height, width)))
        markers = random_markers(rng, height, width)
        np.testing.assert_array_equal(flood(relief, markers), watershed(relief, markers))


def test_flood_equals_scikit_image_where_markers_touch_and_share_labels():
    rng = np.random.default_rng(0)
    for _ in range(40):
        relief, markers = rng.integers(0, 4, (12, 17)), rng.integers(0, 3, (12, 17))
        np.testing.assert_array_equal(flood(relief, markers), watershed(relief, markers))


def test_flood_equals_scikit_image_with_hundreds_of_tied_markers():
    rng = np.random.default_rng(0)
    relief = np.round(gaussian_filter(rng.normal(size=(90, 140)), 1) * 20)
    markers = np.zeros(relief.shape, int)
    markers.flat[rng.choice(relief.size, 900, replace=False)] = np.arange(900) + 1
    np.testing.assert_array_equal(flood(relief, markers), watershed(relief, markers))


def test_flood_water_does_not_sink():
    # Both markers lie at 1; water that has climbed to 1 crosses the pits at 0 without falling, so
    # the second marker takes its turn before the first has run on.
    assert flood(np.array([[1.0, 0, 0, 1]]), np.array([[2, 0, 0, 1]])).tolist() == [[2, 2, 1, 1]]


def test_flood_minus_zero_equals_zero():
    relief = np.array([[0.0, -0.0, 0.0, -0.0, 0.0]], np.float32)
    markers = np.array([[1, 0, 0, 0, 2]])
    assert flood(relief, markers).tolist() == [[1, 1, 1, 2, 2]]


def test_flood_one_pixel_and_no_marker():
    assert flood(np.zeros((1, 1)), np.ones((1, 1), int)).tolist() == [[1]]
    assert flood(np.zeros((2, 3)), np.zeros((2, 3), int)).tolist() == [[0] * 3] * 2


def test_flood_region_can_run_again_after_its_runs_are_emptied():
    rng = np.random.default_rng(0)
    relief = rng.integers(0, 5, (20, 30)).astype(np.float32)
    ranking = rank_pixels(relief)
    for _ in range(5):
        markers = random_markers(rng, 20, 30)
        labels = np.pad(markers, 1, constant_values=-1).astype(np.int32)
        flood_region(ranking, labels.ravel(), np.flatnonzero(labels > 0), 32)
        np.testing.assert_array_equal(labels[1:-1, 1:-1], watershed(relief, markers))
        for row in range(1, 21):
            empty_runs(ranking, row * 32 + 1, row * 32 + 31)
    assert not ranking.fill.any() and not ranking.words.any()


def test_flood_runs_in_threads():
    rng = np.random.default_rng(0)
    reliefs = [rng.integers(0, 9, (60, 80)) for _ in range(6)]
    markers, results = random_markers(rng, 60, 80), {}

    def run(i):
        results[i] = flood(reliefs[i], markers)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(6):
        np.testing.assert_array_equal(results[i], watershed(reliefs[i], markers))


def test_flood_refuses_nan():
    with pytest.raises(ValueError, match="`relief` must hold numbers only. Received NaN"):
        flood(np.full((2, 2), np.nan), np.eye(2, dtype=int))


@pytest.mark.parametrize("shape", [(3, 2), (2, 3, 1), (6,)])
def test_flood_refuses_maps_of_unequal_sizes(shape):
    with pytest.raises(ValueError, match="`relief` and `markers` must be maps"):
        flood(np.zeros(shape), np.zeros((2, 3), int))
