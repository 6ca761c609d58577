import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import export
from models.cam_classifier import build_cam_classifier
from models.counter import build_counter
from models.localizer import build_localizer
from models.locator import build_locator
from models.point_counter import build_point_counter
from reporting.runtimes import SUFFIXES
from reporting.settings_files import description_file
from training.command_line import run_command


@pytest.fixture(autouse=True)
def draw_the_same_weights():
    """Without a seed two classes of an untrained network may now and then be too near to tell."""
    keras.utils.set_random_seed(0)


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    image = keras.Input((16, 16, 3))
    features = keras.layers.Conv2D(2, 1, kernel_initializer="ones")(image)
    encoder = keras.Model(image, {"stride_32": features})
    build_counter(encoder, 2, weights=np.full(2, 0.7)).save(folder / "counter.keras")
    encoder.save(folder / "encoder.keras")
    return folder


def run(model, output, *more):
    argv = ["--model", str(model), "--output", str(output), *more]
    return run_command(export.main, export.build_parser(), argv)


def test_export_writes_a_saved_model_from_run_or_file(run_dir, tmp_path, capsys):
    for number, model in enumerate((run_dir, run_dir / "counter.keras")):
        out = tmp_path / str(number) / "exported"
        assert run(model, out) == 0
        assert {"serving_default", "serve_bytes"} <= set(tf.saved_model.load(str(out)).signatures)
        assert str(out) in capsys.readouterr().out


def test_export_says_what_cannot_be_used(run_dir, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    cases = [
        ((tmp_path, tmp_path / "a"), "run folder with counter.keras"),
        ((run_dir / "encoder.keras", tmp_path / "a"), "must take one uint8 input"),
        ((run_dir, tmp_path / "file" / "a"), "Output folder"),
        ((run_dir, tmp_path / "file"), "must not exist, be empty or be a SavedModel"),
        ((run_dir, tmp_path / "a", "--max_pixels", "0"), "`--max_pixels` must be at least 1"),
    ]
    for arguments, message in cases:
        assert run(*arguments) == 2
        assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_export_takes_a_points_run_and_its_class_names(tmp_path):
    image = keras.Input((None, None, 3))
    network = keras.Model(image, keras.layers.Conv2D(3, 1)(image))
    build_point_counter(network, threshold=0.7).save(tmp_path / "points.keras")
    (tmp_path / "points.json").write_text('{"threshold": 0.7, "class_names": ["red", "white"]}')
    assert run(tmp_path, tmp_path / "out") == 0
    content = json.loads((tmp_path / "out" / "assets.extra" / "points.json").read_text())
    assert content["threshold"] == 0.7 and content["class_names"] == ["red", "white"]
    (tmp_path / "points.json").write_text("{")
    assert run(tmp_path, tmp_path / "other") == 2 and not (tmp_path / "other").exists()


def build_small_locator(class_names=(), image_size=32):
    image = keras.Input((image_size, image_size, 3))
    conv = keras.layers.Conv2D(3, 3, strides=32, padding="same", activation="relu")
    encoder = keras.Model(image, {"stride_32": conv(image)}, name="small")
    localizer = build_localizer(encoder, head="box_class", num_classes=2, box_form="sigmoid")
    return build_locator(localizer, class_names=class_names)


def test_export_takes_a_localization_run_and_its_class_names(tmp_path):
    build_small_locator(("cat", "dog")).save(tmp_path / "localizer.keras")
    assert run(tmp_path, tmp_path / "out") == 0
    content = json.loads((tmp_path / "out" / "assets.extra" / "boxes.json").read_text())
    assert content == {"class_names": ["cat", "dog"]}
    signature = tf.saved_model.load(str(tmp_path / "out")).signatures["serving_default"]
    names = {"boxes", "scores", "classes", "class_probabilities"}
    assert set(signature.structured_outputs) == names


def test_export_writes_a_litert_file(tmp_path, capsys):
    build_small_locator(("cat", "dog")).save(tmp_path / "localizer.keras")
    out = tmp_path / "out" / "a.tflite"
    assert run(tmp_path, out, "--format", "litert") == 0
    assert out.is_file() and json.loads(description_file(out).read_text())["quantize"] == "none"
    said = capsys.readouterr().out
    assert f"LiteRT: {out}" in said and "on 8 random pictures:" in said
    assert "  8 of 8 pictures\n" in said


def test_export_says_that_an_int8_file_was_compared_on_its_calibration(tmp_path, capsys, pictures):
    build_small_locator().save(tmp_path / "localizer.keras")
    more = ("--format", "litert", "--quantize", "int8", "--calibration", str(pictures))
    assert run(tmp_path, tmp_path / "a.tflite", *more) == 0
    assert f"on {pictures}:" in capsys.readouterr().out


def test_export_litert_says_what_cannot_be_used(run_dir, tmp_path, capsys):
    build_small_locator().save(tmp_path / "localizer.keras")
    out = tmp_path / "a.tflite"
    cases = [
        ((run_dir, out, "--format", "litert", "--quantize", "int8"), "of models that find a box"),
        ((tmp_path, out, "--format", "litert", "--quantize", "int8"), "give `--calibration`"),
        ((tmp_path, tmp_path / "a", "--quantize", "int8"), "for `--format litert` only"),
        (
            (tmp_path, out, "--format", "litert", "--calibration", str(tmp_path)),
            "`--calibration` must be a picture, a folder",
        ),
    ]
    for arguments, message in cases:
        assert run(*arguments) == 2
        assert message in capsys.readouterr().err
    assert not out.exists()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    for i, size in enumerate([(20, 33), (64, 50)]):
        pixels = np.random.default_rng(i).integers(0, 256, (*size, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return folder


@pytest.mark.parametrize("name", ["litert", "onnx", "openvino"])
def test_export_writes_a_counter_in_every_format(run_dir, tmp_path, capsys, name, pictures):
    out = tmp_path / f"a{SUFFIXES[name]}"
    assert run(run_dir, out, "--format", name, "--pictures", str(pictures)) == 0
    said = capsys.readouterr().out
    assert f"on {pictures}" in said and "  count " in said and " MB)" in said
    assert "  2 of 2 pictures\n" in said
    content = json.loads(description_file(out).read_text())
    # 2 x 2 patches of 16 x 16 pixels.
    assert content["input"]["shape"] == [1, 32, 32, 3] and content["checked_on"].startswith("2 pi")


def test_export_compares_a_saved_model_on_pictures(run_dir, tmp_path, capsys, pictures):
    out = tmp_path / "out"
    assert run(run_dir, out, "--pictures", str(pictures)) == 0
    # Those two alone, without the random ones that are compared too.
    said = capsys.readouterr().out
    assert f"on {pictures}:" in said and "  patch_counts " in said
    assert said.count("  2 of 2 pictures\n") == 2
    (first, *_) = sorted(pictures.iterdir())
    assert run(run_dir, out, "--pictures", str(first)) == 0
    assert capsys.readouterr().out.count("  1 of 1 pictures\n") == 2
    assert run(run_dir, out) == 0
    assert "on 2 random pictures:" in capsys.readouterr().out


def test_export_fails_above_the_tolerance(run_dir, tmp_path, capsys):
    # float16 rounds weights by up to 2^-12 of theirs.
    more = ("--format", "litert", "--quantize", "float16", "--tolerance", "1e-12")
    assert run(run_dir, tmp_path / "out" / "a.tflite", *more) == 2
    assert "a difference of" in capsys.readouterr().err and list(tmp_path.iterdir()) == []


def test_export_of_a_point_counter_needs_a_size_and_tells_what_is_not_inside(tmp_path, capsys):
    image = keras.Input((None, None, 3))
    network = keras.Model(image, keras.layers.Conv2D(1, 1)(image))
    build_point_counter(network).save(tmp_path / "points.keras")
    out = tmp_path / "out" / "a.tflite"
    assert run(tmp_path, out, "--format", "litert") == 2
    assert "`--image_size HEIGHT WIDTH` is needed: LiteRT" in capsys.readouterr().err
    assert run(tmp_path, out, "--format", "litert", "--image_size", "9", "7") == 0
    assert f"see {out}.json: num_points, point_classes" in capsys.readouterr().out


def test_export_takes_a_video_classifier(small_cam_encoder, tmp_path):
    classifier = build_cam_classifier("mobilenet_v2", num_classes=2, image_size=32)
    classifier.save(tmp_path / "best_classification.keras")
    (tmp_path / "tags.json").write_text('{"class_names": ["cat", "dog"], "threshold": 0.5}')
    assert run(tmp_path, tmp_path / "out") == 0
    content = json.loads((tmp_path / "out" / "assets.extra" / "tags.json").read_text())
    assert content == {"class_names": ["cat", "dog"]}
    assert run(tmp_path, tmp_path / "a.tflite", "--format", "litert") == 0
    content = json.loads((tmp_path / "a.tflite.json").read_text())
    assert content["settings"]["class_names"] == ["cat", "dog"]
    assert set(content["outputs"]) == {"tag_probabilities", "tag_maps"}


def test_export_refuses_what_belongs_to_other_formats(run_dir, tmp_path, capsys):
    cases = [
        (("--image_size", "4", "4"), "a SavedModel takes pictures of any size"),
        (("--format", "onnx", "--calibration", "x"), "for `--format litert` of models"),
        (("--format", "onnx", "--image_size", "0", "4"), "`--image_size` must be two numbers"),
        (("--format", "onnx", "--pictures", "no_such"), "`--pictures` must be a picture"),
        (("--tolerance", "0"), "`--tolerance` must be above 0"),
        (("--format", "openvino"), "must be a file that ends in .xml"),
    ]
    for arguments, message in cases:
        assert run(run_dir, tmp_path / "a", *arguments) == 2
        assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
