from pathlib import Path

import numpy as np
import pytest

from ops.cam import normalise_maps, weigh_channels
from ops.gradient_cams import (
    grad_cam,
    grad_cam_plus_plus,
    layer_cam,
    plus_plus_alphas,
    smooth_grad_cam_plus_plus,
    xgrad_cam,
)

FIXTURE = Path(__file__).parent.parent / "fixtures" / "gradient_cams.npz"
METHODS = (grad_cam, grad_cam_plus_plus, xgrad_cam, layer_cam)


def draw_pair(shape=(2, 3, 4, 5), *, scale=0.1):
    rng = np.random.default_rng(0)
    features = np.maximum(rng.normal(size=shape), 0).astype(np.float32)
    return features, (scale * rng.normal(size=shape)).astype(np.float32)


def loop_plus_plus(features, first, second, third):
    """Follow the paper place by place."""
    batch, height, width, channels = features.shape
    maps = np.zeros((batch, height, width))
    for b in range(batch):
        for k in range(channels):
            total, weight = features[b, :, :, k].sum(dtype=float), 0.0
            for i, j in np.ndindex(height, width):
                place = b, i, j, k
                divisor = 2 * float(second[place]) + total * float(third[place])
                if second[place] != 0 and divisor != 0:
                    weight += float(second[place]) / divisor * max(0.0, float(first[place]))
            maps[b] += weight * features[b, :, :, k]
    return np.maximum(maps, 0)


def test_grad_cam_equals_its_twin():
    features, gradients = draw_pair()
    twin = np.einsum("bhwc,bc->bhw", features, gradients.mean(axis=(1, 2)))
    np.testing.assert_allclose(grad_cam(features, gradients), np.maximum(twin, 0), atol=1e-6)


def test_grad_cam_plus_plus_equals_its_twin():
    features, gradients = draw_pair()
    twin = loop_plus_plus(features, gradients, gradients**2, gradients**3)
    np.testing.assert_allclose(grad_cam_plus_plus(features, gradients), twin, rtol=1e-4)


def test_smooth_grad_cam_plus_plus_equals_its_twin():
    features, gradients = draw_pair()
    copies = np.stack([gradients, gradients + 0.05, gradients * 1.2])
    means = [np.mean(copies**power, axis=0) for power in (1, 2, 3)]
    twin = loop_plus_plus(features, *means)
    np.testing.assert_allclose(smooth_grad_cam_plus_plus(features, *means), twin, rtol=1e-3)


def test_smooth_grad_cam_plus_plus_without_noise_is_grad_cam_plus_plus():
    features, gradients = draw_pair()
    smooth = smooth_grad_cam_plus_plus(features, gradients, gradients**2, gradients**3)
    np.testing.assert_allclose(smooth, grad_cam_plus_plus(features, gradients), rtol=1e-4)


def test_grad_cam_plus_plus_keeps_gradients_whose_cubes_vanish():
    features, gradients = draw_pair()
    # ever smaller gradients leave alpha = 1 / 2: w_k = sum of the positive ones / 2
    twin = np.einsum("bhwc,bc->bhw", features, np.maximum(gradients, 0).sum(axis=(1, 2)) / 2)
    maps = grad_cam_plus_plus(features, 1e-20 * gradients).numpy() * 1e20
    np.testing.assert_allclose(maps, twin, rtol=1e-4)


def test_xgrad_cam_equals_its_twin_and_a_dead_channel_weighs_nothing():
    features, gradients = draw_pair()
    features[..., 2] = 0
    twin = np.zeros(features.shape[:3])
    for k in (0, 1, 3, 4):
        a, g = features[..., k], gradients[..., k]
        weight = (a * g).sum(axis=(1, 2)) / a.sum(axis=(1, 2))
        twin += weight[:, None, None] * a
    np.testing.assert_allclose(xgrad_cam(features, gradients), np.maximum(twin, 0), atol=1e-5)


def test_layer_cam_equals_its_twin():
    features, gradients = draw_pair()
    twin = (np.maximum(gradients, 0) * features).sum(axis=-1)
    np.testing.assert_allclose(layer_cam(features, gradients), twin, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_gradient_cams_without_evidence_are_zero(method):
    features, gradients = draw_pair()
    for pair in ((0 * features, gradients), (features, 0 * gradients)):
        np.testing.assert_array_equal(normalise_maps(method(*pair)), np.zeros((2, 3, 4)))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(0, 3, 4, 5), (1, 1, 1, 1), (1, 7, 2, 3)])
def test_gradient_cams_take_every_shape(method, shape):
    maps = method(*draw_pair(shape)).numpy()
    assert maps.shape == shape[:3] and maps.dtype == np.float32 and np.isfinite(maps).all()


@pytest.mark.parametrize("method", METHODS)
def test_gradient_cams_of_a_picture_do_not_depend_on_others(method):
    features, gradients = draw_pair()
    both = method(features, gradients).numpy()
    np.testing.assert_allclose(method(features[1:], gradients[1:])[0], both[1], rtol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_gradient_cams_show_what_is_not_a_number(method):
    features, gradients = draw_pair()
    features[0, 0, 0, 0] = np.nan
    maps = method(features, gradients).numpy()
    assert np.isnan(maps[0, 0, 0]) and np.isfinite(maps[1]).all()


@pytest.mark.parametrize("method", METHODS)
def test_gradient_cams_refuse_other_shapes(method):
    features, gradients = draw_pair()
    with pytest.raises(ValueError, match=r"must both be \(B, h, w, C\). Received shapes \(2, 3"):
        method(features, gradients[:, :2])
    with pytest.raises(ValueError, match="must both be"):
        method(features[0], gradients[0])


def test_weigh_channels_refuses_other_shapes():
    with pytest.raises(ValueError, match=r"`weights` \(B, C\). Received shapes \(2, 3, 4, 5\)"):
        weigh_channels(draw_pair()[0], np.ones(5))


# Of a linear classifier on averaged features, g_k = w_k / (h w) at every place.
def test_gradient_cams_of_a_linear_classifier_are_its_class_activation_map():
    features, _ = draw_pair((1, 3, 4, 5))
    kernel = np.random.default_rng(1).normal(size=5).astype(np.float32)
    cam = np.maximum(features @ kernel, 0)
    gradients = np.broadcast_to(kernel / 12, features.shape)
    np.testing.assert_allclose(grad_cam(features, gradients), cam / 12, atol=1e-6)
    np.testing.assert_allclose(xgrad_cam(features, gradients), cam / 12, atol=1e-6)
    positive = features @ np.maximum(kernel, 0)
    np.testing.assert_allclose(layer_cam(features, gradients), positive / 12, atol=1e-6)


@pytest.fixture(scope="module")
def stored():
    """Maps by tf-keras-vis 0.8.7 of two pictures, not stretched, their features and gradients."""
    with np.load(FIXTURE) as file:
        return dict(file)


def stretch(maps):
    least = maps.min(axis=(1, 2), keepdims=True)
    return (maps - least) / (maps.max(axis=(1, 2), keepdims=True) - least)


def test_grad_cam_agrees_with_tf_keras_vis(stored):
    maps = normalise_maps(grad_cam(stored["features"], stored["gradients"]))
    np.testing.assert_allclose(maps, stretch(stored["grad_cam"]), atol=1e-4)


def test_layer_cam_agrees_with_tf_keras_vis(stored):
    maps = normalise_maps(layer_cam(stored["features"], stored["gradients"]))
    np.testing.assert_allclose(maps, stretch(stored["layer_cam"]), atol=1e-4)


def test_grad_cam_plus_plus_agrees_with_tf_keras_vis_but_for_its_division(stored):
    features, gradients = stored["features"], stored["gradients"]
    alphas = plus_plus_alphas(features, gradients).numpy()
    alphas /= alphas.sum(axis=(1, 2), keepdims=True)  # not in the paper
    weights = (alphas * np.maximum(gradients, 0)).sum(axis=(1, 2))
    maps = normalise_maps(weigh_channels(features, weights))
    np.testing.assert_allclose(maps, stretch(stored["grad_cam_plus_plus"]), atol=1e-4)
