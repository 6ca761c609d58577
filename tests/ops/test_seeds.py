import numpy as np
import pytest
from skimage.filters import threshold_otsu

from ops.seeds import (
    check_classes,
    normalise_heat,
    otsu_level,
    region_of_interest,
    seed_labels,
)

# Over their maxima 1 and 4: [[1, .1], [.5, .3]] and [[.5, 1], [.25, 0]].
HEAT = np.array([[[1, 0.1], [0.5, 0.3]], [[2, 4], [1, 0]]])


def test_normalise_heat_by_hand():
    expected = [[[1, 0.1], [0.5, 0.3]], [[0.5, 1], [0.25, 0]]]
    np.testing.assert_allclose(normalise_heat(HEAT), expected, rtol=1e-6)


def test_normalise_heat_clips_negative_values():
    assert normalise_heat(np.array([[[-3.0, 2.0]]])).tolist() == [[[0.0, 1.0]]]


@pytest.mark.parametrize("value", [0.0, -2.0])
def test_normalise_heat_without_a_positive_value_is_zero(value):
    assert not normalise_heat(np.full((1, 2, 3), value)).any()


def test_normalise_heat_without_classes_keeps_the_size():
    assert normalise_heat(np.zeros((0, 2, 3))).shape == (0, 2, 3)


def test_normalise_heat_leaves_its_input():
    heat = np.array([[[-1.0, 2.0]]], np.float32)
    normalise_heat(heat)
    assert heat.tolist() == [[[-1.0, 2.0]]]


@pytest.mark.parametrize("shape", [(2, 2), (1, 0, 3), (1, 2, 3, 1)])
def test_normalise_heat_refuses_other_shapes(shape):
    with pytest.raises(ValueError, match=r"`heat_maps` must be \(C, H, W\)"):
        normalise_heat(np.zeros(shape))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_normalise_heat_refuses_what_is_not_finite(value):
    with pytest.raises(ValueError, match="`heat_maps` must be finite"):
        normalise_heat(np.full((1, 1, 1), value))


@pytest.mark.parametrize("threshold, last", [(0.2, 5), (0.4, 0)])
def test_seed_labels_by_hand(threshold, last):
    labels, confidence = seed_labels(HEAT, [5, 7], threshold=threshold)
    assert labels.tolist() == [[5, 7], [5, last]] and labels.dtype == np.int32
    np.testing.assert_allclose(confidence, [[1, 1], [0.5, 0.3]], rtol=1e-6)


def test_seed_labels_take_what_reaches_the_threshold():
    labels, _ = seed_labels(np.array([[[10.0, 2.0, 1.99]]]), [3])
    assert labels.tolist() == [[3, 3, 0]]


def test_seed_labels_of_a_cold_class_are_none():
    heat = np.array([[[-1.0, -5.0]], [[0.0, 8.0]]])
    labels, confidence = seed_labels(heat, [1, 2], threshold=0)
    assert labels.tolist() == [[2, 2]] and confidence.tolist() == [[0, 1]]
    assert not seed_labels(heat[:1], [1], threshold=0)[0].any()


def test_seed_labels_without_classes_are_background():
    labels, confidence = seed_labels(np.zeros((0, 2, 3)), [])
    assert labels.shape == confidence.shape == (2, 3) and not labels.any()


def test_seed_labels_tie_goes_to_the_lower_id():
    heat = np.ones((2, 1, 1))
    assert seed_labels(heat, [9, 4])[0].item() == seed_labels(heat, [4, 9])[0].item() == 4


def test_seed_labels_do_not_hang_on_the_order_of_classes():
    heat = np.random.default_rng(0).normal(size=(3, 8, 5))
    labels, _ = seed_labels(heat, [30, 10, 20])
    np.testing.assert_array_equal(labels, seed_labels(heat[[1, 2, 0]], [10, 20, 30])[0])


@pytest.mark.parametrize("threshold", [-0.1, 20, np.nan])
def test_seed_labels_refuse_a_threshold_outside_the_range(threshold):
    with pytest.raises(ValueError, match="20 % is 0.2"):
        seed_labels(HEAT, [5, 7], threshold=threshold)


@pytest.mark.parametrize("classes", [[5], [5, 5], [0, 5], [5, 255], [1.5, 2]])
def test_check_classes_refuses_what_does_not_fit(classes):
    with pytest.raises(ValueError, match="`classes` must be 2 different ids"):
        check_classes(classes, 2)


def two_bumps():
    """Draw the specification's map: two Gaussians on 224 x 224 pixels."""
    y, x = np.mgrid[:224, :224].astype(float)
    large = np.exp(-((x - 90) ** 2 / 1800 + (y - 120) ** 2 / 800))
    return np.maximum(large, 0.6 * np.exp(-((x - 180) ** 2 + (y - 50) ** 2) / 288))


def small_block():
    cam = np.full((20, 20), 0.2)
    cam[5:15, 6:14] = 0.9
    return cam


def test_otsu_level_is_scikit_images():
    generator = np.random.default_rng(0)
    for size in ((1, 2), (7, 5), (40, 30)):
        cam = generator.beta(0.5, 2, size).astype(np.float32)
        assert otsu_level(cam) == threshold_otsu(np.floor(255 * cam).astype(np.uint8))


@pytest.mark.parametrize(
    ("cam", "level"), [(two_bumps(), 74), (small_block(), 51), (np.ones((1, 1)), 255)]
)
def test_otsu_level_of_the_specification(cam, level):
    assert otsu_level(cam) == level


def test_region_of_interest_is_above_the_level_not_at_it():
    # The published rule, 255 C >= 51, takes all 400 pixels; the block has 10 x 8.
    assert region_of_interest(small_block()).sum() == 80
    assert region_of_interest(small_block(), threshold=50).sum() == 400


@pytest.mark.parametrize(
    ("method", "area"), [("all", 5272), ("largest", 4615), ("high_density", 4615)]
)
def test_region_of_interest_of_the_specification(method, area):
    assert region_of_interest(two_bumps(), method=method).sum() == area


def test_region_of_interest_of_high_density_leaves_small_parts():
    cam = np.zeros((10, 10))
    cam[:5, :5], cam[8:, 8:] = 0.6, 1.0  # 25 pixels, and 4 denser ones: 4 % of the map
    options = {"method": "high_density", "threshold": 100}
    assert region_of_interest(cam, **options, min_size=0.04)[9, 9]
    kept = region_of_interest(cam, **options, min_size=0.05)
    assert kept.sum() == 25 and kept[0, 0]


def test_region_of_interest_parts_do_not_meet_at_corners():
    assert region_of_interest(np.eye(3), method="largest").sum() == 1


@pytest.mark.parametrize("method", ["all", "largest", "high_density"])
@pytest.mark.parametrize("value", [0.0, 0.4, 1.0])
def test_region_of_interest_of_a_constant_map_is_empty(method, value):
    assert not region_of_interest(np.full((3, 4), value), method=method).any()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"method": "roi_all"}, "`method` must be one of all, largest, high_density"),
        ({"min_size": 5}, "`min_size` must be a share"),
        ({"threshold": 256}, "`threshold` must be a level"),
    ],
)
def test_region_of_interest_refuses_unknown_options(options, text):
    with pytest.raises(ValueError, match=text):
        region_of_interest(np.eye(2), **options)


@pytest.mark.parametrize("value", [np.nan, -0.1, 1.1])
def test_otsu_level_refuses_what_is_no_map_in_its_range(value):
    with pytest.raises(ValueError, match=r"`cam` must be in \[0, 1\]"):
        otsu_level(np.array([[0.5, value]]))
    with pytest.raises(ValueError, match=r"`cam` must be a map \(H, W\)"):
        otsu_level(np.zeros((0, 3)))
