import keras
import numpy as np
import pytest

from models.cam_classifier import build_cam_classifier
from models.cam_decoder import build_cam_decoder
from models.counter import CountWeights, FeatureGrid, build_counter
from models.density_counter import CellWeights, build_density_counter
from models.fcn8 import build_fcn8
from models.fixed_size import AtSize, build_at_size, lost_outputs
from models.large_fov import build_large_fov
from models.localizer import build_localizer
from models.locator import build_locator
from models.map_locator import build_map_locator
from models.picture_scale import ResizeImages, RestoreSize, ScaleImages
from models.point_counter import CountBlobs, build_point_counter
from models.saliency_network import build_saliency_model, build_saliency_network
from models.segmenter import build_segmenter
from models.tagger import build_tagger
from ops.count_calibration import calibrate_counts


def build_encoder(shape, channels=4):
    x = image = keras.Input(shape)
    maps = {}
    for stride in (2, 4, 8, 16, 32):
        options = {"strides": 2, "padding": "same", "activation": "relu"}
        x = keras.layers.Conv2D(channels, 3, **options)(x)
        maps[f"stride_{stride}"] = x
    return keras.Model(image, maps, name="small")


def build_points(scale=1.0, num_classes=1, **options):
    """A point counter whose probabilities follow the pixels, and so are full of blobs."""
    image = keras.Input((None, None, 3))
    layer = keras.layers.Conv2D(1 if num_classes == 1 else num_classes + 1, 1)
    network = keras.Model(image, layer(image))
    weights = np.random.default_rng(0).normal(0, 6, layer.kernel.shape)
    layer.set_weights([weights, -weights.sum(axis=(0, 1, 2)) / 2])
    return build_point_counter(network, scale=scale, **options)


def build_fcn_points():
    network = build_fcn8(build_encoder((None, None, 3)), finest_stride=2, score_bias=0.0)
    return build_point_counter(network)


KINDS = {
    "counter": lambda: build_counter(build_encoder((32, 48, 3)), 2, weights=np.ones(4)),
    "counter of cells": lambda: build_counter(
        build_encoder((32, 48, 3)),
        2,
        weights=CountWeights(np.array([1.0, -1.0, 0.5, 2.0]), 0.1),
        features=FeatureGrid(3),
    ),
    "density counter": lambda: build_density_counter(
        build_encoder((32, 32, 3)),
        CellWeights(np.ones(4), np.random.default_rng(0).normal(0, 9, (4, 3)), np.zeros(3)),
        num_patches=2,
        max_depth=2,
        calibration=calibrate_counts([1, 2], [1.5, 2], interval=0.5, calibrated_on="drawn scenes"),
    ),
    "locator": lambda: build_locator(
        build_localizer(build_encoder((64, 64, 3)), head="box_class", num_classes=2)
    ),
    "points": build_points,
    "small points": lambda: build_points(0.5, min_area=3),
    "points of levels": lambda: build_points(1.0, 2, threshold=0.3, levels=3, min_area=2),
    "large points": lambda: build_points(1.5, threshold=0.7),
    "fcn points": build_fcn_points,
    "saliency": lambda: build_saliency_model(
        build_saliency_network(build_encoder((32, 64, 3)), num_neurons=4)
    ),
    "segmenter": lambda: build_segmenter(
        build_large_fov(build_encoder((65, 65, 3)), num_classes=2, num_neurons=4, head="pyramid"),
        65,
        ["cat", "dog"],
        scales=(0.5, 1.0),
        mirror=True,
    ),
    "segmenter of any size": lambda: build_segmenter(
        build_large_fov(build_encoder((65, 65, 3)), num_classes=1, num_neurons=4, head="pyramid"),
        None,
        ["cat"],
    ),
}


def check_equal(model, size):
    fixed = build_at_size(model, size)
    images = np.random.default_rng(1).integers(0, 256, (2, *size, 3), np.uint8)
    expected, found = model.predict_on_batch(images), fixed.predict_on_batch(images)
    assert set(found) == set(expected) - set(lost_outputs(model))
    for name, value in found.items():
        np.testing.assert_allclose(value, expected[name], atol=1e-4, rtol=1e-5, err_msg=name)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_build_at_size_answers_as_the_model(kind):
    keras.utils.set_random_seed(0)
    found = check_equal(KINDS[kind](), (45, 70))
    if "points" in kind:
        assert kind == "fcn points" or found["count"].min() > 0


def test_build_at_size_answers_as_a_map_locator_and_a_tagger(small_cam_encoder):
    keras.utils.set_random_seed(0)
    classifier = build_cam_classifier("mobilenet_v2", num_classes=2, image_size=64)
    decoder = build_cam_decoder(classifier, channels=(4, 4, 4, 4, 4))
    found = check_equal(build_map_locator(decoder, ["cat", "dog"], threshold=0.9), (45, 70))
    assert found["boxes"].shape == (2, 4)
    check_equal(build_tagger(classifier), (45, 70))


def test_build_at_size_takes_one_pixel_and_its_networks_own_size():
    check_equal(build_points(), (1, 1))
    check_equal(KINDS["locator"](), (64, 64))


def test_build_at_size_may_fix_the_batch():
    assert build_at_size(build_points(), (4, 5), batch_size=3).input.shape == (3, 4, 5, 3)


def test_build_at_size_refuses_too_small_pictures():
    with pytest.raises(ValueError, match="at most the picture's rows and columns"):
        build_at_size(KINDS["counter"](), (1, 40))


def test_lost_outputs_names_what_flooding_cannot_tell():
    assert lost_outputs(build_points()) == ("points", "point_classes", "num_points")
    assert lost_outputs(KINDS["locator"]()) == ()


@pytest.mark.parametrize("layer", [ScaleImages(0.3), ScaleImages(2.0), ResizeImages((9, 4))])
@pytest.mark.parametrize("size", [(1, 1), (41, 6), (70, 90)])
def test_at_size_resizes_as_the_layer(layer, size):
    images = np.random.default_rng(0).integers(0, 256, (1, *size, 3), np.uint8)
    np.testing.assert_allclose(AtSize(layer, size)(images), layer(images), atol=1e-5)


@pytest.mark.parametrize("scale", [0.4, 1.0, 1.5])
def test_at_size_restores_as_the_layer(scale):
    images = np.zeros((1, 50, 33, 3), np.uint8)
    maps = np.random.default_rng(0).random((1, 80, 60, 2), np.float32)
    layer = RestoreSize(scale)
    inputs = [keras.ops.array(maps), keras.ops.array(images)]
    np.testing.assert_allclose(AtSize(layer, (50, 33))(inputs), layer(inputs), atol=1e-5)


def test_at_size_comes_back_from_its_config():
    layer = AtSize(CountBlobs(0.7), (4, 5), name="blobs")
    again = AtSize.from_config(layer.get_config())
    assert again.layer.threshold == 0.7 and again.size == (4, 5) and again.name == "blobs"
