import keras
import numpy as np
import pytest

from models.box_layers import BoxScore, DecodeBox, DecodeEdges, DecodeHeat, Profile


def logit(probability):
    return np.log(probability / (1 - probability))


def call(layer, *arrays):
    tensors = [keras.ops.convert_to_tensor(np.asarray(array, np.float32)) for array in arrays]
    found = layer(tensors[0] if len(tensors) == 1 else tensors)
    if isinstance(found, dict):
        return {name: value.numpy() for name, value in found.items()}
    return found.numpy()


def test_decode_box_pixels_divides_each_axis_by_its_own_side():
    # Picture of 50 rows and 100 columns: x 10..40, y 5..30; then w = -3, and a side out of it.
    raw = [[10, 5, 30, 25], [90, -10, 20, 20], [10, 5, -3, 5]]
    boxes = call(DecodeBox("pixels", size=(50, 100)), raw)
    expected = [[0.1, 0.1, 0.4, 0.6], [0.9, 0, 1, 0.2], [0.1, 0.1, 0.1, 0.2]]
    np.testing.assert_allclose(boxes, expected, atol=1e-6)


def test_decode_box_sigmoid_means_centre_and_sides():
    numbers = [[logit(0.5), logit(0.25), logit(0.4), logit(0.3)], [9, 9, 9, 9]]
    boxes = call(DecodeBox("sigmoid"), numbers)
    np.testing.assert_allclose(boxes[0], [0.3, 0.1, 0.7, 0.4], atol=1e-6)
    np.testing.assert_allclose(boxes[1], [0.5, 0.5, 1, 1], atol=1e-3)


def test_decode_box_exp_starts_at_half_the_picture_and_stays_within_a_factor():
    boxes = call(DecodeBox("exp"), [[0, 0, 0, 0], [0, 0, -99, -99]])
    np.testing.assert_allclose(boxes[0], [0.25, 0.25, 0.75, 0.75], atol=1e-6)
    # side = exp(-2) / 2 = .0677, half of it .0338
    np.testing.assert_allclose(boxes[1], [0.4662, 0.4662, 0.5338, 0.5338], atol=1e-4)


def test_decode_box_takes_an_empty_batch_and_keeps_nan():
    assert call(DecodeBox("sigmoid"), np.zeros((0, 4))).shape == (0, 4)
    assert np.isnan(call(DecodeBox("sigmoid"), np.full((1, 4), np.nan))).any()


def test_decode_heat_of_a_sharp_peak_reads_that_place_alone():
    heat, shape = np.zeros((1, 6, 12, 1)), np.zeros((1, 6, 12, 4))
    heat[0, 2, 8] = 60
    shape[0, 2, 8] = [logit(0.25), logit(0.5), np.arctanh(0.125), 0]
    found = call(DecodeHeat(), heat, shape)
    # Centre x = 8.5 / 12 + .125 = .8333, y = 2.5 / 6 = .4167
    expected = [[0.8333 - 0.125, 0.4167 - 0.25, 0.8333 + 0.125, 0.4167 + 0.25]]
    np.testing.assert_allclose(found["box"], expected, atol=1e-4)
    np.testing.assert_allclose(found["score"], [1], atol=1e-5)


def test_decode_heat_of_two_peaks_is_their_mean_and_scores_a_half():
    heat, shape = np.zeros((1, 1, 20, 1)), np.zeros((1, 1, 20, 4))
    heat[0, 0, [2, 17]] = 60
    found = call(DecodeHeat(), heat, shape)
    # Middles 2.5 / 20 and 17.5 / 20: mean .5; sides sigmoid(0) = .5
    np.testing.assert_allclose(found["box"], [[0.25, 0.25, 0.75, 0.75]], atol=1e-5)
    np.testing.assert_allclose(found["score"], [0.5], atol=1e-5)


def test_decode_heat_of_a_flat_map_scores_a_window_of_it():
    found = call(DecodeHeat(), np.zeros((1, 10, 10, 1)), np.zeros((1, 10, 10, 4)))
    np.testing.assert_allclose(found["score"], [0.25], atol=1e-6)


def test_profile_has_mean_and_maximum_of_rows_and_of_columns():
    maps = np.arange(6.0).reshape(1, 2, 3, 1)  # rows 0 1 2 and 3 4 5
    assert call(Profile(1), maps)[0].tolist() == [[1.5, 3], [2.5, 4], [3.5, 5]]
    assert call(Profile(2), maps)[0].tolist() == [[1, 2], [4, 5]]


def test_decode_edges_reads_each_edge_on_its_axis_and_orders_them():
    columns, rows = np.zeros((1, 5, 2)), np.zeros((1, 11, 2))
    columns[0, 3, 0] = columns[0, 1, 1] = 60  # swapped: left at 3 / 4, right at 1 / 4
    rows[0, 0, 0] = rows[0, 10, 1] = 60
    found = call(DecodeEdges(), columns, rows)
    np.testing.assert_allclose(found["box"], [[0.25, 0, 0.75, 1]], atol=1e-6)
    np.testing.assert_allclose(found["score"], [1], atol=1e-6)


def test_decode_edges_of_flat_logits_is_the_middle():
    found = call(DecodeEdges(), np.zeros((1, 6, 2)), np.zeros((1, 12, 2)))
    np.testing.assert_allclose(found["box"], [[0.5] * 4], atol=1e-6)
    # Three places of 6 hold 1/2, of 12 1/4.
    np.testing.assert_allclose(found["score"], [0.375], atol=1e-6)


def test_box_score_is_the_likeliest_class_or_one():
    # softmax of (0, log 3) is 1/4, 3/4
    np.testing.assert_allclose(call(BoxScore(of_classes=True), [[0, np.log(3)]]), [0.75], rtol=1e-6)
    assert call(BoxScore(), np.zeros((2, 4))).tolist() == [1, 1]


@pytest.mark.parametrize(
    "layer",
    [DecodeBox("pixels", size=(3, 4)), BoxScore(True), Profile(2)],
)
def test_layers_come_back_from_their_config(layer):
    copy = type(layer).from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
