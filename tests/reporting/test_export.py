import keras
import numpy as np
import pytest
import tensorflow as tf

from config.errors import InputError
from models.counter import build_counter
from models.encoders import build_encoder
from reporting import export_check
from reporting.export import export_saved_model
from reporting.model_files import load_keras_model


@pytest.fixture(scope="module")
def exported(brightness_counter, tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "saved_model"
    export_saved_model(brightness_counter, path, max_pixels=5000, assets={"a.txt": "names"})
    return path


@pytest.fixture(scope="module")
def loaded(exported):
    return tf.saved_model.load(str(exported))


def build_mobilenet_counter():
    encoder = build_encoder("mobilenet_v2", (32, 48, 3), alpha=0.35)
    weights = np.random.default_rng(0).random(encoder.output["stride_32"].shape[-1])
    return build_counter(encoder, 2, weights=weights)


def test_exported_counter_equals_the_keras_one(counter_file, tmp_path):
    check_export_equals(load_keras_model(counter_file), tmp_path)


@pytest.mark.slow
def test_exported_mobilenet_counter_equals_the_keras_one(tmp_path):
    check_export_equals(build_mobilenet_counter(), tmp_path)


def check_export_equals(model, tmp_path):
    path = export_saved_model(model, tmp_path / "saved_model", max_pixels=10**6)
    loaded = tf.saved_model.load(str(path))
    for shape in [(1, 33, 47, 3), (3, 64, 50, 3)]:
        images = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
        answer = loaded.signatures["serving_default"](images=tf.constant(images))
        expected = model.predict(images, verbose=0)
        assert expected["count"].min() > 0
        for name in ("count", "patch_counts"):
            np.testing.assert_allclose(answer[name], expected[name], rtol=1e-4)


@pytest.mark.parametrize("precision", ["float16", "bfloat16"])
def test_export_of_mixed_precision_is_in_float32(tmp_path, precision):
    keras.config.set_dtype_policy(f"mixed_{precision}")
    try:
        image = keras.Input((16, 16, 3))
        encoder = keras.Model(image, {"stride_32": keras.layers.Conv2D(2, 3)(image)})
        counter = build_counter(encoder, 2, weights=np.ones(2))
        path = export_saved_model(counter, tmp_path / "a", max_pixels=10**5)
    finally:
        keras.config.set_dtype_policy("float32")
    assert encoder.layers[-1].compute_dtype == precision
    signature = tf.saved_model.load(str(path)).signatures["serving_default"]
    types = str(signature.graph.as_graph_def())  # the functions inside it, too
    assert "DT_FLOAT" in types and "DT_HALF" not in types and "DT_BFLOAT16" not in types


def test_serving_default_returns_a_row_per_picture(loaded):
    # A white picture has brightness 1 in each of its 4 patches, a black one 0.
    images = np.stack([np.full((5, 9, 3), 255, np.uint8), np.zeros((5, 9, 3), np.uint8)])
    answer = loaded.signatures["serving_default"](images=tf.constant(images))
    np.testing.assert_allclose(answer["count"], [4, 0], atol=1e-5)
    np.testing.assert_allclose(answer["patch_counts"], [[1] * 4, [0] * 4], atol=1e-5)


def test_serve_bytes_takes_both_formats_and_mixed_sizes(loaded):
    white = tf.fill((5, 9, 3), tf.constant(255, tf.uint8))
    black = tf.zeros((40, 20, 3), tf.uint8)
    files = tf.stack([tf.io.encode_png(white), tf.io.encode_jpeg(black)])
    answer = loaded.signatures["serve_bytes"](images=files)
    np.testing.assert_allclose(answer["count"], [4, 0], atol=1e-5)
    assert answer["patch_counts"].shape == (2, 4)


def test_serve_bytes_takes_an_empty_batch(loaded):
    answer = loaded.signatures["serve_bytes"](images=tf.zeros((0,), tf.string))
    assert answer["patch_counts"].shape == (0, 4)


def test_serve_bytes_refuses_too_many_pixels(loaded):
    content = tf.io.encode_png(tf.zeros((51, 100, 3), tf.uint8))
    with pytest.raises(tf.errors.InvalidArgumentError, match="at most 5000 pixels"):
        loaded.signatures["serve_bytes"](images=content[tf.newaxis])


def test_export_has_the_two_signatures_and_its_assets(loaded, exported):
    assert {"serving_default", "serve_bytes"} <= set(loaded.signatures)
    spec = loaded.signatures["serving_default"].structured_input_signature[1]["images"]
    assert spec.dtype == tf.uint8 and spec.shape.as_list() == [None, None, None, 3]
    assert (exported / "assets.extra" / "a.txt").read_text() == "names"


def test_export_leaves_nothing_when_the_answers_differ(brightness_counter, tmp_path, monkeypatch):
    monkeypatch.setattr(export_check, "TOLERANCE", -1.0)
    with pytest.raises(RuntimeError, match="as the Keras model does.*nothing was exported"):
        export_saved_model(brightness_counter, tmp_path / "a", max_pixels=100)
    assert list(tmp_path.iterdir()) == []


def test_export_refuses_a_model_that_answers_nan(tmp_path):
    images = keras.Input((None, None, 3), dtype="uint8")
    bright = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(float("nan"))(images))
    with pytest.raises(RuntimeError, match="difference of nan"):
        export_saved_model(keras.Model(images, {"a": bright}), tmp_path / "a", max_pixels=100)
    assert list(tmp_path.iterdir()) == []


def test_export_leaves_nothing_when_the_disk_is_full(brightness_counter, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tf.saved_model, "save", full)
    with pytest.raises(OSError, match="No space"):
        export_saved_model(brightness_counter, tmp_path / "a", max_pixels=100)
    assert list(tmp_path.iterdir()) == []


def test_export_replaces_an_earlier_export_only(brightness_counter, tmp_path):
    path = tmp_path / "saved_model"
    path.mkdir()
    (path / "saved_model.pb").write_text("earlier")
    export_saved_model(brightness_counter, path, max_pixels=10**5)
    assert tf.saved_model.load(str(path)).signatures
    assert [item.name for item in tmp_path.iterdir()] == ["saved_model"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    with pytest.raises(InputError, match="mine must not exist, be empty or be a SavedModel"):
        export_saved_model(brightness_counter, tmp_path / "mine", max_pixels=10**5)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "precious"


def test_export_refuses_other_inputs_and_outputs(brightness_counter, tmp_path):
    fixed = keras.Input((4, 4, 3), dtype="uint8")
    with pytest.raises(ValueError, match=r"one uint8 input .*Received uint8 \(None, 4, 4, 3\)"):
        export_saved_model(keras.Model(fixed, {"a": fixed}), tmp_path / "a", max_pixels=1)
    free = keras.Input((None, None, 3), dtype="uint8")
    with pytest.raises(ValueError, match="must return a dict of outputs"):
        export_saved_model(keras.Model(free, free), tmp_path / "a", max_pixels=1)
    with pytest.raises(ValueError, match="`max_pixels` must be at least 1"):
        export_saved_model(brightness_counter, tmp_path / "a", max_pixels=0)


def test_export_of_maps_alone_has_no_serve_bytes(segmenter, tmp_path):
    path = export_saved_model(
        segmenter, tmp_path / "a", max_pixels=10**4, assets={"masks.json": "{}"}
    )
    loaded = tf.saved_model.load(str(path))
    assert list(loaded.signatures) == ["serving_default"]
    images = np.zeros((2, 5, 9, 3), np.uint8)
    images[:, :, 4:, 1] = 200
    labels = loaded.signatures["serving_default"](images=tf.constant(images))["label_map"]
    np.testing.assert_array_equal(labels, np.broadcast_to([0] * 4 + [2] * 5, (2, 5, 9)))
    assert labels.dtype == tf.uint8
    assert (path / "assets.extra" / "masks.json").read_text() == "{}"
