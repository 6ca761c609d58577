import json

import keras
import pytest

from config.errors import InputError
from models.counter import build_counter
from models.encoders import build_encoder
from models.ranker import build_ranker
from training.continued_runs import find_model_file
from training.model_files import load_encoder


@pytest.fixture(scope="module")
def encoder():
    return build_encoder("mobilenet_v2", (32, 32, 3), alpha=0.35)


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "baseline" / "d" / "0" / "2026-01-02-03-04-05"
    folder.mkdir(parents=True)
    (folder / "args.json").write_text(json.dumps({"experiment": "training/baseline"}))
    (folder / "hyperparams.json").write_text("{}")
    (folder / "results.json").write_text(json.dumps({"status": "finished"}))
    for epoch in (3, 11):
        (folder / f"best_model_{epoch:02d}.keras").touch()
    return folder


def find(model_path, tmp_path):
    return find_model_file(str(model_path), str(tmp_path), "training/baseline")


def test_latest_means_the_best_model_of_the_newest_finished_run(run, tmp_path):
    assert find("latest", tmp_path) == run / "best_model_11.keras"


def test_a_run_folder_means_its_best_model(run, tmp_path):
    assert find(run, tmp_path) == run / "best_model_11.keras"
    assert find(run.relative_to(tmp_path), tmp_path) == run / "best_model_11.keras"


def test_a_file_may_lack_its_suffix(run, tmp_path):
    assert find(run / "best_model_03.keras", tmp_path) == run / "best_model_03.keras"
    assert find(run / "best_model_03", tmp_path) == run / "best_model_03.keras"


def test_a_run_without_a_model_is_named(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty: holds no best_model"):
        find("empty", tmp_path)


def test_a_path_to_nothing_lists_the_choices(tmp_path):
    with pytest.raises(InputError, match="a run folder, a .keras file, its name without suffix"):
        find("absent", tmp_path)


@pytest.mark.parametrize("build", [lambda e: e, build_ranker, lambda e: build_counter(e, 2)])
def test_load_encoder_finds_it_in_every_model(encoder, tmp_path, build):
    build(encoder).save(tmp_path / "model.keras")
    loaded = load_encoder(tmp_path / "model.keras")
    assert set(loaded.output) == set(encoder.output)
    assert loaded.input_shape == encoder.input_shape


def test_load_encoder_refuses_another_model(tmp_path):
    inputs = keras.Input((3,))
    keras.Model(inputs, keras.layers.Dense(1)(inputs)).save(tmp_path / "mlp.keras")
    with pytest.raises(InputError, match="must hold an encoder"):
        load_encoder(tmp_path / "mlp.keras")


def test_load_encoder_refuses_a_file_that_is_no_model(tmp_path):
    (tmp_path / "text.keras").write_text("no model")
    with pytest.raises(InputError, match="must be a model saved by Keras"):
        load_encoder(tmp_path / "text.keras")
