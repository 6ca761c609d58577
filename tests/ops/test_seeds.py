import numpy as np
import pytest

from ops.seeds import check_classes, normalise_heat, seed_labels

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
