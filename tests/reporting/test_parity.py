import keras
import numpy as np
import pytest

from reporting.parity import ParityError, compare_answer

PICTURES = np.array([10, 20], np.uint8).reshape(1, 1, 2, 1).repeat(3, axis=3)


@pytest.fixture(scope="module")
def doubler():
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    return keras.Model(images, {"twice": keras.layers.Rescaling(2.0)(images)})


def compare(model, **answer):
    answer = {name: np.asarray(value, np.float32) for name, value in answer.items()}
    return compare_answer(model, PICTURES, answer, source="file", tolerance=0.01)


def test_compare_answer_is_relative_above_one(doubler):
    # The largest value is 40, a difference of .2 is 1/200 of it.
    expected = 2.0 * PICTURES
    assert compare(doubler, twice=expected + 0.2)["twice"] == pytest.approx(0.2 / 40, rel=1e-4)
    with pytest.raises(ParityError, match="`twice` .* to 0.01. Received a difference of 0.025"):
        compare(doubler, twice=expected + 1)


def test_compare_answer_sees_nan_shapes_and_strangers(doubler):
    with pytest.raises(ParityError, match="difference of nan"):
        compare(doubler, twice=PICTURES * np.nan)
    with pytest.raises(ParityError, match=r"of shape \(1, 1, 2, 3\). Received shape \(1, 1, 2\)"):
        compare(doubler, twice=PICTURES[..., 0])
    with pytest.raises(ParityError, match="`thrice` as the Keras model does, of shape None"):
        compare(doubler, thrice=PICTURES)


def test_compare_answer_compares_what_there_is(doubler):
    assert compare(doubler) == {}


def test_compare_answer_holds_blobs_to_the_answers_own_maps(point_counter):
    images = np.random.default_rng(0).integers(0, 256, (1, 20, 30, 3), np.uint8)
    answer = dict(point_counter.predict(images, verbose=0))
    # Another map has other blobs: nothing of the old answer fits it.
    answer["probabilities"] = answer["probabilities"][:, ::-1].copy()
    with pytest.raises(ParityError, match="as the Keras model does, to"):
        compare_answer(point_counter, images, answer, source="file", tolerance=2.0)


def test_compare_answer_leaves_out_labels_that_hang_on_rounding(monkeypatch):
    from models.segmenter import LabelPixels

    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    red = keras.layers.Rescaling(1 / 255)(images[..., :1])
    shares = keras.ops.concatenate([1 - red, red], axis=-1)
    model = keras.Model(images, LabelPixels(["cat"])(shares))
    # 127 and 128 of 255 lead by 1/255, 200 by 145/255.
    pictures = np.array([127, 128, 200], np.uint8).reshape(1, 1, 3, 1).repeat(3, axis=3)
    answer = dict(model.predict(pictures, verbose=0))
    answer["label_map"] = np.array([[[1, 0, 1]]], np.uint8)
    bounds = {"source": "file", "tolerance": 0.01}
    assert compare_answer(model, pictures, answer, **bounds)["label_map"] == 0
    answer["label_map"] = np.array([[[1, 0, 0]]], np.uint8)
    with pytest.raises(ParityError, match="to the last pixel. Received other labels"):
        compare_answer(model, pictures, answer, **bounds)
