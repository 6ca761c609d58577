import argparse
import json
from pathlib import Path

import pytest

from config.errors import InputError
from config.loader import load_params, params_to_dict
from training.resolving import read_continued_params, resolve_params

CONFIG = Path(__file__).resolve().parents[2] / "config"
TRAINING, FINETUNING = "training/localization", "finetuning/localization"


def resolve_training(*overrides, given=(), folder=CONFIG, **arguments):
    params = load_params(folder, TRAINING, overrides)
    return resolve_params(params, argparse.Namespace(given=given, **arguments))


@pytest.fixture
def run(tmp_path):
    """A run of head grid, which has a value of every kind."""
    params = resolve_training("head=grid", "split_seed=7", 'classes=["a","b"]')
    (tmp_path / "args.json").write_text(json.dumps({"experiment": TRAINING}))
    (tmp_path / "hyperparams.json").write_text(json.dumps(params_to_dict(params)))
    (tmp_path / "localizer.keras").touch()
    return tmp_path


def resolve_finetuning(run, *overrides, folder=CONFIG):
    params = load_params(folder, FINETUNING, overrides)
    args = argparse.Namespace(model_path=str(run), experiment_dir=str(run), given=())
    return resolve_params(params, args)


def test_other_experiments_stay_as_they_are():
    params = load_params(CONFIG, "training/points")
    assert resolve_params(params, argparse.Namespace(given=("patience",), patience=3)) is params


def test_patience_of_the_command_line_wins_where_it_is_given():
    assert resolve_training(patience=10).patience == 50
    assert resolve_training(given=("patience",), patience=3).patience == 3


@pytest.mark.parametrize("folder", [CONFIG, CONFIG / "demo", CONFIG / "pretrained"])
@pytest.mark.parametrize("head", ["box", "box_class", "mask", "grid", "heatmap", "edges"])
def test_every_head_works_alone_with_every_folder(folder, head):
    params = resolve_training(f"head={head}", folder=folder)
    open_ends = {"momentum", "classes", "weights", "num_neurons"}
    assert {name for name, value in vars(params).items() if value is None} <= open_ends
    assert resolve_params(params, argparse.Namespace(given=())) == params
    assert ("class_logits" in params.loss) == params.with_classes


def test_fine_tuning_takes_what_is_null_from_the_run(run):
    params = resolve_finetuning(run)
    assert params.learning_rate == pytest.approx(1e-5)  # a tenth of 1e-4
    assert (params.optimizer, params.momentum, params.batch_size) == ("sgd", 0.9, 32)
    assert (params.split_seed, params.classes, params.objects) == (7, ("a", "b"), "first")
    assert params.loss["grid"]["class_name"] == "GridLoss" and params.l2 == 2.5e-4


def test_fine_tuning_keeps_what_is_given(run):
    params = resolve_finetuning(run, "learning_rate=0.5", "optimizer=adam", "schedule=cosine")
    assert (params.learning_rate, params.optimizer, params.momentum) == (0.5, "adam", None)
    assert params.learning_rate_decay == 0 and params.batch_size == 32


def test_fine_tuning_a_fine_tuned_run_goes_on_from_its_values(run, tmp_path):
    again = tmp_path / "again"
    again.mkdir()
    params = resolve_finetuning(run, "batch_size=5")
    (again / "args.json").write_text(json.dumps({"experiment": FINETUNING}))
    (again / "hyperparams.json").write_text(json.dumps(params_to_dict(params)))
    (again / "localizer.keras").touch()
    third = resolve_finetuning(again)
    assert (third.batch_size, third.learning_rate) == (5, pytest.approx(1e-6))


def test_read_continued_params_names_a_run_that_cannot_be_read(run):
    (run / "hyperparams.json").write_text("{}")
    with pytest.raises(InputError, match="key `batch_size` .* is missing"):
        read_continued_params(run)


def test_a_guided_segmentation_sees_the_data_of_its_seeds(tmp_path):
    values = ["split_seed=7", "classes=commonest:2", "masks=truth", "test_fraction=0.3"]
    seeds = load_params(CONFIG, "training/seeds", values)
    (tmp_path / "args.json").write_text(json.dumps({"experiment": "training/seeds"}))
    (tmp_path / "hyperparams.json").write_text(json.dumps(params_to_dict(seeds)))
    (tmp_path / "seeds.keras").touch()
    (tmp_path / "tags.json").write_text('{"class_names": ["b", "a"]}')
    (tmp_path / "saliency.keras").touch()
    saliency = f"saliency_model={tmp_path / 'saliency'}"
    args = argparse.Namespace(model_path=str(tmp_path), experiment_dir=str(tmp_path), given=())
    guided = "finetuning/guided_segmentation"
    params = resolve_params(load_params(CONFIG, guided, [saliency, "split_seed=8"]), args)
    assert (params.classes, params.masks, params.test_fraction) == (("b", "a"), "truth", 0.3)
    assert (params.split_seed, params.epochs) == (8, 12)
    assert params.saliency_model == str(tmp_path / "saliency.keras")
    given = ["masks=none", 'classes=["a"]']
    params = resolve_params(load_params(CONFIG, guided, given), args)
    assert (params.masks, params.classes) == ("none", ("a",))
