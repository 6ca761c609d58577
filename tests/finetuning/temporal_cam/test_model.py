from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from config.errors import InputError
from config.loader import load_params
from finetuning.temporal_cam.model import build_models
from models.cam_classifier import build_cam_classifier
from training.barriers import BarrierGrowth
from training.distribution import build_metrics

PARAMS = replace(
    load_params(Path("config"), "finetuning/temporal_cam"), channels=(4, 4, 4, 4, 4), crf_weight=0.0
)


@pytest.fixture(scope="module")
def classifier(small_cam_encoder):
    return build_cam_classifier("mobilenet_v2", num_classes=2, image_size=32)


def make_batches(num=2, boxes=False):
    rng = np.random.default_rng(0)
    images = rng.random((num, 1, 32, 32, 3)).astype(np.float32)
    labels = np.full((num, 1, 32, 32), 255, np.int32)
    labels[:, 0, 8:11, 8:11], labels[:, 0, 20:23, 20:23] = 1, 0
    targets = {"labels": labels}
    if boxes:
        targets["boxes"] = np.tile(np.float32([[4, 4, 16, 16]]), (num, 1, 1))
    return tf.data.Dataset.from_tensors((images, targets))


def test_training_moves_the_decoder_and_not_the_classifier(classifier):
    locator, trainer = build_models(PARAMS, classifier, ["cat", "dog"], updates_per_epoch=1)
    before = [weight.numpy() for weight in classifier.weights]
    kernel = next(w for w in trainer.trainable_variables if w.name == "kernel").numpy()
    history = trainer.fit(make_batches(), epochs=4, verbose=0).history
    for old, weight in zip(before, classifier.weights, strict=True):
        np.testing.assert_array_equal(old, weight.numpy())
    moved = next(w for w in trainer.trainable_variables if w.name == "kernel").numpy()
    assert (kernel != moved).any() and history["seeds_term"][-1] < history["seeds_term"][0]
    assert set(history) == {"loss", "seeds_term", "size_term", "l2_term"}
    found = locator(np.zeros((1, 40, 30, 3), np.uint8))
    assert found["map"].shape == (1, 32, 32)


def test_the_loss_is_the_weighted_sum_of_its_terms(classifier):
    _, trainer = build_models(PARAMS, classifier, ["cat", "dog"], updates_per_epoch=1)
    told = trainer.evaluate(make_batches(), return_dict=True, verbose=0)
    expected = told["seeds_term"] + 0.01 * told["size_term"] + 1e-4 * told["l2_term"]
    assert told["loss"] == pytest.approx(expected, rel=1e-5)


def test_corloc_is_told_where_boxes_are_known(classifier):
    _, trainer = build_models(PARAMS, classifier, ["cat", "dog"], updates_per_epoch=1)
    assert (
        0 <= trainer.evaluate(make_batches(boxes=True), return_dict=True, verbose=0)["corloc"] <= 1
    )
    assert "corloc" not in trainer.evaluate(make_batches(), return_dict=True, verbose=0)


def test_barriers_sharpen_while_it_is_trained(classifier):
    _, trainer = build_models(PARAMS, classifier, ["cat", "dog"], updates_per_epoch=1)
    growth = BarrierGrowth(trainer.sharpness, growth=2.0, cap=3.0)
    history = trainer.fit(make_batches(), epochs=3, verbose=0, callbacks=[growth]).history
    # The size term, in pixels, nears 0 as t grows: -log(a) / t.
    assert history["sharpness"] == [1, 2, 3]
    assert history["size_term"][1] > 0.7 * history["size_term"][0]


def test_the_trainer_can_be_built_from_its_batches(classifier):
    _, trainer = build_models(PARAMS, classifier, ["cat", "dog"], updates_per_epoch=1)
    build_metrics(trainer, make_batches(boxes=True))
    assert len(trainer.metrics_variables) == 2 + 2 * 3 + 2  # loss, three terms, CorLoc


def test_the_learning_rate_and_momentum_are_those_configured(classifier):
    _, trainer = build_models(PARAMS, classifier, ["cat", "dog"], updates_per_epoch=10)
    optimizer = trainer.optimizer
    assert isinstance(optimizer, keras.optimizers.SGD) and optimizer.nesterov
    assert optimizer.momentum == 0.9
    adam = replace(PARAMS, optimizer="adam", momentum=None, schedule="constant")
    _, trainer = build_models(adam, classifier, ["cat", "dog"], updates_per_epoch=10)
    assert float(trainer.optimizer.learning_rate) == pytest.approx(0.01)


def test_bad_parameters_are_refused(classifier):
    names = ["cat", "dog"]
    nothing = replace(PARAMS, seed_weight=0.0, size_weight=0.0, l2=0.0)
    with pytest.raises(InputError, match="a loss must have a weight above 0"):
        build_models(nothing, classifier, names, updates_per_epoch=1)
    with pytest.raises(InputError, match="`channels` must be 5 whole numbers"):
        build_models(replace(PARAMS, channels=(4, 4)), classifier, names, updates_per_epoch=1)
    with pytest.raises(InputError, match="`class_names` must be 2 different names"):
        build_models(PARAMS, classifier, ["cat"], updates_per_epoch=1)
