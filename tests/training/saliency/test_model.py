from pathlib import Path

import keras
import numpy as np
import pytest

from config.errors import InputError
from config.loader import load_params
from training.saliency.model import build_new_network, build_trained

CONFIG = Path(__file__).resolve().parents[3] / "config" / "demo"


def resolve(*overrides):
    overrides = ["image_size=32", "num_neurons=4", *overrides]
    return load_params(CONFIG, "training/saliency", overrides)


@pytest.mark.usefixtures("small_encoder")
def test_trained_network_learns_and_reports_iou():
    keras.utils.set_random_seed(0)
    params = resolve("learning_rate=0.02", "schedule=constant")
    network = build_new_network(params)
    trained = build_trained(network, params, num_steps=10)
    images = np.zeros((2, 32, 32, 3), np.float32)
    images[0, :, 16:] = images[1, 16:] = 1
    labels = np.stack([images[0, ::4, ::4, 0], images[1, ::4, ::4, 0]])
    labels[:, :2] = 255
    first = trained.evaluate(images, labels, return_dict=True, verbose=0)
    trained.fit(images, labels, epochs=60, verbose=0)
    last = trained.evaluate(images, labels, return_dict=True, verbose=0)
    assert last["loss"] < 0.5 * first["loss"] and last["iou"] > 0.8
    assert not network.compiled


@pytest.mark.usefixtures("small_encoder")
def test_frozen_encoder_leaves_the_decoder_alone():
    network = build_new_network(resolve("unfreeze=none"))
    names = {weight.path.split("/")[0] for weight in network.trainable_variables}
    assert names and all(name.startswith("head_") for name in names)
    with pytest.raises(InputError, match="`image_size` must be a multiple of 32"):
        build_new_network(resolve("image_size=40"))
