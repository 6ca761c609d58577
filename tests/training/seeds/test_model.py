import dataclasses
from pathlib import Path

import numpy as np
import pytest

import training.seeds.model as seeds_model
from config.errors import InputError
from config.loader import load_params
from training.seeds.model import build_models, build_trained, choose_monitor

CONFIG = Path(seeds_model.__file__).resolve().parents[2] / "config"
NAMES = ("ant", "bee", "cow")


@pytest.fixture
def params(small_encoder):
    """Parameters of a small network; `weights` are asked for, the stand-in has none."""
    params = load_params(CONFIG / "demo", "training/seeds")
    return dataclasses.replace(
        params, image_size=33, num_neurons=4, variant="low_res", weights="some.h5"
    )


@pytest.fixture
def head_file(tmp_path):
    path = tmp_path / "head.npz"
    kernel = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    np.savez(path, kernel=kernel, bias=np.zeros(3), labels=["ant, emmet", "bee", "fly"])
    return str(path)


def build(params, **changes):
    params = dataclasses.replace(params, **changes)
    models = build_models(params, NAMES)
    return params, models, build_trained(models.network, params, num_steps=100)


def test_the_published_configuration_is_the_published_one():
    params = load_params(CONFIG, "training/seeds")
    assert (params.model_name, params.variant, params.image_size) == ("vgg16", "high_res", 321)
    assert (params.optimizer, params.momentum, params.learning_rate) == ("sgd", 0.9, 1e-3)
    # 5e-4 through a momentum of .9 takes ten times as much off
    assert params.weight_decay == pytest.approx(5e-4 / (1 - 0.9))
    assert (params.batch_size, params.steps_per_drop, params.seed_threshold) == (15, 2000, 0.2)


def test_build_models_learns_all_tags_without_a_map(params):
    models = build_models(params, NAMES)
    assert models.learnt == (1, 2, 3) and models.mapped == {}
    found = models.seeder(np.zeros((2, 33, 65, 3), np.float32))
    assert found["scores"].shape == (2, 3) and found["cams"].shape == (2, 3, 5, 3)


@pytest.mark.parametrize(
    ("class_map", "learnt", "mapped"),
    [
        ({"bee": ["bee", "fly"]}, (1, 3), {2: ("bee", "fly")}),
        (
            {"cow": "fly", "ant": "emmet", "bee": "bee"},
            (),
            {1: ("ant, emmet",), 2: ("bee",), 3: ("fly",)},
        ),
    ],
)
def test_build_models_learns_what_is_not_mapped(params, head_file, class_map, learnt, mapped):
    # The stand-in has its last map at stride 32; the seed network takes that of stride 16.
    params = dataclasses.replace(params, class_map=class_map, head_file=head_file)
    models = build_models(params, NAMES)
    assert models.learnt == learnt and models.mapped == mapped
    assert (models.network is None) == (learnt == ())
    assert models.seeder(np.zeros((1, 33, 33, 3), np.float32))["cams"].shape == (1, 3, 3, 3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image_size": 96}, "the nearest is 97"),
        ({"class_map": {"ant": "ant"}}, "Received no `head_file`"),
        ({"class_map": {"ant": "ant"}, "head_file": "a.npz", "weights": None}, "random ones"),
        ({"class_map": {"ant": "ant"}, "head_file": "a.npz"}, "no such file"),
    ],
)
def test_build_models_says_what_is_wrong(params, changes, message):
    with pytest.raises(InputError, match=message):
        build_models(dataclasses.replace(params, **changes), NAMES)


def test_build_trained_decays_kernels_alone(params):
    params, models, trained = build(params, optimizer="sgd", weight_decay=0.5, unfreeze="all")
    decays = trained.optimizer._use_weight_decay
    assert {weight.name for weight in trained.trainable_variables} == {"kernel", "bias"}
    assert all(decays(w) == (w.name == "kernel") for w in trained.trainable_variables)


def test_build_trained_drops_the_rate_after_so_many_steps(params):
    changes = {"schedule": "steps", "steps_per_drop": 40, "learning_rate": 1.0}
    _, _, trained = build(params, **changes)
    rates = [float(trained.optimizer._learning_rate(step)) for step in (0, 40, 41, 81, 99)]
    assert rates == pytest.approx([1, 1, 0.1, 0.01, 0.01])


def test_build_trained_learns_one_step(params):
    _, models, trained = build(params, unfreeze="none")
    before = [np.array(weight) for weight in models.network.get_weights()]
    images = np.random.default_rng(0).random((2, 33, 33, 3), np.float32)
    trained.train_on_batch(images, np.array([[1, 0, 0], [0, 1, 1]]))
    changed = [
        not np.array_equal(*pair) for pair in zip(before, models.network.get_weights(), strict=True)
    ]
    assert changed[-1] and not changed[0]
    assert set(trained.get_metrics_result()) == {"loss", "map"}


def test_choose_monitor_takes_the_loss_of_a_single_tag():
    assert [choose_monitor(n) for n in (1, 2)] == ["val_loss", "val_map"]
