from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from config.errors import InputError
from config.loader import load_params
from finetuning.guided_segmentation.model import build_trained, copy_weights

CONFIG = Path(__file__).resolve().parents[3] / "config"


@pytest.fixture
def params():
    return load_params(CONFIG, "finetuning/guided_segmentation")


@pytest.fixture
def network():
    image = keras.Input((None, None, 3))
    return keras.Model(image, keras.layers.Conv2D(3, 1, strides=8, name="logits")(image))


def test_build_trained_divides_the_rate_every_2000_steps(params, network):
    rate = build_trained(network, params, num_steps=8000).optimizer._learning_rate
    rates = [float(rate(step)) for step in (0, 2000, 2001, 4001, 7999)]
    assert rates == pytest.approx([1e-3, 1e-3, 1e-4, 1e-5, 1e-6])
    short = build_trained(network, params, num_steps=10).optimizer
    assert float(short.learning_rate) == pytest.approx(1e-3)


def test_build_trained_counts_the_parts_of_accumulated_steps(params, network):
    options = {"num_steps": 16000, "accumulate": 2}
    rate = build_trained(network, params, **options).optimizer._learning_rate
    # 2,000 steps are 4,000 parts.
    rates = [float(rate(part)) for part in (4000, 4001, 8001, 15999)]
    assert rates == pytest.approx([1e-3, 1e-4, 1e-5, 1e-6])


def test_build_trained_leaves_ignored_cells_out(params, network):
    trained = build_trained(network, params, num_steps=10)
    images, labels = np.zeros((2, 9, 9, 3)), np.full((2, 2, 2), 255)
    labels[0, 0, 0] = 1
    told = trained.evaluate(images, labels, verbose=0, return_dict=True)
    # All logits are 0: the loss is log 3, and label 0 is the answer where 1 is true.
    assert told["loss"] == pytest.approx(np.log(3)) and told["mean_iou"] == 0


def test_weight_decay_spares_biases(params, network):
    params = replace(params, weight_decay=0.5, learning_rate=1.0, schedule="constant")
    network.layers[-1].set_weights([np.ones((1, 1, 3, 3)), np.ones(3)])
    trained = build_trained(network, params, num_steps=10)
    trained.train_on_batch(np.zeros((1, 9, 9, 3)), np.full((1, 2, 2), 255))
    kernel, bias = network.layers[-1].get_weights()
    # Nothing is labelled, so only the decay acts: 1 - .5 * 1.
    assert kernel.ravel().tolist() == [0.5] * 9 and bias.tolist() == [1.0] * 3


def test_build_trained_weighs_classes_unless_the_loss_does(params, network):
    options = {"num_steps": 10, "class_weights": (1.0, 2.0, 3.0)}
    assert build_trained(network, params, **options).loss.class_weights == (1, 2, 3)
    spec = {"class_name": "PartialCrossEntropy", "config": {"class_weights": [5, 6, 7]}}
    given = build_trained(network, replace(params, loss=spec), **options)
    assert given.loss.class_weights == (5, 6, 7)


def build_dense(units, name="a"):
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(units, name=name)])


def test_copy_weights_finds_layers_at_any_depth():
    inner = build_dense(3)
    image = keras.Input((2,))
    outer, encoder = keras.Model(image, inner(image)), build_dense(3)
    copy_weights(outer, encoder, where="seeds.keras")
    np.testing.assert_array_equal(encoder.get_weights()[0], inner.get_weights()[0])


@pytest.mark.parametrize("source", [build_dense(4), build_dense(3, "b")])
def test_copy_weights_refuses_another_encoder(source):
    with pytest.raises(InputError, match="`start` seeds needs the encoder of seeds.keras"):
        copy_weights(source, build_dense(3), where="seeds.keras")
