import keras
import numpy as np
import pytest

from ops.cam import batch_class_activation_maps, class_activation_maps, normalise_maps

FEATURES = np.random.default_rng(0).random((3, 4, 5)).astype(np.float32)
KERNEL = np.random.default_rng(1).normal(size=(5, 6)).astype(np.float32)


def test_class_activation_maps_follow_the_order_of_the_classes():
    maps = class_activation_maps(FEATURES, KERNEL, [6, 2])
    twin = np.einsum("hwk,kc->chw", FEATURES, KERNEL)[[5, 1]]
    assert maps.shape == (2, 3, 4) and maps.dtype == np.float32
    np.testing.assert_allclose(maps, twin, atol=1e-5)


def test_class_activation_maps_average_to_the_scores():
    scores = FEATURES.mean(axis=(0, 1)) @ KERNEL
    maps = class_activation_maps(FEATURES, KERNEL, range(1, 7))
    np.testing.assert_allclose(maps.mean(axis=(1, 2)), scores, atol=1e-5)


def test_class_activation_maps_of_no_class_are_none():
    assert class_activation_maps(FEATURES, KERNEL, []).shape == (0, 3, 4)


@pytest.mark.parametrize("classes", [[0], [7], [-1]])
def test_class_activation_maps_refuse_a_class_that_is_not_there(classes):
    with pytest.raises(ValueError, match="`classes` must be ids from 1 to 6"):
        class_activation_maps(FEATURES, KERNEL, classes)


def test_class_activation_maps_refuse_a_kernel_of_other_features():
    with pytest.raises(ValueError, match=r"`kernel` \(C, K\). Received shapes"):
        class_activation_maps(FEATURES, KERNEL[:4], [1])
    with pytest.raises(ValueError, match=r"must be \(B, h, w, C\)"):
        batch_class_activation_maps(FEATURES, KERNEL)


def test_batch_class_activation_maps_equal_those_of_each_picture():
    maps = batch_class_activation_maps(keras.ops.array(FEATURES[None]), KERNEL)
    single = class_activation_maps(FEATURES, KERNEL, range(1, 7))
    np.testing.assert_allclose(np.moveaxis(maps.numpy()[0], -1, 0), single, atol=1e-5)


def test_normalise_maps_stretches_each_map_alone():
    maps = normalise_maps(np.array([[[1.0, 2.0]], [[-8.0, 0.0]]])).numpy()
    np.testing.assert_array_equal(maps, [[[0, 1]], [[0, 1]]])
    assert maps.dtype == np.float32


def test_normalise_maps_of_constants_are_zero():
    rounding = np.array([[[3.0, 3.0 + 5e-7]], [[0.0, 0.0]], [[-1e30, -1e30]]])
    np.testing.assert_array_equal(normalise_maps(rounding), np.zeros((3, 1, 2)))


def test_normalise_maps_keeps_what_is_faint_but_real():
    np.testing.assert_allclose(normalise_maps(np.array([[[1e-30, 3e-30, 2e-30]]])), [[[0, 1, 0.5]]])


def test_normalise_maps_shows_what_is_not_a_number():
    maps = normalise_maps(np.array([[[np.nan, 1.0]], [[0.0, 1.0]]])).numpy()
    assert np.isnan(maps[0]).any() and np.isfinite(maps[1]).all()


@pytest.mark.parametrize("shape", [(0, 2, 2), (1, 1, 1)])
def test_normalise_maps_takes_one_cell_and_none(shape):
    np.testing.assert_array_equal(normalise_maps(np.ones(shape)), np.zeros(shape))


def test_normalise_maps_refuses_other_axes():
    with pytest.raises(ValueError, match=r"`maps` must be \(B, h, w\). Received shape \(2, 2\)"):
        normalise_maps(np.ones((2, 2)))
