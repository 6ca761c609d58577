"""KerasHub's own Stable Diffusion 3, tiny and with random weights, and what is said without it."""

import importlib.util
import json
import string
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy import ndimage

import synthesize
from config.errors import InputError
from datasets import stable_diffusion
from datasets.diffusion_jobs import write_diffusions
from datasets.diffusion_settings import DiffusionSettings
from datasets.stable_diffusion import (
    StableDiffusion,
    find_preset,
    import_keras_hub,
    open_stable_diffusion,
)
from training.command_line import run_command

needs_keras_hub = pytest.mark.skipif(
    None in map(importlib.util.find_spec, ("keras_hub", "tensorflow_text")),
    reason="needs requirements-diffusion.txt",
)
SIZE = (32, 48)
ROW = {
    "kaggle_handle": "kaggle://keras/sd/keras/medium/5",
    "metadata": {"params": 2_987_080_931},
}


def build_preprocessor(hub):
    """Build the two tokenizers with the letters as their words."""
    letters = [*string.ascii_lowercase, *string.digits, "pe"]
    words = [*letters, *(f"{each}</w>" for each in letters), "<|startoftext|>", "<|endoftext|>"]
    ids = {word: number for number, word in enumerate(words)}
    parts = []
    for name in ("clip_l", "clip_g"):
        tokenizer = hub.models.CLIPTokenizer(
            ids, ["p e"], pad_with_end_token=name == "clip_l", config_file=f"{name}_tokenizer.json"
        )
        files = {"config_file": f"{name}_preprocessor.json", "name": f"{name}_preprocessor"}
        parts.append(hub.models.CLIPPreprocessor(tokenizer, sequence_length=40, **files))
    return hub.models.StableDiffusion3TextToImagePreprocessor(*parts), len(words)


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    """Save a Stable Diffusion 3 of .4 million random weights as a preset."""
    hub = import_keras_hub()
    autoencoder = importlib.import_module("keras_hub.src.models.vae.vae_backbone")
    preprocessor, num_words = build_preprocessor(hub)
    filters, blocks = [32] * 4, [1] * 4
    vae = autoencoder.VAEBackbone(filters, blocks, filters, blocks, sample_channels=8, name="vae")
    encoders = {
        name: hub.models.CLIPTextEncoder(
            num_words, 8, 8, 1, 2, 16, intermediate_output_index=0, max_sequence_length=40,
            name=name,
        )
        for name in ("clip_l", "clip_g")
    }  # fmt: skip
    backbone = hub.models.StableDiffusion3Backbone(
        2, 16, 1, 2, 16, None, None, vae=vae, **encoders, latent_channels=4, image_shape=(*SIZE, 3)
    )
    folder = tmp_path_factory.mktemp("presets") / "tiny"
    folder.mkdir()
    hub.models.StableDiffusion3TextToImage(backbone, preprocessor).save_to_preset(str(folder))
    return folder


@pytest.fixture(scope="module")
def settings(preset):
    return DiffusionSettings(
        preset=str(preset), image_size=SIZE, steps=2, precision="float32", num=2, counts=(3, 9)
    )


@pytest.fixture(scope="module")
def painter(settings):
    return open_stable_diffusion(settings)


@pytest.mark.slow
@needs_keras_hub
def test_draw_hangs_on_prompts_and_seed(painter):
    first = painter.draw("3 people", "blur", 1)
    assert first.shape == (*SIZE, 3) and first.dtype == np.uint8 and first.std() > 1
    np.testing.assert_array_equal(painter.draw("3 people", "blur", 1), first)
    for told in (("4 people", "blur", 1), ("3 people", "red", 1), ("3 people", "blur", 2)):
        assert (painter.draw(*told) != first).any()


@pytest.mark.slow
@needs_keras_hub
def test_repaint_hangs_on_mask_prompt_and_seed_alone(painter):
    image = np.random.default_rng(0).integers(0, 255, (*SIZE, 3)).astype(np.uint8)
    mask = np.zeros(SIZE, bool)
    mask[8:24, 16:32] = True
    first = painter.repaint(image, mask, "3 people", "", 1)
    assert first.shape == (*SIZE, 3) and first.dtype == np.uint8
    assert (painter.repaint(image, ~mask, "3 people", "", 1) != first).any()
    assert (painter.repaint(image, mask, "4 people", "", 1) != first).any()
    assert (painter.repaint(image, mask, "3 people", "", 2) != first).any()
    # The encoder draws numbers, too; they start anew with each call.
    np.testing.assert_array_equal(painter.repaint(image, mask, "3 people", "", 1), first)


@pytest.mark.slow
@needs_keras_hub
def test_repaint_without_guidance_forgets_the_negative_prompt(settings):
    painter = open_stable_diffusion(replace(settings, guidance=1.0))
    image, mask = np.zeros((*SIZE, 3), np.uint8), np.ones(SIZE, bool)
    made = [painter.repaint(image, mask, "people", text, 1).astype(int) for text in ("a", "b")]
    np.testing.assert_allclose(*made, atol=1)


@pytest.mark.slow
@needs_keras_hub
def test_prompts_and_counts_reach_the_files(tmp_path, settings, painter):
    (folder,) = write_diffusions(tmp_path, "drawn", settings)
    listed = json.loads((folder / "annotations.json").read_text())
    assert [each["count"] for each in listed] == [3, 9]
    lines = [json.loads(line) for line in (folder / "files.jsonl").read_text().splitlines()]
    own = lines[1]["parameters"]
    assert own["prompt"] == "a photo of 9 people" and own["preset"] == "tiny"
    assert own["weights"] == painter.identity["weights"] and len(own["weights"]) == 16
    assert own["keras_hub"].startswith("0.32") and own["steps"] == 2
    drawn = painter.draw(own["prompt"], own["negative_prompt"], own["seed"]).astype(int)
    written = np.array(Image.open(tmp_path / lines[1]["image"]).convert("RGB"))
    assert np.abs(written - drawn).mean() < 25 < np.abs(written - 255 + drawn).mean()  # JPEG


@pytest.mark.slow
@needs_keras_hub
def test_masks_reach_the_files(tmp_path, settings):
    (tmp_path / "crowd").mkdir()
    rows = ["image,row,column"]
    for name in ("a.png", "b.png"):
        Image.new("RGB", (40, 30), (90, 120, 60)).save(tmp_path / "crowd" / name)
        rows += [f"{name},8,8", f"{name},22,30"]
    (tmp_path / "crowd" / "points.csv").write_text("\n".join(rows) + "\n")
    chains = replace(settings, task="triplet", format="points", dataset="crowd", decoys=0.0)
    (folder,) = write_diffusions(
        tmp_path, "chains", replace(chains, object_radius=3.0, margin=1, removed=(0.5, 0.5))
    )
    assert len(list((folder / "images").iterdir())) == 6
    for line in map(json.loads, (folder / "files.jsonl").read_text().splitlines()):
        picture = np.array(Image.open(tmp_path / line["image"]).convert("RGB")).astype(int)
        changed = np.abs(picture - (90, 120, 60)).max(axis=-1) > 30
        if line["parameters"]["shows"] == "source":
            assert not changed.any()
        else:
            mask = np.array(Image.open(tmp_path / line["parameters"]["mask"])) > 0
            # The rim fades over 4 pixels; JPEG smears within its blocks of 8.
            assert changed[mask].mean() > 0.3
            assert not changed[ndimage.distance_transform_edt(~mask) > 12].any()


@needs_keras_hub
def test_open_stable_diffusion_names_the_presets():
    match = "must be a folder or one of stable_diffusion_3_medium, .*Received 'sd9'"
    with pytest.raises(InputError, match=match):
        open_stable_diffusion(DiffusionSettings(preset="sd9"))


@needs_keras_hub
def test_the_default_preset_is_not_fetched_unasked(monkeypatch, tmp_path):
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path))
    match = r"stable_diffusion_3_medium/\d+/model.weights.h5` is missing \(about 6.0 GB\)"
    with pytest.raises(InputError, match=match):
        open_stable_diffusion(DiffusionSettings())
    assert not any(tmp_path.iterdir())


@pytest.mark.slow
@needs_keras_hub
def test_a_damaged_preset_is_named(settings, preset, tmp_path):
    for path in preset.rglob("*"):
        target = tmp_path / path.relative_to(preset)
        target.mkdir() if path.is_dir() else target.write_bytes(path.read_bytes())
    (tmp_path / "model.weights.h5").write_bytes(b"torn")
    with pytest.raises(InputError, match="must be a preset that KerasHub .* can load. Loading"):
        open_stable_diffusion(replace(settings, preset=str(tmp_path))).draw("people", "", 0)


def test_find_preset_tells_what_is_missing_and_what_helps(monkeypatch, tmp_path):
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path))
    match = r"models/keras/sd/keras/medium/5/model.weights.h5` is missing \(about 6.0 GB\).*"
    with pytest.raises(InputError, match=match + "kaggle.com/models/keras/sd .*`--download`"):
        find_preset("medium", ROW, False)
    (tmp_path / "models/keras/sd/keras/medium/5").mkdir(parents=True)
    with pytest.raises(InputError, match="5/config.json` is missing"):
        find_preset("medium", ROW, False)


def test_find_preset_fetches_when_it_is_told_to(monkeypatch, tmp_path):
    fetched = []

    def model_download(handle):
        fetched.append(handle)
        return str(tmp_path)

    monkeypatch.setitem(sys.modules, "kagglehub", SimpleNamespace(model_download=model_download))
    assert find_preset("medium", ROW, True) == tmp_path
    assert fetched == ["keras/sd/keras/medium/5"]


def test_find_preset_tells_why_nothing_was_fetched(monkeypatch, tmp_path):
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path))
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    match = r"`medium` \(about 6.0 GB\) could not be fetched: .*kagglehub.*put the files into `"
    with pytest.raises(InputError, match=match):
        find_preset("medium", ROW, True)


@pytest.mark.parametrize("module", ["keras_hub", "tensorflow_text"])
def test_import_keras_hub_names_the_command(monkeypatch, module):
    for name in ("keras_hub", "tensorflow_text"):
        absent = None if name == module else SimpleNamespace()
        monkeypatch.setitem(sys.modules, name, absent)
    with pytest.raises(InputError, match="`pip install -r requirements-diffusion.txt`"):
        import_keras_hub()


def test_too_little_memory_is_told():
    painter = object.__new__(StableDiffusion)
    painter._settings = DiffusionSettings()

    def generate(*_, **__):
        raise tf.errors.ResourceExhaustedError(None, None, "OOM")

    painter.__dict__["_generator"] = SimpleNamespace(generate=generate)
    with pytest.raises(InputError, match="`--image_size` 512 512 and `--precision` bfloat16; take"):
        painter.draw("people", "", 0)


def test_synthesize_says_in_one_line_which_file_is_missing(tmp_path, capsys):
    arguments = ["--method", "diffusion", "--preset", str(tmp_path / "sd3"), "--data_dir"]
    parser = synthesize.build_parser()
    assert run_command(synthesize.main, parser, [*arguments, str(tmp_path / "data")]) == 2
    error = capsys.readouterr().err
    assert "sd3/config.json` is missing" in error and error.count("\n") == 1
    assert not (tmp_path / "data").exists()


def test_the_command_named_is_that_of_the_repository():
    root = Path(stable_diffusion.__file__).parent.parent
    assert (root / stable_diffusion.INSTALL.split()[-1]).is_file()
