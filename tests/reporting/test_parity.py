import keras
import numpy as np
import pytest

from config.errors import InputError
from models.count_interval import make_count_interval
from ops.count_calibration import CountCalibration
from ops.none_curves import NoneCurve
from reporting.parity import (
    Comparison,
    ParityError,
    compare_answer,
    require_compared,
    require_equal,
)

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
    assert compare(doubler, twice=expected + 0.2).largest["twice"] == pytest.approx(
        0.2 / 40, rel=1e-4
    )
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
    assert compare(doubler).largest == compare(doubler).compared == {}


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
    assert compare_answer(model, pictures, answer, **bounds).largest["label_map"] == 0
    answer["label_map"] = np.array([[[1, 0, 0]]], np.uint8)
    with pytest.raises(ParityError, match="to the last pixel. Received other labels"):
        compare_answer(model, pictures, answer, **bounds)


def build_doubter(shares):
    """Two cells a picture, whose class probabilities the mean of its red moves by its tenth."""
    images = keras.Input((None, None, 3), dtype="uint8")
    red = keras.ops.mean(keras.ops.cast(images, "float32")[..., 0], axis=(1, 2)) / 2550
    moved = keras.ops.array(shares)[None] + red[:, None, None] * np.float32([-1, 1, 0])
    states = keras.ops.cast(1 + keras.ops.argmax(moved, axis=-1), "float32")
    cells = keras.ops.stack([states, states], axis=-1)
    return keras.Model(images, {"cells": cells, "cell_probabilities": moved})


def test_cells_near_another_class_are_not_compared():
    images = np.zeros((2, 4, 4, 3), np.uint8)
    images[1, ..., 0] = 255  # Adds .1 to the second class and takes it off the first.
    model = build_doubter(np.float32([[0.6, 0.4, 0.0], [0.2, 0.3, 0.5]]))
    bounds = {"source": "file", "tolerance": 1e-4}
    answer = dict(model.predict(images, verbose=0))
    # The first picture is sure of .6 over .4; the second has .5 beside .5.
    answer["cells"] = answer["cells"] + np.float32([0, 1]).reshape(2, 1, 1)
    assert compare_answer(model, images, answer, **bounds) == Comparison(
        dict.fromkeys(answer, 0), dict.fromkeys(answer, 1), 2
    )
    answer["cells"] = answer["cells"] + np.float32(1)
    with pytest.raises(ParityError, match="`cells`"):
        compare_answer(model, images, answer, **bounds)


def test_cells_near_another_class_are_compared_where_none_changed():
    images = np.full((1, 4, 4, 3), 255, np.uint8)
    model = build_doubter(np.float32([[0.6, 0.4, 0.0]]))  # .5 beside .5
    bounds = {"source": "file", "tolerance": 1e-4}
    answer = dict(model.predict(images, verbose=0))
    assert compare_answer(model, images, answer, **bounds).compared["cell_probabilities"] == 1
    answer["cell_probabilities"] = answer["cell_probabilities"] + np.float32(0.01)
    with pytest.raises(ParityError, match="`cell_probabilities`"):
        compare_answer(model, images, answer, **bounds)


def test_a_comparison_of_nothing_is_refused():
    images = np.full((3, 4, 4, 3), 255, np.uint8)
    model = build_doubter(np.float32([[0.6, 0.4, 0.0]]))
    answer = dict(model.predict(images, verbose=0))
    answer["cells"] = answer["cells"] + np.float32(1)
    found = compare_answer(model, images, answer, source="file", tolerance=1e-4)
    assert set(found.compared.values()) == {0} and found.num_pictures == 3
    match = "`file` must be compared .* Of 3, none could be for `cell_probabilities`, `cells`.*give"
    with pytest.raises(InputError, match=match):
        require_compared(found, "file")
    with pytest.raises(InputError, match="Of 0, none could be for any output"):
        require_compared(Comparison(), "file")


def test_comparisons_join_by_output():
    first = Comparison({"a": 0.1, "b": 0.3}, {"a": 0, "b": 2}, 2)
    joined = first.join(Comparison({"a": 0.2}, {"a": 1}, 1))
    assert joined == Comparison({"a": 0.2, "b": 0.3}, {"a": 1, "b": 2}, 3)
    assert joined.list_unseen() == [] and first.list_unseen() == ["a"]


def test_a_lower_bound_is_compared_on_the_scale_of_the_count():
    images = keras.Input((None, None, 3), dtype="uint8")
    count = keras.ops.mean(keras.ops.cast(images, "float32"), axis=(1, 2, 3))
    model = keras.Model(images, {"count_low": count * 0.005, "count_high": count * 20})
    pictures = np.full((1, 1, 1, 3), 100, np.uint8)
    # .5 and 2000: a tenth more is much of the one and nothing of the other.
    answer = {"count_low": np.float32([0.6]), "count_high": np.float32([2000.1])}
    found = compare_answer(model, pictures, answer, source="file", tolerance=1e-3)
    assert found.largest["count_low"] == pytest.approx(0.1 / 2000, rel=0.01)


def test_points_of_enlarged_pictures_may_be_rounded():
    expected = np.float32([[80.0, 111.666664], [-1, -1]])
    rounded = np.float32([[80.0, 111.66667], [-1, -1]])
    assert (expected != rounded).any()
    require_equal("file", "points", expected, rounded)
    with pytest.raises(ParityError, match="other blobs"):
        require_equal("file", "points", expected, rounded + np.float32([[1 / 3, 0], [0, 0]]))


@pytest.fixture(scope="module")
def steep_counter():
    """Counts two thirds of the mean red; its curve falls from .4 to .2 between 66.67 and 66.68."""
    curve = NoneCurve((0.0, 10.0, 66.67, 66.68), (1.0, 0.6, 0.4, 0.2))
    images = keras.Input((None, None, 3), dtype="uint8")
    count = keras.ops.mean(keras.ops.cast(images, "float32")[..., 0], axis=(1, 2)) * (2 / 3)
    calibration = CountCalibration(
        interval=0.5,
        quantile=0.1,
        offset=1.0,
        none_curve=curve,
        none_from="p-value",
        calibrated_on="drawn scenes",
        num_pictures=4,
    )
    return keras.Model(images, {"count": count, **make_count_interval(calibration)(count)})


def compare_none(model, red, count, none, tolerance=1e-3):
    pictures = np.zeros((1, 2, 3, 3), np.uint8)
    pictures[..., 0] = red
    answer = {"count": np.float32([count]), "none_probability": np.float32([none])}
    return compare_answer(model, pictures, answer, source="file", tolerance=tolerance).largest


def test_none_probability_is_that_of_a_count_within_the_tolerance(steep_counter):
    # The model counts 66.667, of which .4 is told; .067 more are within the tolerance.
    for count, none in [(66.6667, 0.4), (66.675, 0.3), (66.7, 0.2), (66.667, 0.2)]:
        assert compare_none(steep_counter, 100, count, none)["none_probability"] < 1e-6
    # The curve has .4 + .2 / 56.67 (.067 + .003) = .40025 at the lowest count, .2 at the highest.
    found = compare_none(steep_counter, 100, 66.667, 0.401)["none_probability"]
    assert found == pytest.approx(0.00075, abs=5e-5)
    for none, apart in [(0.5, 0.0998), (0.1, 0.1), (np.nan, "nan")]:
        with pytest.raises(ParityError, match=f"`none_probability` .* difference of {apart}"):
            compare_none(steep_counter, 100, 66.667, none)
    # At float16's tolerance, 66.667 +- 1.333: .4 + .2 / 56.67 x 1.337 = .4047.
    assert compare_none(steep_counter, 100, 66.667, 0.404, tolerance=0.02)["none_probability"] == 0


def test_none_probability_is_close_where_its_curve_is_flat(steep_counter):
    # A count of 20 +- .02: .6 - .2 x 10 / 56.67 = .56471 +- .00007.
    assert compare_none(steep_counter, 30, 20, 0.5647)["none_probability"] < 1e-6
    for none in (0.5635, 0.566):
        with pytest.raises(ParityError, match="`none_probability`"):
            compare_none(steep_counter, 30, 20, none)


def test_none_probability_does_not_excuse_the_count(steep_counter):
    with pytest.raises(ParityError, match="`count` .* a difference of 0.005"):
        compare_none(steep_counter, 100, 67.0, 0.2)


def test_none_probability_alone_is_compared_with_the_models(steep_counter):
    pictures = np.full((1, 1, 1, 3), 30, np.uint8)
    answer = {"none_probability": np.float32([0.57])}
    with pytest.raises(ParityError, match="a difference of 0.00529"):
        compare_answer(steep_counter, pictures, answer, source="file", tolerance=1e-3)
    answer = {"count": np.float32([20]), "none_probability": np.float32([[0.56]])}
    with pytest.raises(ParityError, match=r"of shape \(1,\). Received shape \(1, 1\)"):
        compare_answer(steep_counter, pictures, answer, source="file", tolerance=1e-3)
