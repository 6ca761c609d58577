from pathlib import Path

import keras
import numpy as np
import pytest

from config.errors import InputError
from config.loader import load_params
from models.encoders import build_encoder
from ops.class_blobs import BlobRule, label_class_blobs
from reporting.point_settings import PointSettings
from training.points.model import (
    build_counter,
    build_network,
    build_trained,
    find_network,
    read_rule,
)

CONFIG = Path(__file__).resolve().parents[3] / "config"
SMALL = ["num_neurons=4", "scale=1.5", "max_points=16"]


@pytest.fixture(scope="module")
def encoder():
    return build_encoder("mobilenet_v2", (32, 32, 3), alpha=0.35)


def load(*overrides):
    return load_params(CONFIG / "demo", "training/points", [*SMALL, *overrides])


@pytest.mark.parametrize("head", ["fcn8", "pyramid"])
@pytest.mark.parametrize("batch_norm", ["train", "frozen"])
def test_build_network_follows_the_parameters(encoder, head, batch_norm):
    network = build_network(encoder, load(f"head={head}", f"batch_norm={batch_norm}"), 2)
    assert network.output.shape[-1] == 3 and network.name == f"{head}_mobilenet_v2"
    assert network.get_layer("bn_Conv1").trainable == (batch_norm == "train")


def test_build_trained_measures_in_pixels_of_the_scaled_map(encoder):
    params = load("min_area=8", "levels=3", "threshold=0.4")
    trained = build_trained(build_network(encoder, params, 1), params, 1, num_steps=4)
    (metric,) = trained.get_compile_config()["metrics"]
    assert metric["config"]["min_area"] == 18  # 8 x 1.5^2
    assert (metric["config"]["threshold"], metric["config"]["levels"]) == (0.4, 3)


def test_the_counters_file_names_no_loss(encoder, tmp_path):
    params = load()
    network = build_network(encoder, params, 1)
    build_trained(network, params, 1, num_steps=4)
    counter = build_counter(network, params, BlobRule(0.6, 2, 3), 1.25)
    counter.save(tmp_path / "points.keras")
    loaded = keras.saving.load_model(tmp_path / "points.keras", compile=False)
    assert not find_network(loaded).get_compile_config()
    layer = loaded.get_layer("count_blobs")
    assert (layer.threshold, layer.levels, layer.min_area) == (0.6, 2, 3)
    assert layer.objects_per_blob == 1.25 and layer.max_points == 16


@pytest.mark.parametrize("threshold", [0.25, 0.5])
def test_the_counter_finds_the_blobs_that_scoring_finds(encoder, threshold):
    network = build_network(encoder, load("scale=1"), 2)
    kernel = network.get_layer("score").kernel
    kernel.assign(np.random.default_rng(0).normal(0, 6, kernel.shape))
    rule = BlobRule(threshold, 3, 2)
    counter = build_counter(network, load("scale=1"), rule, 1.0)
    images = np.random.default_rng(1).integers(0, 256, (1, 50, 61, 3), np.uint8)
    found = counter(images)
    labels = label_class_blobs(
        found["probabilities"][0].numpy(), threshold=threshold, levels=3, min_area=2
    )
    assert found["class_counts"][0].numpy().tolist() == labels.max(axis=(0, 1)).tolist()


def test_find_network_names_another_model():
    with pytest.raises(InputError, match="must be a point counter. Received `other`"):
        find_network(keras.Sequential([keras.layers.ReLU()], name="other"))


def test_read_rule_takes_the_settings_of_a_counter():
    settings = PointSettings(threshold=0.4, levels=3, min_area=2, scale=2.0)
    assert read_rule(settings) == BlobRule(0.4, 3, 2)
