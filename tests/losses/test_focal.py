import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from losses.focal import (
    CategoricalFocalLoss,
    PublishedFocalLoss,
    SigmoidFocalLoss,
    categorical_focal_loss,
    published_focal_loss,
    sigmoid_focal_loss,
)

SOFTMAX_LOSSES = {
    "categorical": (categorical_focal_loss, CategoricalFocalLoss),
    "published": (published_focal_loss, PublishedFocalLoss),
}
every_softmax_loss = pytest.mark.parametrize(
    "function, loss_class", SOFTMAX_LOSSES.values(), ids=SOFTMAX_LOSSES
)


def random_case(*shape):
    draws = np.random.default_rng(0)
    return draws.normal(0, 3, shape).astype(np.float32), draws.integers(0, 2, shape)


def gradient(logits, labels, function=sigmoid_focal_loss, **options):
    logits = tf.constant(logits, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        total = tf.reduce_sum(function(logits, labels, **options))
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


def one_hot_case(number, num_classes, seed=0):
    draws = np.random.default_rng(seed)
    logits = draws.normal(0, 3, (number, num_classes)).astype(np.float32)
    return logits, np.eye(num_classes, dtype=np.float32)[draws.integers(0, num_classes, number)]


def softmax(logits):
    shares = np.exp(logits.astype(np.float64) - logits.max(-1, keepdims=True))
    return shares / shares.sum(-1, keepdims=True)


def test_categorical_focal_loss_by_hand():
    # p = .8 and .2 at logits log 4 and 0. The first is true: .25 * .2^2 * -log .8; the second:
    # .25 * .8^2 * -log .2.
    logits = np.array([[math.log(4), 0.0]] * 2)
    loss = categorical_focal_loss(logits, np.eye(2))
    np.testing.assert_allclose(loss, [0.00223144, 0.257510], rtol=1e-5)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 5.0])
@pytest.mark.parametrize("alpha", [0.25, 1.0, [0.1, 0.2, 0.7]])
def test_categorical_focal_loss_equals_keras(alpha, gamma):
    logits, labels = one_hot_case(40, 3)
    theirs = keras.losses.CategoricalFocalCrossentropy(
        alpha=alpha, gamma=gamma, from_logits=True, reduction="none"
    )
    loss = categorical_focal_loss(logits, labels, alpha=alpha, gamma=gamma)
    np.testing.assert_allclose(loss, theirs(labels, logits), rtol=1e-3, atol=1e-6)


def test_categorical_focal_loss_without_focus_is_cross_entropy():
    logits, labels = one_hot_case(30, 5)
    expected = -np.log((softmax(logits) * labels).sum(-1))
    loss = categorical_focal_loss(logits, labels, alpha=None, gamma=0.0)
    np.testing.assert_allclose(loss, expected, rtol=1e-4)


def test_categorical_focal_loss_soft_labels_mix():
    # p = .5 each: .5^2 log 2 for every label, so .3 + .7 of it.
    loss = categorical_focal_loss(np.zeros((1, 2)), np.array([[0.3, 0.7]]), alpha=None)
    np.testing.assert_allclose(loss, [0.25 * math.log(2)], rtol=1e-6)


def test_published_focal_loss_by_hand():
    # p^ = (.8, .2), true class 1: .9 * .2^2 * -log .8 + .1 * .2^2 * -log .8, over 2 classes;
    # true class 2: .9 * .8^2 * -log .2 + .1 * .8^2 * -log .2.
    logits = np.array([[math.log(4), 0.0]] * 2)
    expected = [0.04 * -math.log(0.8) / 2, 0.64 * -math.log(0.2) / 2]
    np.testing.assert_allclose(published_focal_loss(logits, np.eye(2)), expected, rtol=1e-5)


@pytest.mark.parametrize("num_classes", [2, 3, 37])
@pytest.mark.parametrize("soft", [False, True])
def test_published_focal_loss_equals_its_formula(num_classes, soft):
    # -(0.9 (1 - p^)^2 p log p^ + 0.1 p^^2 (1 - p) log(1 - p^)), the mean over the classes.
    logits, p = one_hot_case(20, num_classes)
    p = 0.9 * p + 0.1 / num_classes if soft else p
    q = softmax(logits)
    terms = 0.9 * (1 - q) ** 2 * p * np.log(q) + 0.1 * q**2 * (1 - p) * np.log(1 - q)
    expected = -terms.mean(-1)
    np.testing.assert_allclose(published_focal_loss(logits, p), expected, rtol=2e-4, atol=1e-7)


def test_published_focal_loss_of_two_classes_is_the_sigmoid_loss_of_their_difference():
    logits, labels = one_hot_case(20, 2)
    difference = logits[:, :1] - logits[:, 1:]
    both = np.concatenate([difference, -difference], 1)
    expected = np.mean(sigmoid_focal_loss(both, labels, alpha=0.9, gamma=2.0), -1)
    np.testing.assert_allclose(published_focal_loss(logits, labels), expected, rtol=1e-5)


def test_published_focal_loss_is_linear_where_it_is_wrong():
    # Logits (1000, 0), class 2 true: p^ = (1, 0), so .9 * 1000 + .1 * 1000 over 2 classes.
    loss = published_focal_loss(np.array([[1e3, 0.0]]), np.array([[0.0, 1.0]]))
    np.testing.assert_allclose(loss, [500.0])


@every_softmax_loss
@pytest.mark.parametrize("gamma", [0.0, 0.01, 0.5, 2.0])
@pytest.mark.parametrize("logit", [-1e4, -100.0, -20.0, 0.0, 20.0, 100.0, 1e4])
def test_softmax_losses_are_finite_far_out(function, loss_class, gamma, logit):
    logits = np.array([[logit, 0.0, 1.0]] * 3, np.float32)
    loss = function(logits, np.eye(3), gamma=gamma).numpy()
    assert np.isfinite(loss).all() and (loss >= 0).all()
    assert np.isfinite(gradient(logits, np.eye(3), function, gamma=gamma)).all()


@every_softmax_loss
def test_softmax_losses_gradient_points_to_the_label(function, loss_class):
    slopes = gradient([[0.1, 0.2, 0.3]], np.array([[0.0, 1.0, 0.0]]), function)[0]
    assert slopes[1] < 0 < slopes[0] and slopes[2] > 0
    assert slopes.sum() == pytest.approx(0, abs=1e-6)  # A softmax does not see a common shift.


@every_softmax_loss
def test_softmax_losses_gradient_equals_finite_differences(function, loss_class):
    logits, labels = one_hot_case(4, 3)
    slopes, wide = gradient(logits, labels, function), logits.astype(np.float64)
    for k in range(3):
        step = 1e-4 * np.eye(3)[k]
        expected = (function(wide + step, labels) - function(wide - step, labels)) / 2e-4
        np.testing.assert_allclose(slopes[:, k], expected, atol=1e-3)


@every_softmax_loss
def test_softmax_losses_mask_gives_zero_and_no_gradient(function, loss_class):
    logits, labels = one_hot_case(3, 4)
    logits[1] = np.nan
    where = np.array([True, False, True])
    loss = function(logits, labels, where=where).numpy()
    assert loss[1] == 0 and (loss[[0, 2]] > 0).all()
    slopes = gradient(logits, labels, function, where=where)
    assert np.isfinite(slopes).all() and not slopes[1].any()
    assert not function(logits, labels, where=np.zeros(3, bool)).numpy().any()
    assert np.isnan(function(logits, labels)).tolist() == [False, True, False]


@every_softmax_loss
@pytest.mark.parametrize("shape", [(0, 3), (1, 2), (2, 4, 3)])
def test_softmax_losses_give_one_value_per_sample(function, loss_class, shape):
    assert function(np.zeros(shape), np.zeros(shape)).shape == shape[:-1]


@every_softmax_loss
def test_softmax_loss_classes_average_and_come_back(function, loss_class):
    logits, labels = one_hot_case(6, 3)
    loss = loss_class(alpha=0.6, gamma=1.5)
    expected = np.mean(function(logits, labels, alpha=0.6, gamma=1.5))
    np.testing.assert_allclose(loss(labels, logits), expected, rtol=1e-5)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert type(copy) is loss_class and copy.get_config() == loss.get_config()


@pytest.mark.parametrize("make", [SigmoidFocalLoss, CategoricalFocalLoss, PublishedFocalLoss])
def test_focal_loss_classes_bad_arguments(make):
    with pytest.raises(ValueError, match="`gamma` must be at least 0. Received -1"):
        make(gamma=-1)
    with pytest.raises(ValueError, match="`alpha` must be .* Received -0.5"):
        make(alpha=-0.5)


def test_categorical_focal_loss_bad_weight_of_one_class():
    with pytest.raises(ValueError, match="`alpha` must be at least 0"):
        categorical_focal_loss(np.zeros((1, 2)), np.zeros((1, 2)), alpha=[0.5, -1])


def test_published_focal_loss_needs_two_classes():
    with pytest.raises(ValueError, match="K at least 2. Received K = 1"):
        published_focal_loss(np.zeros((1, 1)), np.ones((1, 1)))
