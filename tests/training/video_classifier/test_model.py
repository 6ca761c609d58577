import dataclasses
from pathlib import Path

import numpy as np
import pytest

import training.video_classifier.model as video_model
from config.errors import InputError
from config.loader import load_params
from models.imagenet_head import ClassifierHead
from training.video_classifier.layer_rates import LayerRatesSGD
from training.video_classifier.model import build_loss, build_models, build_trained, group_labels

CONFIG = Path(video_model.__file__).resolve().parents[2] / "config"
NAMES = ("cow", "person")
HEAD = ClassifierHead(np.ones((2, 4)), np.zeros(4), ("rat", "ox", "bison", "gown"))


@pytest.fixture(scope="module")
def params(small_cam_encoder):
    params = load_params(CONFIG / "demo", "training/video_classifier")
    return dataclasses.replace(params, image_size=32)


@pytest.fixture
def head_file(tmp_path):
    kernel = np.random.default_rng(0).normal(size=(8, 4))
    np.savez(tmp_path / "head.npz", kernel=kernel, bias=HEAD.bias, labels=HEAD.labels)
    return str(tmp_path / "head.npz")


def test_the_published_configuration_is_the_published_one():
    params = load_params(CONFIG, "training/video_classifier")
    assert (params.model_name, params.image_size, params.resize_size) == ("resnet50", 224, 256)
    assert (params.batch_size, params.epochs, params.frames_per_shot) == (32, 100, 1)
    assert (params.optimizer, params.momentum, params.learning_rate) == ("sgd", 0.9, 1e-3)
    assert (params.head_rate, params.epochs_per_drop, params.drop) == (10, 15, 0.9)
    # L2 of 1e-4 in the gradient, through a momentum of .9, takes ten times as much off
    assert params.weight_decay == pytest.approx(1e-4 / (1 - 0.9))
    assert (params.pooling, params.cam_method, params.stride) == ("wgap", "layer_cam", 8)
    assert params.inclusive_iou and not params.cut


@pytest.mark.parametrize("folder", [".", "demo", "pretrained"])
def test_the_classifier_and_the_decoder_count_boxes_alike(folder):
    experiments = ("training/video_classifier", "finetuning/temporal_cam")
    each = [load_params(CONFIG / folder, experiment).inclusive_iou for experiment in experiments]
    assert each == [True, True]


def test_build_models_learns_all_tags_without_a_map(params):
    models = build_models(params, NAMES)
    assert models.learns and models.mapped == {}
    found = models.classifier(np.zeros((1, 32, 32, 3), np.float32))
    assert found["scores"].shape == (1, 2) and found["maps"].shape == (1, 4, 4, 2)


def test_build_models_with_a_map_learns_nothing(params, head_file):
    changes = {"class_map": {"cow": ["ox", "bison"], "*": "top-1"}, "head_file": head_file}
    params = dataclasses.replace(params, weights="a.h5", cut=False, **changes)
    models = build_models(params, NAMES)
    assert not models.learns and models.mapped == {1: ("ox", "bison"), 2: ("top-1",)}
    assert not models.classifier.trainable_weights


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"class_map": {"cow": "ox"}, "cut": True}, "`cut` must be false with a `class_map`"),
        ({"class_map": {"cow": "ox"}}, "Received no `head_file`"),
        ({"class_map": {"cow": "ox"}, "head_file": "a.npz"}, "`weights` null"),
    ],
)
def test_build_models_says_what_is_wrong(params, changes, message):
    with pytest.raises(InputError, match=message):
        build_models(dataclasses.replace(params, **{"cut": False, **changes}), NAMES)


def test_build_models_needs_two_tags_to_learn(params):
    with pytest.raises(InputError, match="at least two tags.*Received cow alone"):
        build_models(params, ["cow"])


@pytest.mark.parametrize(
    ("class_map", "expected"),
    [
        ({"cow": ["ox", 2], "person": "gown"}, ([(1, 2), (3,)], [])),
        ({"cow": "ox", "person": "top-1"}, ([(1,), (0, 2, 3)], [1])),
        ({"*": "top-1"}, ([(0, 1, 2, 3)] * 2, [0, 1])),
        ({"*": "rat", "cow": "ox"}, ([(1,), (0,)], [])),
    ],
)
def test_group_labels_reads_every_tag(class_map, expected):
    assert group_labels(class_map, NAMES, HEAD) == expected


@pytest.mark.parametrize(
    ("class_map", "message"),
    [
        ({"cow": "ox"}, 'leaves out person; add "\\*": "top-1"'),
        ({"*": "top-1", "cows": "ox"}, "unknown tag `cows`; the nearest known one is `cow`"),
        ({"*": "top-1", "cows": "top-1"}, "unknown tag `cows`"),
        ({"*": "unicorn"}, "no label unicorn"),
    ],
)
def test_group_labels_says_what_is_wrong(class_map, message):
    with pytest.raises(InputError, match=message):
        group_labels(class_map, NAMES, HEAD)


def build(params, **changes):
    params = dataclasses.replace(params, **changes)
    classifier = build_models(params, NAMES).classifier
    return classifier, build_trained(classifier, params, steps_per_epoch=10)


def test_build_trained_learns_one_step_and_freezes_the_rest(params):
    classifier, trained = build(params, unfreeze="none")
    assert [weight.name for weight in trained.trainable_variables] == ["kernel", "bias"]
    before = [np.array(weight) for weight in classifier.get_weights()]
    images = np.random.default_rng(0).random((2, 32, 32, 3), np.float32)
    trained.train_on_batch(images, np.eye(2))
    after = classifier.get_weights()
    changed = [not np.array_equal(*pair) for pair in zip(before, after, strict=True)]
    assert changed[-2:] == [True, True] and not any(changed[:-2])
    assert set(trained.get_metrics_result()) == {"loss", "accuracy"}


def test_build_trained_drops_the_rate_after_so_many_epochs(params):
    changes = {"schedule": "steps", "epochs_per_drop": 3, "drop": 0.5, "learning_rate": 1.0}
    _, trained = build(params, **changes)
    rates = [float(trained.optimizer._learning_rate(step)) for step in (0, 29, 30, 60)]
    assert rates == [1, 1, 0.5, 0.25]


def test_build_trained_speeds_the_head_up(params):
    sgd = {"optimizer": "sgd", "momentum": 0.9, "head_rate": 10.0, "weight_decay": 1e-3}
    classifier, trained = build(params, **sgd)
    optimizer = trained.optimizer
    assert isinstance(optimizer, LayerRatesSGD) and optimizer.nesterov
    head = {id(weight) for weight in classifier.get_layer("head_classes").weights}
    assert head < optimizer._fast and len(optimizer._fast) < len(classifier.weights)
    decays = {w.name for w in trained.trainable_variables if optimizer._use_weight_decay(w)}
    assert decays == {"kernel"}


def test_build_trained_refuses_a_faster_head_of_adam(params):
    with pytest.raises(InputError, match="`head_rate` must be 1 with optimizers other than sgd"):
        build(params, head_rate=10.0)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"class_name": "Hinge", "config": {}}, "`loss` must be"),
        ({"class_name": "CategoricalCrossentropy", "config": []}, "`loss` must be"),
        (
            {"class_name": "CategoricalCrossentropy", "config": {"from_logits": False}},
            "does not take",
        ),
    ],
)
def test_build_loss_says_what_is_wrong(config, message):
    with pytest.raises(InputError, match=message):
        build_loss(config)
