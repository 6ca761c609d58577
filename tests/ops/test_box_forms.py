import keras
import numpy as np
import pytest
import tensorflow as tf

from ops import box_forms
from ops.boxes import (
    box_areas,
    clip_boxes,
    cxcywh_to_xyxy,
    xywh_to_xyxy,
    xyxy_to_cxcywh,
    xyxy_to_xywh,
)

FORMS = [(xyxy_to_xywh, xywh_to_xyxy), (xyxy_to_cxcywh, cxcywh_to_xyxy)]
every_function = pytest.mark.parametrize(
    "function",
    [
        xyxy_to_xywh,
        xywh_to_xyxy,
        xyxy_to_cxcywh,
        cxcywh_to_xyxy,
        box_areas,
        lambda boxes: clip_boxes(boxes, (0.5, 0.7)),
    ],
)


def random_boxes(*shape):
    corners = np.random.default_rng(0).random((*shape, 2, 2))
    return np.sort(corners, axis=-2).reshape(*shape, 4)


def test_forms_by_hand():
    box = np.array([10.0, 20.0, 40.0, 60.0])  # 30 wide, 40 high, around (25, 40)
    np.testing.assert_array_equal(xyxy_to_xywh(box), [10, 20, 30, 40])
    np.testing.assert_array_equal(xyxy_to_cxcywh(box), [25, 40, 30, 40])


@pytest.mark.parametrize("there, back", FORMS)
@pytest.mark.parametrize("shape", [(), (0,), (1,), (7,), (2, 3)])
def test_forms_come_back(there, back, shape):
    boxes = random_boxes(*shape)
    assert there(boxes).shape == boxes.shape
    np.testing.assert_allclose(back(there(boxes)), boxes, atol=1e-15)


def test_forms_keep_a_negative_size():
    # What an untrained network may answer: swapped corners, which have no area.
    swapped = xywh_to_xyxy([5.0, 5.0, -2.0, 3.0])
    assert swapped.tolist() == [5.0, 5.0, 3.0, 8.0] and box_areas(swapped) == 0


def test_clip_boxes_to_a_picture_that_is_not_square():
    # 4 high, 6 wide: x ends at 6, y at 4.
    boxes = [[-1.0, -2.0, 7.0, 5.0], [1.0, 1.0, 2.0, 2.0], [8.0, 9.0, 10.0, 11.0]]
    clipped = clip_boxes(boxes, (4, 6))
    assert clipped.tolist() == [[0, 0, 6, 4], [1, 1, 2, 2], [6, 4, 6, 4]]
    assert box_areas(clipped).tolist() == [24, 1, 0]


def test_box_areas_of_no_box_and_of_one_point():
    assert box_areas(np.zeros((0, 4))).shape == (0,)
    assert box_areas([3.0, 3.0, 3.0, 3.0]) == 0


@every_function
def test_functions_give_numpy_for_numpy(function):
    boxes = random_boxes(3)
    result = function(boxes)
    assert isinstance(result, np.ndarray) and result.dtype == np.float64
    assert function(boxes.astype(np.float32)).dtype == np.float32


@every_function
def test_functions_give_equal_tensors_for_tensors(function):
    boxes = random_boxes(5).astype(np.float32)
    result = function(tf.constant(boxes))
    assert tf.is_tensor(result)
    np.testing.assert_allclose(result, function(boxes), rtol=1e-6)
    np.testing.assert_allclose(tf.function(function)(tf.constant(boxes)), result, rtol=1e-6)


@every_function
def test_functions_trace_symbolic_tensors(function):
    image = keras.Input((4,))
    model = keras.Model(image, function(image))
    boxes = random_boxes(2).astype(np.float32)
    np.testing.assert_allclose(model(boxes), function(boxes), rtol=1e-6)


@every_function
def test_functions_nan_stays_in_its_box(function):
    boxes = random_boxes(2)
    boxes[1] = np.nan
    result = function(boxes)
    assert np.isfinite(result[0]).all() and np.isnan(result[1]).any()


def test_functions_widen_integers_and_half_precision():
    assert xyxy_to_cxcywh([[0, 0, 1, 1]]).tolist() == [[0.5, 0.5, 1.0, 1.0]]
    half = xyxy_to_cxcywh(tf.zeros((1, 4), tf.float16))
    assert half.dtype == tf.float32
    assert xyxy_to_cxcywh(tf.constant([[0, 0, 1, 1]])).numpy().tolist() == [[0.5, 0.5, 1.0, 1.0]]


def test_prepare_boxes_brings_all_to_one_type():
    backend, single, double = box_forms.prepare_boxes(tf.zeros((1, 4)), np.zeros((1, 4)))
    assert backend is keras.ops and single.dtype == double.dtype == tf.float32


@every_function
@pytest.mark.parametrize("boxes", [np.zeros((4, 3)), np.float64(1.0), np.zeros(0)])
def test_functions_need_four_numbers(function, boxes):
    with pytest.raises(ValueError, match=r"`boxes` must be \(\.\.\., 4\)\. Received shape \("):
        function(boxes)
    with pytest.raises(ValueError, match=r"`boxes` must be \(\.\.\., 4\)\. Received shape \("):
        function(tf.constant(boxes))
