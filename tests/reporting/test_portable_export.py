import json
import sys

import keras
import numpy as np
import pytest

from config.errors import InputError
from models.counter import build_counter
from models.point_counter import CountBlobs
from ops.count_calibration import CountCalibration
from ops.none_curves import p_value_curve
from reporting import parity, portable_export
from reporting.litert_check import draw_pictures
from reporting.model_files import load_keras_model
from reporting.parity import ParityError
from reporting.portable_export import PortableSettings, export_portable, natural_size
from reporting.runtimes import OPENERS, SUFFIXES

SIZE = (40, 56)
FORMATS = tuple(SUFFIXES)


@pytest.fixture(scope="module")
def counter(counter_file):
    return load_keras_model(counter_file)


@pytest.fixture(scope="module")
def points(pixelwise_counter):
    return pixelwise_counter(2, threshold=0.6, levels=2, min_area=2)


def export(model, folder, name="onnx", *, pictures=None, assets=None, **options):
    settings = PortableSettings(name, SIZE, **options)
    pictures = list(draw_pictures(2, SIZE)) if pictures is None else pictures
    path = folder / f"a{SUFFIXES[name]}"
    return export_portable(
        model, path, settings, pictures=pictures, checked_on="pictures", assets=assets
    )


@pytest.mark.parametrize("name", FORMATS)
def test_export_portable_counts_as_the_counter(counter, tmp_path, name):
    file = export(counter, tmp_path, name)
    picture = np.random.default_rng(1).integers(0, 256, (1, *SIZE, 3), np.uint8)
    answer = OPENERS[name](file.path)(picture)
    expected = counter.predict(picture, verbose=0)
    assert set(answer) == {"count", "patch_counts"} and expected["count"] > 0.1
    for output, value in expected.items():
        np.testing.assert_allclose(answer[output], value, rtol=1e-4)
    assert set(file.comparison.largest) == set(answer) and file.left == {}


@pytest.mark.parametrize("name", FORMATS)
def test_export_portable_counts_blobs(points, tmp_path, name):
    file = export(points, tmp_path, name, batch_size=2)
    pictures = np.random.default_rng(1).integers(0, 256, (2, *SIZE, 3), np.uint8)
    answer = OPENERS[name](file.path)(pictures)
    expected = points.predict(pictures, verbose=0)
    assert expected["count"].min() > 10
    for output in ("count", "class_counts"):
        np.testing.assert_array_equal(answer[output], expected[output])
    assert set(file.left) == {"points", "point_classes", "num_points"}


def test_export_portable_tells_what_goes_in_and_comes_out(points, tmp_path):
    assets = {"points.json": '{"threshold": 0.6, "class_names": ["red", "white"]}'}
    file = export(points, tmp_path, assets=assets)
    content = json.loads(file.path.with_name(f"{file.path.name}.json").read_text())
    assert content["input"]["shape"] == [1, 40, 56, 3] and content["input"]["dtype"] == "uint8"
    assert content["outputs"]["probabilities"]["shape"] == [1, 40, 56, 2]
    assert content["settings"]["class_names"] == ["red", "white"]
    assert "nearest to its mean row" in content["left_to_the_caller"]["points"]
    assert content["difference_from_keras"]["count"] == 0 and content["checked_on"] == "2 pictures"
    assert content["pictures_compared"] == dict.fromkeys(content["outputs"], 2)
    assert content["num_bytes"] == file.num_bytes == file.path.stat().st_size
    assert content["packages"]["tf2onnx"]


def test_export_portable_writes_openvino_in_two_files(points, tmp_path):
    file = export(points, tmp_path, "openvino")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.bin", "a.xml", "a.xml.json"]
    assert file.num_bytes == sum((tmp_path / name).stat().st_size for name in ("a.bin", "a.xml"))


def test_export_portable_rounds_weights(counter, tmp_path):
    for name in ("litert", "openvino"):
        file = export(counter, tmp_path, name, quantize="float16")
        # float16 has 11 bits, so that weights move by up to 2^-12 of theirs.
        assert 1e-5 < file.comparison.largest["count"] < 2**-11
    with pytest.raises(InputError, match="`--quantize float16` is not for `--format onnx`"):
        export(counter, tmp_path, "onnx", quantize="float16")


@pytest.mark.parametrize("name", ["litert", "openvino"])
def test_export_portable_rounds_a_steep_curve(tmp_path, name):
    # Of 4 scores; it falls from 66.67 on, but float16 has steps of 1/16 there: from 66.6875 on.
    curve = p_value_curve([10.0, 20.0, 40.0, 66.67])
    words = {"none_from": "p-value", "calibrated_on": "drawn scenes", "num_pictures": 4}
    calibration = CountCalibration(
        interval=0.5, quantile=0.5, offset=None, none_curve=curve, **words
    )
    image = keras.Input((16, 16, 3))
    conv = keras.layers.Conv2D(1, 1, kernel_initializer="ones", use_bias=False)
    encoder = keras.Model(image, {"stride_32": conv(image)})
    # Three channels of 100 / 255 each: 66.675 objects, in the middle of the fall from .4 to .2.
    weights = np.float32([66.675 * 255 / 300])
    model = build_counter(encoder, 1, weights=weights, calibration=calibration)
    pictures = [np.full((*SIZE, 3), 100, np.uint8)]
    file = export(model, tmp_path, name, quantize="float16", pictures=pictures)
    assert file.comparison.largest["none_probability"] < 1e-3
    assert file.comparison.largest["count"] < 2**-11


def test_export_portable_leaves_nothing_when_the_answers_differ(points, tmp_path, monkeypatch):
    right = CountBlobs.call

    def wrong(self, probabilities):
        found = right(self, probabilities)
        return {**found, "count": found["count"] + 1}

    monkeypatch.setattr(CountBlobs, "call", wrong)
    with pytest.raises(ParityError, match="`litert` must return `count` .* nothing was exported"):
        export(points, tmp_path, "litert")
    assert list(tmp_path.iterdir()) == []


def test_export_portable_refuses_a_comparison_of_nothing(counter, tmp_path, monkeypatch):
    monkeypatch.setattr(parity, "_find_rows", lambda *_: {"count": np.zeros(1, bool)})
    with pytest.raises(InputError, match="`onnx` must be compared .* Of 2, none .* `count`: each"):
        export(counter, tmp_path)
    with pytest.raises(InputError, match="Of 0, none could be for any output"):
        export(counter, tmp_path, pictures=[])
    assert list(tmp_path.iterdir()) == []


def test_export_portable_names_a_missing_package(counter, tmp_path, monkeypatch):
    for name in ("onnx", "openvino"):
        monkeypatch.setitem(sys.modules, name if name != "onnx" else "tf2onnx", None)
        with pytest.raises(InputError, match="pip install -r requirements-export.txt"):
            export(counter, tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_export_portable_refuses_what_no_format_has(tmp_path):
    images = keras.Input((None, None, 3), dtype="uint8", name="images")

    class Unwritable(keras.layers.Layer):
        def call(self, inputs):
            import tensorflow as tf

            return tf.strings.length(tf.strings.as_string(tf.cast(inputs, tf.int32)))[:, 0, 0]

        def compute_output_spec(self, inputs):
            return keras.KerasTensor((inputs.shape[0], 3), "int32")

    model = keras.Model(images, {"count": Unwritable()(images)}, name="other")
    for name in FORMATS:
        reason = f"`other` cannot be turned into {name}: .*(AsString|StringLength).* SavedModel"
        with pytest.raises(InputError, match=reason):
            export(model, tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_export_portable_refuses_too_small_pictures(counter, tmp_path):
    settings = PortableSettings("onnx", (1, 9))
    with pytest.raises(InputError, match="pictures of 1 x 9 pixels .* `num_patches`"):
        export_portable(counter, tmp_path / "a.onnx", settings, pictures=[], checked_on="")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": (3, 0)}, "`--image_size` must be two numbers"),
        ({"batch_size": 0}, "`--batch_size` must be at least 1. Received 0"),
        ({"quantize": "int8"}, "`--quantize` must be one of none, float16"),
        ({"tolerance": 0.0}, "`--tolerance` must be above 0"),
    ],
)
def test_portable_settings_refuse_what_cannot_be(options, message):
    with pytest.raises(InputError, match=message):
        PortableSettings(**{"format": "onnx", "size": (3, 4), **options})


def test_natural_size_is_the_networks(counter, points, pet_locator):
    assert natural_size(counter) == (64, 96) and natural_size(points) is None
    assert natural_size(pet_locator) == (32, 32)


def test_tolerance_replaces_the_usual_one(counter, tmp_path, monkeypatch):
    monkeypatch.setitem(portable_export.TOLERANCES, "none", -1.0)
    export(counter, tmp_path, "litert", tolerance=0.1)
    with pytest.raises(ParityError, match="to -1.0"):
        export(counter, tmp_path, "litert")
