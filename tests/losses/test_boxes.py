import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from losses.boxes import (
    IoULoss,
    LogSquaredLoss,
    SmoothL1Loss,
    iou_loss,
    log_squared_loss,
    smooth_l1_loss,
)
from ops.boxes import ciou, diou, giou, iou

KINDS = {"iou": iou, "giou": giou, "diou": diou, "ciou": ciou}
LOSSES = {
    "log_squared": log_squared_loss,
    "smooth_l1": lambda boxes, true, where=None: smooth_l1_loss(boxes, true, beta=0.2, where=where),
    **{
        kind: lambda boxes, true, where=None, kind=kind: iou_loss(
            boxes, true, kind=kind, where=where
        )
        for kind in KINDS
    },
}
every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
WHOLE = [0.0, 0.0, 1.0, 1.0]


def random_boxes(number, seed=0):
    corners = np.random.default_rng(seed).random((number, 2, 2))
    return np.sort(corners, axis=1).reshape(-1, 4).astype(np.float32)


def gradient(loss, boxes, true, where=None):
    boxes = tf.constant(boxes, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(boxes)
        total = tf.reduce_sum(loss(boxes, true, where=where))
    return tape.gradient(total, boxes).numpy()


def test_log_squared_loss_by_hand():
    # Differences 0, 1, 2, 3: (log 1 + log 2 + log 5 + log 10) / 4 = log 100 / 4.
    loss = log_squared_loss(np.array([[0.0, 1.0, 2.0, 3.0]]), np.zeros((1, 4)))
    np.testing.assert_allclose(loss, [math.log(100) / 4], rtol=1e-6)


def test_log_squared_loss_equals_numpy():
    boxes, true = 96 * random_boxes(30), 96 * random_boxes(30, seed=1)
    expected = np.log(1 + (boxes.astype(np.float64) - true) ** 2).mean(-1)
    np.testing.assert_allclose(log_squared_loss(boxes, true), expected, rtol=1e-4)


def test_log_squared_loss_slope_is_largest_at_one_and_falls_beyond():
    # 2 d / (1 + d^2) / 4 at 0, 1, 3, 1000: 0, 1/4, .15, .0005.
    slopes = gradient(log_squared_loss, [[0.0, 1.0, 3.0, 1000.0]], np.zeros((1, 4)))[0]
    np.testing.assert_allclose(slopes, [0, 0.25, 0.15, 0.0005], rtol=1e-4)


def test_smooth_l1_loss_by_hand():
    # beta 2: d = 1 -> 1 / 4; d = 2 -> 4 / 4 = 1; d = -5 -> 5 - 1 = 4; mean with 0: 5.25 / 4.
    loss = smooth_l1_loss(np.array([[0.0, 1.0, 2.0, -5.0]]), np.zeros((1, 4)), beta=2.0)
    assert loss.numpy().tolist() == [1.3125]


@pytest.mark.parametrize("beta", [0.01, 0.3, 1.0, 4.0])
def test_smooth_l1_loss_is_huber_over_beta(beta):
    boxes, true = 3 * random_boxes(30), random_boxes(30, seed=1)
    huber = keras.losses.Huber(delta=beta, reduction="none")(true, boxes)
    loss = smooth_l1_loss(boxes, true, beta=beta)
    np.testing.assert_allclose(loss, huber / beta, rtol=1e-4, atol=1e-6)


def test_smooth_l1_loss_with_a_small_beta_is_the_absolute_error():
    boxes, true = random_boxes(30), random_boxes(30, seed=1)
    loss = smooth_l1_loss(boxes, true, beta=1e-7)
    np.testing.assert_allclose(loss, np.abs(boxes - true).mean(-1), atol=1e-6)


def test_smooth_l1_loss_slope_is_one_far_out():
    slopes = gradient(LOSSES["smooth_l1"], [[5.0, -5.0, 0.1, 0.0]], np.zeros((1, 4)))[0]
    np.testing.assert_allclose(slopes, [0.25, -0.25, 0.125, 0], rtol=1e-6)  # .1 / .2 / 4


@pytest.mark.parametrize("kind", KINDS)
def test_iou_loss_is_one_minus_the_overlap(kind):
    boxes, true = random_boxes(30), random_boxes(30, seed=1)
    expected = 1 - KINDS[kind](boxes.astype(np.float64), true.astype(np.float64))
    np.testing.assert_allclose(iou_loss(boxes, true, kind=kind), expected, rtol=1e-4, atol=1e-5)


def test_iou_loss_by_hand():
    # Unit squares with a gap of 2: IoU 0, hull 4 x 1 with 2 uncovered, centres 3 apart, squared
    # diagonal 17, equal shapes.
    left, right = np.array([WHOLE]), np.array([[3.0, 0.0, 4.0, 1.0]])
    values = [float(iou_loss(left, right, kind=kind)[0]) for kind in KINDS]
    np.testing.assert_allclose(values, [1, 1.5, 1 + 9 / 17, 1 + 9 / 17])


@pytest.mark.parametrize("kind", ["giou", "diou", "ciou"])
def test_iou_loss_finds_a_box_that_it_does_not_overlap(kind):
    boxes = tf.Variable([[0.0, 0.0, 0.1, 0.1]])
    true = np.array([[0.4, 0.5, 0.8, 0.7]], np.float32)

    @tf.function
    def descend():
        for _ in tf.range(400):
            with tf.GradientTape() as tape:
                loss = iou_loss(boxes, true, kind=kind)
            boxes.assign_sub(0.01 * tf.math.l2_normalize(tape.gradient(loss, boxes)))

    descend()
    assert iou(boxes.numpy(), true)[0] > 0.85


@every_loss
def test_losses_of_equal_boxes_are_zero_with_a_finite_gradient(loss):
    boxes = random_boxes(5)
    np.testing.assert_allclose(loss(boxes, boxes), 0, atol=1e-6)
    assert np.isfinite(gradient(loss, boxes, boxes)).all()


@every_loss
@pytest.mark.parametrize("box", [[0.3] * 4, [0.2, 0.0, 0.2, 1.0], [0.9, 0.9, 0.1, 0.1], WHOLE])
@pytest.mark.parametrize("true", [WHOLE, [0.3] * 4, [0.0, 0.0, 0.1, 0.1]])
def test_losses_gradient_is_finite_for_degenerate_boxes(loss, box, true):
    boxes, true = np.array([box], np.float32), np.array([true], np.float32)
    assert np.isfinite(loss(boxes, true)).all() and np.isfinite(gradient(loss, boxes, true)).all()


@every_loss
def test_losses_gradient_shrinks_a_box_that_is_too_large(loss):
    slopes = gradient(loss, [WHOLE], [[0.25, 0.25, 0.75, 0.75]])[0]
    assert (slopes[:2] < 0).all() and (slopes[2:] > 0).all()  # Down the slope: x0 up, x1 down.


@every_loss
def test_losses_masked_box_counts_nothing(loss):
    boxes, true, where = random_boxes(3), random_boxes(3, seed=1), np.array([True, False, True])
    whole = loss(boxes, true).numpy()
    boxes[1] = np.nan
    masked = loss(boxes, true, where=where).numpy()
    np.testing.assert_allclose(masked, whole * where)
    slopes = gradient(loss, boxes, true, where)
    assert np.isfinite(slopes).all() and not slopes[1].any()
    assert loss(boxes, true, where=np.zeros(3, bool)).numpy().tolist() == [0, 0, 0]


@every_loss
def test_losses_nan_stays_in_its_box(loss):
    boxes = random_boxes(3)
    boxes[1, 2] = np.nan
    assert np.isnan(loss(boxes, random_boxes(3, seed=1))).tolist() == [False, True, False]


@every_loss
@pytest.mark.parametrize("shape", [(0, 4), (1, 4), (2, 3, 4)])
def test_losses_give_one_value_per_box(loss, shape):
    assert loss(np.zeros(shape), np.ones(shape)).shape == shape[:-1]


@every_loss
@pytest.mark.parametrize("wrong", [0, 1])
def test_losses_need_four_numbers(loss, wrong):
    arrays = [np.zeros((2, 4)), np.zeros((2, 4))]
    arrays[wrong] = np.zeros((2, 5))
    with pytest.raises(ValueError, match=r"must be \(\.\.\., 4\). Received shape \(2, 5\)"):
        loss(*arrays)


CLASSES = {
    "log_squared": (LogSquaredLoss(), log_squared_loss),
    "smooth_l1": (SmoothL1Loss(beta=0.2), LOSSES["smooth_l1"]),
    "iou": (IoULoss("iou"), LOSSES["iou"]),
    "ciou": (IoULoss("ciou"), LOSSES["ciou"]),
    "iou and distance": (
        IoULoss("iou", distance=3.0),
        lambda boxes, true: (
            LOSSES["iou"](boxes, true) + 3 * np.abs(np.subtract(boxes, true)).mean(-1)
        ),
    ),
}
every_class = pytest.mark.parametrize("loss, function", CLASSES.values(), ids=CLASSES)


@every_class
def test_loss_classes_average_their_function(loss, function):
    boxes, true = random_boxes(7), random_boxes(7, seed=1)
    np.testing.assert_allclose(loss(true, boxes), np.mean(function(boxes, true)), rtol=1e-5)


@every_class
def test_loss_classes_come_back_from_their_config(loss, function):
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert type(copy) is type(loss) and copy.get_config() == loss.get_config()


def test_loss_class_trains_a_model():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(4, use_bias=False)])
    model.set_weights([np.array([[0.1, 0.1, 0.6, 0.6]])])
    model.compile(keras.optimizers.SGD(0.05), IoULoss("ciou"))
    true = np.array([[0.2, 0.2, 0.9, 0.9]] * 4)
    history = model.fit(np.ones((4, 1)), true, epochs=5, verbose=0).history["loss"]
    assert history[-1] < history[0]


@pytest.mark.parametrize("beta", [0, -1.0, float("nan")])
def test_smooth_l1_loss_beta_must_be_positive(beta):
    for make in (
        lambda: SmoothL1Loss(beta=beta),
        lambda: smooth_l1_loss(np.zeros((1, 4)), np.zeros((1, 4)), beta=beta),
    ):
        with pytest.raises(ValueError, match="`beta` must be positive"):
            make()


def test_iou_loss_unknown_kind():
    for make in (
        lambda: IoULoss("eiou"),
        lambda: iou_loss(np.zeros((1, 4)), np.zeros((1, 4)), kind="eiou"),
    ):
        with pytest.raises(ValueError, match="one of iou, giou, diou, ciou. Received 'eiou'"):
            make()


def test_iou_loss_distance_by_hand():
    # Half of the true box: IoU 1 / 2; one of four numbers is off by .5, so .125 on average.
    left, whole = np.array([[0.0, 0.0, 0.5, 1.0]]), np.array([[0.0, 0.0, 1.0, 1.0]])
    assert float(IoULoss("iou", distance=2.0)(whole, left)) == pytest.approx(0.5 + 2 * 0.125)


@pytest.mark.parametrize("distance", [-1.0, float("nan")])
def test_iou_loss_distance_must_be_a_weight(distance):
    with pytest.raises(ValueError, match="`distance` must be a weight of at least 0"):
        IoULoss(distance=distance)
