import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest

from config.errors import InputError
from config.loader import load_params
from config.localization_variants import fill_published
from models.localizer import build_localizer, list_encoder_layers
from training.localization.model import build_trained, thaw_encoder
from training.plateau import LoweredRate, ReduceOnPlateau

CONFIG = Path(__file__).resolve().parents[3] / "config"


def resolve(*overrides):
    return fill_published(load_params(CONFIG, "training/localization", overrides))


@pytest.fixture(scope="module")
def mobilenet():
    return build_localizer("mobilenet_v2", head="box", image_size=32, alpha=0.35)


def trainable_layers(localizer):
    layers = [layer for layer in list_encoder_layers(localizer) if layer.weights]
    return [layer.trainable for layer in layers]


def test_a_frozen_encoder_learns_nothing_and_the_head_does(mobilenet):
    assert thaw_encoder(mobilenet, resolve("unfreeze=none")) == 0
    names = {weight.path.split("/")[0] for weight in mobilenet.trainable_variables}
    assert names == {"head_box"} and not any(trainable_layers(mobilenet))


def test_the_last_layers_are_thawed(mobilenet):
    assert thaw_encoder(mobilenet, resolve("unfreeze=last:3", "batch_norm=train")) == 3
    layers = trainable_layers(mobilenet)
    assert layers[-3:] == [True] * 3 and not any(layers[:-3])


def test_the_last_layers_are_counted_without_frozen_batch_norm(mobilenet):
    # From the end: Conv_1 and the last block's project, depthwise and expand, a batch norm behind
    # each; N = 3 thaws the first three of them, although they are 5 of 6 layers with weights.
    assert thaw_encoder(mobilenet, resolve("unfreeze=last:3", "batch_norm=frozen")) == 3
    learning = [layer.name for layer in list_encoder_layers(mobilenet) if layer.trainable_weights]
    assert learning == ["block_16_depthwise", "block_16_project", "Conv_1"]


def test_unfreeze_wants_layers_that_can_learn():
    image = keras.Input((32, 32, 3))
    encoder = keras.Model(image, {"stride_32": keras.layers.BatchNormalization(name="n")(image)})
    localizer = build_localizer(encoder, head="box")
    for unfreeze in ("last:1", "all"):
        with pytest.raises(InputError, match="must be none where no layer of the encoder can"):
            thaw_encoder(localizer, resolve(f"unfreeze={unfreeze}", "batch_norm=frozen"))
    assert thaw_encoder(localizer, resolve("unfreeze=last:1", "batch_norm=train")) == 1


def test_batch_norm_stays_in_inference_mode_where_it_is_frozen(mobilenet):
    num_all = thaw_encoder(mobilenet, resolve("unfreeze=all", "batch_norm=train"))
    momentum = {
        layer.momentum
        for layer in mobilenet.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    }
    assert all(trainable_layers(mobilenet)) and momentum == {0.99}
    num_without = thaw_encoder(mobilenet, resolve("unfreeze=all", "batch_norm=frozen"))
    norms = [
        layer
        for layer in list_encoder_layers(mobilenet)
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert num_without == num_all - len(norms) and not any(layer.trainable for layer in norms)


@pytest.fixture
def localizer(small_encoder):
    encoder = small_encoder("small", (32, 32, 3))
    return build_localizer(encoder, head="box", num_classes=2)


def fit_once(trained):
    targets = {"raw_box": [[0.0, 0.0, 8.0, 8.0]], "box": [[0.0, 0.0, 0.25, 0.25]]}
    targets["class_logits"] = [[1.0, 0.0]]
    targets = {name: np.array(targets[name], np.float32) for name in trained.output}
    history = trained.fit(np.ones((1, 32, 32, 3), np.float32), targets, verbose=0)
    return {name: values[0] for name, values in history.history.items()}


def test_build_trained_names_its_metrics_alike_for_every_head(localizer):
    trained, callbacks = build_trained(localizer, resolve("with_classes=true"), num_steps=1)
    logs = fit_once(trained)
    assert set(logs) == {
        *("loss", "raw_box_loss", "class_logits_loss", "iou", "summed_iou", "class_accuracy")
    }
    (plateau,) = callbacks
    assert isinstance(plateau, ReduceOnPlateau) and (plateau.factor, plateau.patience) == (0.2, 10)


def test_build_trained_may_train_one_output_alone(small_encoder):
    localizer = build_localizer(small_encoder("small", (32, 32, 3)), head="edges", num_neurons=4)
    params = resolve("head=edges")
    trained, callbacks = build_trained(localizer, params, num_steps=1)
    image, box = np.ones((1, 32, 32, 3), np.float32), np.array([[0.0, 0.0, 0.25, 0.25]])
    logs = trained.evaluate(image, {"box": box}, return_dict=True, verbose=0)
    assert set(logs) == {"loss", "iou", "summed_iou"} and callbacks == []


def test_build_trained_counts_the_squares_of_what_is_trained(small_encoder):
    localizer = build_localizer(small_encoder("small", (32, 32, 3)), head="box")
    # The gradient of l2 * w^2 alone: a step of SGD multiplies each weight by 1 - 2 l2 rate = .5.
    params = resolve("optimizer=sgd", "learning_rate=0.5", "l2=0.5", "schedule=constant")
    params = dataclasses.replace(params, loss={"raw_box": {"class_name": "MeanSquaredError"}})
    params.loss["raw_box"]["weight"] = 1e-30
    trained, _ = build_trained(localizer, params, num_steps=1)
    before = [weight.numpy() for weight in trained.trainable_variables]
    fit_once(trained)
    for old, new in zip(before, trained.trainable_variables, strict=True):
        np.testing.assert_allclose(new.numpy(), 0.5 * old, rtol=1e-5, atol=1e-7)


def test_build_trained_lowers_the_rate_by_itself_as_published(localizer):
    trained, _ = build_trained(
        localizer, resolve("learning_rate_decay=0.5", "with_classes=true"), num_steps=1
    )
    schedule = trained.optimizer._learning_rate
    assert isinstance(schedule, LoweredRate) and schedule.decay == 0.5


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ('loss={"mask": {"class_name": "MaskLoss"}}', "on outputs of this localizer: .* `mask`"),
        ('loss={"raw_box": {"class_name": "MaskLos"}}', "`loss` of 'raw_box' .* 'MaskLoss'"),
        ("optimizer=adamm", "`optimizer` must name a Keras optimizer"),
        ("momentum=0.5", "`optimizer` must name .* one with `momentum` 0.5. Received adam"),
    ],
)
def test_build_trained_names_what_cannot_be_built(localizer, override, message):
    with pytest.raises(InputError, match=message):
        build_trained(localizer, resolve(override, "with_classes=true"), num_steps=1)


def test_build_trained_refuses_two_ways_to_fall(localizer):
    params = resolve("schedule=cosine", "learning_rate_decay=0.1", "with_classes=true")
    with pytest.raises(InputError, match="`learning_rate_decay` must be 0 where `schedule`"):
        build_trained(localizer, params, num_steps=1)
