import hashlib
import json

import pytest

from config.errors import InputError
from datasets.preset_files import cached_folder, digest_files, list_preset_files, tell_size


@pytest.fixture
def preset(tmp_path):
    """Write the files of a preset, all but empty."""
    folder = tmp_path / "sd3"
    for name in ("clip_l", "clip_g"):
        (folder / "assets" / f"{name}_tokenizer").mkdir(parents=True)
        (folder / "assets" / f"{name}_tokenizer" / "vocabulary.json").write_text("{}")
        (folder / "assets" / f"{name}_tokenizer" / "merges.txt").write_text("")
    (folder / "config.json").write_text(json.dumps({"class_name": "StableDiffusion3Backbone"}))
    (folder / "preprocessor.json").write_text("{}")
    (folder / "metadata.json").write_text(json.dumps({"parameter_count": 3 * 10**9}))
    (folder / "model.weights.h5").write_bytes(b"weights")
    return folder


def test_list_preset_files_lists_the_weights_last(preset):
    files = list_preset_files(preset)
    assert len(files) == 7 and files[-1].name == "model.weights.h5"


def test_list_preset_files_tells_the_size_of_missing_weights(preset):
    (preset / "model.weights.h5").unlink()
    # 3e9 parameters of 2 bytes
    match = r"sd3/model.weights.h5` is missing \(about 6.0 GB\). Put .* `--preset FOLDER`"
    with pytest.raises(InputError, match=match):
        list_preset_files(preset)
    with pytest.raises(InputError, match=r"\(about 18.1 GB\)"):
        list_preset_files(preset, num_parameters=9_048_410_595)
    (preset / "metadata.json").write_text("[]")
    with pytest.raises(InputError, match="about 6.0 GB for stable_diffusion_3_medium"):
        list_preset_files(preset)


@pytest.mark.parametrize("name", ["preprocessor.json", "assets/clip_g_tokenizer/merges.txt"])
def test_list_preset_files_names_what_is_missing(preset, name):
    (preset / name).unlink()
    with pytest.raises(InputError, match=f"{name}` is missing"):
        list_preset_files(preset)


@pytest.mark.parametrize("config", [{"class_name": "FluxBackbone"}, [], {}])
def test_list_preset_files_refuses_another_model(preset, config):
    (preset / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="must be of a StableDiffusion3Backbone"):
        list_preset_files(preset)


def test_list_preset_files_follows_the_index_of_parts(preset):
    (preset / "model.weights.h5").unlink()
    weights = {"a": "model_0.weights.h5", "b": ["model_0.weights.h5", "model_1.weights.h5"]}
    (preset / "model.weights.json").write_text(json.dumps({"weight_map": weights}))
    (preset / "model_0.weights.h5").touch()
    with pytest.raises(InputError, match="model_1.weights.h5` is missing"):
        list_preset_files(preset)
    (preset / "model_1.weights.h5").touch()
    assert [path.name for path in list_preset_files(preset)[-2:]] == [
        "model_0.weights.h5",
        "model_1.weights.h5",
    ]


@pytest.mark.parametrize("index", [[], {"weight_map": {}}, {"weight_map": {"a": "../b.h5"}}])
def test_list_preset_files_refuses_an_index(preset, index):
    (preset / "model.weights.h5").unlink()
    (preset / "model.weights.json").write_text(json.dumps(index))
    with pytest.raises(InputError, match="model.weights.json` must name"):
        list_preset_files(preset)


def test_digest_files_hangs_on_names_and_contents(preset):
    path = preset / "model.weights.h5"
    expected = hashlib.sha256(b"model.weights.h5\x007\nweights").hexdigest()[:16]
    assert digest_files(preset, [path]) == expected
    path.write_bytes(b"Weights")
    assert digest_files(preset, [path]) != expected


def test_cached_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path))
    assert cached_folder("kaggle://a/b/keras/c/1") == tmp_path / "models/a/b/keras/c/1"


def test_tell_size_counts_two_bytes_each():
    assert tell_size(500_000_000) == "about 1.0 GB"
