import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from losses.focal import SigmoidFocalLoss, sigmoid_focal_loss


def random_case(*shape):
    draws = np.random.default_rng(0)
    return draws.normal(0, 3, shape).astype(np.float32), draws.integers(0, 2, shape)


def gradient(logits, labels, **options):
    logits = tf.constant(logits, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        total = tf.reduce_sum(sigmoid_focal_loss(logits, labels, **options))
    return tape.gradient(total, logits).numpy()


def test_sigmoid_focal_loss_by_hand():
    # p = .8 at logit log 4. Label 1: .25 * .2^2 * -log .8 = .00223144;
    # label 0: .75 * .8^2 * -log .2 = .772530.
    loss = sigmoid_focal_loss(np.full(2, math.log(4)), np.array([1, 0]), alpha=0.25, gamma=2.0)
    np.testing.assert_allclose(loss, [0.00223144, 0.772530], rtol=1e-5)


def test_sigmoid_focal_loss_without_focus_is_cross_entropy():
    logits, labels = random_case(50)
    p = 1 / (1 + np.exp(-logits.astype(np.float64)))
    expected = -(labels * np.log(p) + (1 - labels) * np.log(1 - p))
    loss = sigmoid_focal_loss(logits, labels, alpha=None, gamma=0.0)
    np.testing.assert_allclose(loss, expected, rtol=1e-4)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 5.0])
@pytest.mark.parametrize("alpha", [None, 0.0, 0.25, 1.0])
def test_sigmoid_focal_loss_equals_keras(alpha, gamma):
    logits, labels = random_case(40, 3)
    theirs = keras.losses.BinaryFocalCrossentropy(
        apply_class_balancing=alpha is not None,
        alpha=alpha or 0.0,
        gamma=gamma,
        from_logits=True,
        reduction="none",
    )
    expected = theirs(labels.astype(np.float32), logits)  # The mean over the last axis.
    loss = sigmoid_focal_loss(logits, labels, alpha=alpha, gamma=gamma)
    np.testing.assert_allclose(np.mean(loss, -1), expected, rtol=1e-3, atol=1e-6)


def test_sigmoid_focal_loss_soft_labels_mix_both_terms():
    # Logit 0: p = .5, 1 - p_t = .5 for any label, cross-entropy log 2.
    loss = sigmoid_focal_loss(np.zeros(1), np.array([0.3]), alpha=None, gamma=2.0)
    np.testing.assert_allclose(loss, [0.25 * math.log(2)], rtol=1e-6)


@pytest.mark.parametrize("gamma", [0.0, 0.01, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("logit", [-1e4, -100.0, -50.0, 0.0, 50.0, 100.0, 1e4])
def test_sigmoid_focal_loss_is_finite_far_out(gamma, logit):
    labels = np.array([0.0, 1.0])
    loss = sigmoid_focal_loss(np.full(2, logit, np.float32), labels, gamma=gamma).numpy()
    assert np.isfinite(loss).all() and (loss >= 0).all()
    assert np.isfinite(gradient(np.full(2, logit), labels, gamma=gamma)).all()


def test_sigmoid_focal_loss_is_linear_where_it_is_wrong():
    # Label 1 at logit -1000: alpha * 1 * 1000.
    assert sigmoid_focal_loss(np.array([-1e3]), np.array([1.0])).numpy().tolist() == [250.0]


def test_sigmoid_focal_loss_gradient_points_to_the_label():
    slopes = gradient([0.3, 0.3], np.array([1.0, 0.0]))
    assert slopes[0] < 0 < slopes[1]


def test_sigmoid_focal_loss_gradient_equals_finite_differences():
    logits, labels = random_case(10)
    slopes = gradient(logits, labels)
    wide = logits.astype(np.float64)
    step = 1e-4
    above, below = (sigmoid_focal_loss(wide + s, labels).numpy() for s in (step, -step))
    np.testing.assert_allclose(slopes, (above - below) / (2 * step), atol=1e-3)


def test_sigmoid_focal_loss_mask_gives_zero_and_no_gradient():
    logits, labels = np.array([np.nan, 1.0]), np.array([1.0, 1.0])
    where = np.array([False, True])
    assert sigmoid_focal_loss(logits, labels, where=where).numpy()[0] == 0
    assert gradient(logits, labels, where=where)[0] == 0
    nothing = sigmoid_focal_loss(logits, labels, where=np.zeros(2, bool))
    assert nothing.numpy().tolist() == [0.0, 0.0]


def test_sigmoid_focal_loss_nan_stays_visible():
    assert np.isnan(sigmoid_focal_loss(np.array([np.nan, 0.0]), np.ones(2))).tolist() == [
        True,
        False,
    ]


@pytest.mark.parametrize("shape", [(0,), (1,), (2, 3, 4)])
def test_sigmoid_focal_loss_keeps_the_shape(shape):
    logits, labels = random_case(*shape)
    assert sigmoid_focal_loss(logits, labels).shape == shape


@pytest.mark.parametrize(
    "options, match", [({"gamma": -1}, "`gamma` must be at least 0"), ({"alpha": 1.5}, "`alpha`")]
)
def test_sigmoid_focal_loss_bad_arguments(options, match):
    with pytest.raises(ValueError, match=match):
        sigmoid_focal_loss(np.zeros(1), np.zeros(1), **options)


def test_sigmoid_focal_loss_class_averages_all_elements():
    logits, labels = random_case(4, 3)
    expected = np.mean(sigmoid_focal_loss(logits, labels, alpha=0.5, gamma=1.0))
    loss = SigmoidFocalLoss(alpha=0.5, gamma=1.0)
    np.testing.assert_allclose(loss(labels, logits), expected, rtol=1e-6)


def test_sigmoid_focal_loss_class_comes_back_from_its_config():
    loss = SigmoidFocalLoss(alpha=None, gamma=1.5)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert type(copy) is SigmoidFocalLoss and copy.get_config() == loss.get_config()
