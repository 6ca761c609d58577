import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from config.errors import InputError
from models.locator import find_localizer
from models.point_counter import CountBlobs, build_point_counter
from models.segmenter import LabelPixels
from reporting.box_settings import boxes_asset
from reporting.export import export_saved_model, write_saved_model
from reporting.export_check import compare_export
from reporting.parity import Comparison
from reporting.point_settings import settings_asset


@pytest.fixture(scope="module")
def exported(point_counter, tmp_path_factory):
    path = tmp_path_factory.mktemp("points") / "saved_model"
    assets = settings_asset(point_counter, ("red", "white"))
    return export_saved_model(point_counter, path, max_pixels=10**5, assets=assets)


def test_export_of_a_point_counter_equals_the_keras_one(point_counter, exported):
    loaded = tf.saved_model.load(str(exported))
    for shape in [(1, 1, 40, 3), (3, 64, 50, 3)]:
        pictures = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
        answer = loaded.signatures["serving_default"](images=tf.constant(pictures))
        expected = point_counter.predict(pictures, verbose=0)
        np.testing.assert_allclose(answer["probabilities"], expected["probabilities"], atol=1e-6)
        assert expected["count"].sum() > 0
        for name in ("count", "class_counts", "points", "point_classes", "num_points"):
            np.testing.assert_array_equal(answer[name], expected[name])


def test_serve_bytes_leaves_out_what_grows_with_the_picture(exported):
    loaded = tf.saved_model.load(str(exported))
    assert "probabilities" in loaded.signatures["serving_default"].structured_outputs
    files = [tf.io.encode_png(tf.zeros((5, size, 3), tf.uint8)) for size in (7, 40)]
    answer = loaded.signatures["serve_bytes"](images=tf.stack(files))
    names = {"count", "class_counts", "points", "point_classes", "num_points"}
    assert set(answer) == names and answer["points"].shape == (2, 900, 2)


def test_export_carries_the_settings(exported):
    content = json.loads((exported / "assets.extra" / "points.json").read_text())
    assert content == {
        "threshold": 0.6,
        "min_area": 1,
        "max_points": 900,
        "scale": 1.0,
        "levels": 1,
        "objects_per_blob": 1.0,
        "class_names": ["red", "white"],
    }


def threshold_model(threshold, level):
    """One class; its probabilities are `level`, but for a little that the red channel adds."""
    image = keras.Input((None, None, 3))
    layer = keras.layers.Conv2D(1, 1)
    network = keras.Model(image, layer(image))
    weights = np.array([1e-7, 0, 0]).reshape(1, 1, 3, 1)
    layer.set_weights([weights, np.array([np.log(level / (1 - level))])])
    return build_point_counter(network, threshold=threshold)


def test_compare_export_allows_for_blobs_at_the_threshold(tmp_path):
    # Every pixel lies at the threshold: rounding decides, and the counts are not compared.
    export_saved_model(threshold_model(0.6, 0.6), tmp_path / "a", max_pixels=10**5)
    assert (tmp_path / "a" / "saved_model.pb").is_file()


@pytest.mark.parametrize("name", ["count", "points"])
def test_compare_export_sees_other_blobs(point_counter, exported, monkeypatch, name):
    def wrong(self, probabilities):
        found = right(self, probabilities)
        return {**found, name: found[name] + 1}

    right = CountBlobs.call
    monkeypatch.setattr(CountBlobs, "call", wrong)
    with pytest.raises(RuntimeError, match=f"`{name}` as the Keras model does, to the last pixel"):
        compare_export(point_counter, exported, 10**5)


def test_compare_export_sees_other_weights(exported):
    other = threshold_model(0.5, 0.9)
    with pytest.raises(RuntimeError, match="`.*` as the Keras model does"):
        compare_export(other, exported, 10**5)


@pytest.mark.parametrize("head", ["box", "grid", "mask", "heatmap", "edges"])
def test_export_of_a_locator_equals_the_keras_one(fixed_locator, tmp_path, head):
    keras.utils.set_random_seed(3)
    locator = fixed_locator(("cat", "dog"), head)
    path = export_saved_model(
        locator, tmp_path / "a", max_pixels=10**5, assets=boxes_asset(locator)
    )
    assert json.loads((path / "assets.extra" / "boxes.json").read_text()) == {
        "class_names": ["cat", "dog"]
    }
    pictures = np.random.default_rng(1).integers(0, 256, (3, 64, 50, 3), np.uint8)
    answer = tf.saved_model.load(str(path)).signatures["serving_default"](images=pictures)
    expected = locator.predict(pictures, verbose=0)
    for name, value in expected.items():
        np.testing.assert_allclose(answer[name], value, rtol=1e-4, atol=1e-4)


def test_compare_export_leaves_out_a_locators_ties(fixed_locator, tmp_path, monkeypatch):
    locator = fixed_locator((), "grid")
    path = export_saved_model(locator, tmp_path / "a", max_pixels=10**5)
    layer = find_localizer(locator).get_layer("decode_grid")
    right = type(layer).call

    def moved(self, grid):
        found = right(self, grid)
        return {**found, "box": found["box"] / 2}

    monkeypatch.setattr(type(layer), "call", moved)
    locator.make_predict_function(force=True)
    with pytest.raises(RuntimeError, match="`boxes` as the Keras model does"):
        compare_export(locator, path, 10**5)
    monkeypatch.setattr(type(layer), "find_settled", lambda *_: np.array([False, True]))
    with pytest.raises(RuntimeError, match="`boxes` as the Keras model does"):
        compare_export(locator, path, 10**5)
    monkeypatch.setattr(type(layer), "find_settled", lambda *_: np.zeros(2, bool))
    assert compare_export(locator, path, 10**5) == Comparison(
        {"boxes": 0, "scores": 0}, {"boxes": 0, "scores": 0}, 2
    )


def test_write_saved_model_refuses_a_comparison_of_nothing(
    fixed_locator, tmp_path, monkeypatch, caplog
):
    locator = fixed_locator((), "grid")
    layer = find_localizer(locator).get_layer("decode_grid")
    monkeypatch.setattr(type(layer), "find_settled", lambda *_: np.zeros(2, bool))
    with pytest.raises(InputError, match="Of 2, none could be for `boxes`, `scores`: .*--pictures"):
        write_saved_model(locator, tmp_path / "a", max_pixels=10**5)
    assert not any(tmp_path.iterdir())
    # At the end of a training nobody can give other pictures: the log says it.
    assert export_saved_model(locator, tmp_path / "a", max_pixels=10**5).is_dir()
    assert "on no picture for boxes, scores" in caplog.text


def test_random_pictures_do_not_stand_in_for_given_ones(fixed_locator, tmp_path, monkeypatch):
    locator = fixed_locator((), "grid")
    layer = find_localizer(locator).get_layer("decode_grid")
    # Noise, of which there are two in a batch, is settled; single given pictures hang on rounding.
    monkeypatch.setattr(type(layer), "find_settled", lambda _, x, _t: np.full(len(x), len(x) == 2))
    pictures = [np.full((9, 7, 3), value, np.uint8) for value in (0, 90, 255)]
    with pytest.raises(InputError, match="Of 3, none could be for `boxes`, `scores`"):
        write_saved_model(locator, tmp_path / "a", max_pixels=10**5, pictures=pictures)
    told = write_saved_model(locator, tmp_path / "a", max_pixels=10**5)
    assert told.num_pictures == 2 and told.compared == {"boxes": 2, "scores": 2}
    # The other way round, what is settled of the given ones is enough.
    monkeypatch.setattr(type(layer), "find_settled", lambda _, x, _t: np.full(len(x), len(x) == 1))
    told = write_saved_model(locator, tmp_path / "a", max_pixels=10**5, pictures=pictures)
    assert told.num_pictures == 3 and told.compared == {"boxes": 3, "scores": 3}


@pytest.fixture
def red_segmenter():
    """A segmenter whose label is 1 where a picture's red is above half, 0 below, of 2 classes."""
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    red = keras.layers.Rescaling(1 / 255)(images[..., :1])
    zero = keras.layers.Rescaling(0.0)(red)
    probabilities = keras.ops.concatenate([1 - red, red, zero], axis=-1)
    return keras.Model(images, LabelPixels(["red", "blue"])(probabilities))


def test_compare_export_sees_other_labels_but_for_ties(red_segmenter, tmp_path, monkeypatch):
    path = export_saved_model(red_segmenter, tmp_path / "a", max_pixels=10**5)

    def change(self, probabilities):
        found = right(self, probabilities)
        close = abs(probabilities[..., 0] - probabilities[..., 1]) < 0.1
        labels = keras.ops.where(close, keras.ops.cast(2, "uint8"), found["label_map"])
        return {**found, "label_map": labels}

    right = LabelPixels.call
    monkeypatch.setattr(LabelPixels, "call", change)
    red_segmenter.make_predict_function(force=True)
    # The leads of a label are 1/255, 3/255, ...: none is a tie at a tolerance of 1e-4.
    with pytest.raises(RuntimeError, match="`label_map` as .* to the last pixel. Received other l"):
        compare_export(red_segmenter, path, 10**5)
    monkeypatch.setattr("reporting.export_check.TOLERANCE", 0.05)
    compare_export(red_segmenter, path, 10**5)
