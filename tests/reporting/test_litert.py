import json
import sys

import keras
import numpy as np
import pytest

from config.errors import InputError
from models.encoders import build_encoder
from models.localizer import build_localizer
from models.locator import build_locator, find_localizer
from reporting import litert_check
from reporting.litert import build_fixed_size, export_litert
from reporting.litert_check import LiteRTModel, compare_litert, draw_pictures
from reporting.settings_files import description_file


@pytest.fixture(scope="module")
def exported(pet_locator, tmp_path_factory):
    return export_litert(pet_locator, tmp_path_factory.mktemp("litert") / "a.tflite")


def test_export_litert_answers_as_the_locator_in_any_batch(pet_locator, exported):
    run = LiteRTModel(exported)
    pictures = np.random.default_rng(1).integers(0, 256, (3, 32, 32, 3), np.uint8)
    expected = pet_locator.predict(pictures, verbose=0)
    for number in (1, 3, 2):
        answer = run(pictures[:number])
        assert set(answer) == {"box", "score", "class_probabilities"}
        boxes = expected["boxes"][:number] / 32
        np.testing.assert_allclose(answer["box"], boxes, atol=1e-4)
        np.testing.assert_allclose(answer["score"], expected["scores"][:number], atol=1e-4)


def test_export_litert_tells_what_goes_in_and_comes_out(exported):
    content = json.loads(description_file(exported).read_text())
    assert content["input"]["shape"] == [1, 32, 32, 3] and content["input"]["dtype"] == "uint8"
    assert content["outputs"]["class_probabilities"]["shape"] == [1, 2]
    assert content["class_names"] == ["cat", "dog"] and content["quantize"] == "none"
    found = content["difference_from_keras"]["box"]
    assert found["largest"] <= 1e-3 and (found["compared"], found["pictures"]) == (8, 8)
    assert sorted(path.name for path in exported.parent.iterdir()) == ["a.tflite", "a.tflite.json"]


@pytest.mark.parametrize("head", ["grid", "mask", "heatmap", "edges"])
def test_export_litert_holds_builtin_operations_alone(fixed_locator, tmp_path, head):
    # An operation that LiteRT lacks would stop the conversion, or the interpreter.
    keras.utils.set_random_seed(1)
    path = export_litert(fixed_locator(("cat", "dog"), head), tmp_path / "a.tflite")
    assert LiteRTModel(path)(np.zeros((2, 32, 32, 3), np.uint8))["box"].shape == (2, 4)


def test_build_fixed_size_feeds_the_encoder_its_own_pixels():
    encoder = build_encoder("mobilenet_v2", (32, 32, 3), alpha=0.35)
    localizer = build_localizer(encoder, head="box")
    pictures = draw_pictures(2, (32, 32))
    found = build_fixed_size(localizer)(pictures)
    expected = localizer(pictures / np.float32(255))
    np.testing.assert_allclose(found["box"], expected["box"], atol=1e-5)


@pytest.mark.parametrize("head", ["grid", "edges"])
def test_export_litert_int8_keeps_boxes_near(fixed_locator, tmp_path, head):
    keras.utils.set_random_seed(1)
    locator = fixed_locator(("cat", "dog"), head)
    pictures = draw_pictures(20, (32, 32))
    path = export_litert(locator, tmp_path / "a.tflite", quantize="int8", calibration=pictures)
    answer = LiteRTModel(path)(pictures)
    expected = build_fixed_size(find_localizer(locator)).predict(pictures, verbose=0)
    for name, value in expected.items():
        assert np.abs(answer[name] - value).mean() < 0.05
    content = json.loads(description_file(path).read_text())
    assert content["quantize"] == "int8" and content["difference_from_keras"]["box"]["mean"] < 0.05


def test_export_litert_of_mixed_precision_is_in_float32(tmp_path):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        image = keras.Input((32, 32, 3), name="image")
        conv = keras.layers.Conv2D(3, 3, strides=32, padding="same", activation="relu")
        encoder = keras.Model(image, {"stride_32": conv(image)}, name="small")
        locator = build_locator(build_localizer(encoder, head="box"))
    finally:
        keras.config.set_dtype_policy(policy)
    path = export_litert(locator, tmp_path / "a.tflite")
    pictures = draw_pictures(2, (32, 32))
    expected = locator.predict(pictures, verbose=0)["boxes"] / 32
    # bfloat16 has 8 bits.
    np.testing.assert_allclose(LiteRTModel(path)(pictures)["box"], expected, atol=0.02)


@pytest.mark.slow
def test_export_litert_makes_files_smaller(tmp_path):
    encoder = build_encoder("mobilenet_v2", (32, 32, 3), alpha=0.35)
    locator = build_locator(build_localizer(encoder, head="box"))
    sizes = {}
    for name in ("none", "float16", "int8"):
        pictures = draw_pictures(4, (32, 32)) if name == "int8" else None
        path = tmp_path / f"{name}.tflite"
        export_litert(locator, path, quantize=name, calibration=pictures)
        sizes[name] = path.stat().st_size
    assert sizes["float16"] < 0.6 * sizes["none"] and sizes["int8"] < 0.4 * sizes["none"]


def test_export_litert_leaves_nothing_when_the_answers_differ(pet_locator, tmp_path, monkeypatch):
    monkeypatch.setitem(litert_check.LIMITS, "none", -1.0)
    with pytest.raises(RuntimeError, match="must return `box` .* nothing was exported"):
        export_litert(pet_locator, tmp_path / "a.tflite")
    assert list(tmp_path.iterdir()) == []


def test_export_litert_refuses_a_comparison_of_nothing(pet_locator, tmp_path, monkeypatch):
    unsettled = {"box": np.zeros(8, bool), "class": np.zeros(8, bool)}
    monkeypatch.setattr(litert_check, "find_settled", lambda *_: unsettled)
    with pytest.raises(InputError, match="`litert` must be compared .* Of 8, none .* `box`, `scor"):
        export_litert(pet_locator, tmp_path / "a.tflite")
    assert list(tmp_path.iterdir()) == []


def test_compare_litert_sees_another_model_and_nan(pet_locator, fixed_locator, exported):
    other = find_localizer(fixed_locator(("dog", "cat")))
    other.get_layer("head_class_logits").bias.assign([1.0, 0.0])
    with pytest.raises(RuntimeError, match="the largest difference at most 0.001"):
        compare_litert(build_fixed_size(other), other, exported, quantize="none")
    other.get_layer("head_class_logits").bias.assign([np.nan, 0.0])
    with pytest.raises(RuntimeError, match="Received nan"):
        compare_litert(build_fixed_size(other), other, exported, quantize="int8")


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("a.lite", {}, "`--output` must be a file that ends in .tflite"),
        ("a.tflite", {"quantize": "int4"}, "`--quantize` must be one of none, float16, int8"),
        ("a.tflite", {"quantize": "int8"}, "needs pictures like those to come"),
        ("a.tflite", {"calibration": np.zeros((1, 32, 32, 3), np.uint8)}, "leave it out"),
    ],
)
def test_export_litert_refuses_what_cannot_be(pet_locator, tmp_path, name, changes, message):
    with pytest.raises(InputError, match=message):
        export_litert(pet_locator, tmp_path / name, **changes)


def test_export_litert_int8_needs_private_modules(pet_locator, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow.lite.tools", None)
    pictures = draw_pictures(2, (32, 32))
    with pytest.raises(InputError, match="needs modules of TensorFlow that it keeps private"):
        export_litert(pet_locator, tmp_path / "a.tflite", quantize="int8", calibration=pictures)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("mean", "warned"), [(0.029, False), (0.031, True)])
def test_a_difference_that_costs_quality_is_told(caplog, mean, warned):
    found = litert_check._bound("box", np.array([0.0, 2 * mean]), "int8")
    assert found["mean"] == pytest.approx(mean)
    assert ("compare both on annotated pictures" in caplog.text) == warned


def test_draw_pictures_are_the_same_each_time():
    np.testing.assert_array_equal(draw_pictures(2, (33, 50)), draw_pictures(2, (33, 50)))
    assert draw_pictures(1, (1, 1)).shape == (1, 1, 1, 3)
