import json
import zipfile

import keras
import pytest

from config.errors import InputError
from reporting.model_files import find_keras_file, is_saved_model, load_keras_model


def test_load_keras_model_opens_a_counter(counter_file):
    assert set(load_keras_model(counter_file).output) == {"count", "patch_counts"}


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04" + bytes(40)])
def test_load_keras_model_names_a_broken_file(content, tmp_path):
    path = tmp_path / "a.keras"
    path.write_bytes(content)
    with pytest.raises(InputError, match="a.keras must be a model saved by Keras"):
        load_keras_model(path)


def test_load_keras_model_runs_no_code_of_the_file(tmp_path):
    images = keras.Input((4,))
    model = keras.Model(images, keras.layers.Lambda(lambda x: x, output_shape=(4,))(images))
    model.save(tmp_path / "a.keras")
    with pytest.raises(InputError, match="a.keras must be a model saved by Keras"):
        load_keras_model(tmp_path / "a.keras")


def test_load_keras_model_refuses_a_class_outside_keras(tmp_path):
    config = {"module": "subprocess", "class_name": "Popen", "config": {"args": ["true"]}}
    with zipfile.ZipFile(tmp_path / "a.keras", "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", "{}")
    with pytest.raises(InputError, match="a.keras must be a model saved by Keras"):
        load_keras_model(tmp_path / "a.keras")


@pytest.mark.parametrize("name", ["missing.keras", "README.md"])
def test_load_keras_model_refuses_another_suffix_and_no_file(name, tmp_path):
    with pytest.raises(InputError, match="must be a model saved by Keras"):
        load_keras_model(tmp_path / name)


def test_find_keras_file_takes_a_run_or_a_file(counter_file):
    assert find_keras_file(counter_file) == counter_file
    assert find_keras_file(counter_file.parent) == counter_file


def test_find_keras_file_says_what_is_missing(tmp_path):
    with pytest.raises(InputError, match="run folder with counter.keras.*is neither"):
        find_keras_file(tmp_path)
    with pytest.raises(InputError, match="is absent"):
        find_keras_file(tmp_path / "none")


def test_find_keras_file_says_that_a_ranker_does_not_count(tmp_path):
    (tmp_path / "ranker.keras").touch()
    told = "run of a ranker, which only orders pictures; `python finetune_wrapper.py --model_path"
    with pytest.raises(InputError, match=told):
        find_keras_file(tmp_path)


def test_is_saved_model_asks_for_the_graph(tmp_path):
    assert not is_saved_model(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"")
    assert is_saved_model(tmp_path)
