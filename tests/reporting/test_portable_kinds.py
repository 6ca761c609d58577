"""Every kind of model in every format, on pictures that are not of its network's size."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from models.cam_classifier import build_cam_classifier
from models.cam_decoder import build_cam_decoder
from models.counter import CountWeights, FeatureGrid, build_counter
from models.density_counter import CellWeights, build_density_counter
from models.imagenet_head import ClassifierHead
from models.label_pooling import build_mapped_classifier
from models.large_fov import build_large_fov
from models.map_locator import build_map_locator
from models.saliency_network import build_saliency_model, build_saliency_network
from models.segmenter import build_segmenter
from models.tagger import build_tagger
from ops.count_calibration import calibrate_counts
from reporting.export import export_saved_model
from reporting.export_check import compare_export
from reporting.litert_check import draw_pictures
from reporting.portable_export import PortableSettings, export_portable
from reporting.runtimes import SUFFIXES

SIZE = (45, 70)


def build_encoder(shape):
    x = image = keras.Input(shape)
    maps = {}
    for stride in (2, 4, 8, 16, 32):
        options = {"strides": 2, "padding": "same", "activation": "relu"}
        x = keras.layers.Conv2D(4, 3, **options)(x)
        maps[f"stride_{stride}"] = x
    return keras.Model(image, maps, name="small")


def build_density():
    weights = CellWeights(
        np.ones(4), np.random.default_rng(0).normal(0, 9, (4, 3)), np.float32([0, 0, 0.1])
    )
    calibration = calibrate_counts([1, 2], [1.5, 2], interval=0.5, calibrated_on="drawn scenes")
    return build_density_counter(
        build_encoder((32, 32, 3)), weights, num_patches=2, max_depth=1, calibration=calibration
    )


def build_cells():
    # The maps of strides 8 and 16 have 4 features each; half of the cells are cut off at 0.
    kernel = np.float32([9, -5, 3, -2, 7, 1, -4, 6])
    weights = CountWeights(kernel, -1.0)
    features = FeatureGrid(3, (8, 16))
    return build_counter(build_encoder((32, 32, 3)), 2, weights=weights, features=features)


def build_segments():
    network = build_large_fov(
        build_encoder((65, 65, 3)), num_classes=2, num_neurons=4, head="pyramid"
    )
    logits = network.get_layer("logits")
    logits.kernel.assign(1000 * logits.kernel)  # a choice that rounding does not change
    return build_segmenter(network, 65, ["cat", "dog"], mirror=True)


def build_saliency():
    return build_saliency_model(build_saliency_network(build_encoder((32, 64, 3)), num_neurons=4))


def build_decoder():
    classifier = build_cam_classifier("mobilenet_v2", num_classes=2, image_size=64)
    decoder = build_cam_decoder(classifier, channels=(4, 4, 4, 4, 4))
    return build_map_locator(decoder, ["cat", "dog"], threshold=0.9)


def build_tags():
    return build_tagger(build_cam_classifier("mobilenet_v2", num_classes=2, image_size=32))


def build_mapped_tags():
    kernel = np.random.default_rng(0).normal(0, 1, (8, 3)).astype(np.float32)
    head = ClassifierHead(kernel, np.zeros(3, np.float32), ("cat", "dog", "rat"))
    groups = [[0, 1], [1, 2]]
    return build_tagger(
        build_mapped_classifier("mobilenet_v2", head, groups, single=[1], image_size=32)
    )


KINDS = {
    "density": build_density,
    "cells": build_cells,
    "segmenter": build_segments,
    "saliency": build_saliency,
    "decoder": build_decoder,
    "tagger": build_tags,
    "mapped": build_mapped_tags,
}


@pytest.fixture(scope="module", params=KINDS)
def model(request, small_cam_encoder):
    keras.utils.set_random_seed(0)
    return KINDS[request.param]()


@pytest.mark.slow
@pytest.mark.parametrize("name", SUFFIXES)
def test_every_kind_is_exported_in_every_format(model, tmp_path, name):
    file = export_portable(
        model,
        tmp_path / f"a{SUFFIXES[name]}",
        PortableSettings(name, SIZE),
        pictures=list(draw_pictures(2, SIZE)),
        checked_on="pictures",
    )
    assert set(file.comparison.largest) == set(model.output) and file.left == {}
    assert set(file.comparison.compared.values()) <= {1, 2}
    assert max(file.comparison.largest.values()) < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_in_mixed_precision_is_served_in_float32(kind, small_cam_encoder, tmp_path):
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = KINDS[kind]()
        path = export_saved_model(model, tmp_path / "a", max_pixels=10**5)
    finally:
        keras.config.set_dtype_policy("float32")
    twin = KINDS[kind]()
    twin.set_weights(model.get_weights())
    signature = tf.saved_model.load(str(path)).signatures["serving_default"]
    assert "DT_BFLOAT16" not in str(signature.graph.as_graph_def())
    assert compare_export(twin, path, 10**5).largest.keys() == model.output.keys()
