import keras
import numpy as np
import pytest
import tensorflow as tf

from config.errors import InputError
from losses.partial_cross_entropy import (
    PartialCrossEntropy,
    balance_classes,
    build_partial_loss,
    partial_cross_entropy,
)


def random_case(*shape, classes=4, seed=0):
    """Draw logits and labels, a third of them ignored."""
    draws = np.random.default_rng(seed)
    labels = draws.integers(0, classes, shape)
    labels[draws.random(shape) < 1 / 3] = 255
    return draws.normal(0, 3, (*shape, classes)).astype(np.float32), labels


def twin(logits, labels):
    logits = logits.astype(np.float64)
    probabilities = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    chosen = np.take_along_axis(probabilities, np.where(labels == 255, 0, labels)[..., None], -1)
    return np.where(labels == 255, 0, -np.log(chosen[..., 0]))


def value_and_gradient(logits, labels):
    logits = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = PartialCrossEntropy()(labels, logits)
    return float(value), tape.gradient(value, logits).numpy()


def test_partial_cross_entropy_by_hand():
    # Probabilities 1/4 and 3/4 at logits 0 and log 3.
    logits = np.array([[0, np.log(3)]] * 3, np.float32)
    losses = partial_cross_entropy(logits, np.array([0, 1, 255]))
    np.testing.assert_allclose(losses, [np.log(4), np.log(4 / 3), 0], rtol=1e-5)


@pytest.mark.parametrize("shape", [(5,), (2, 3, 7), (1, 1, 1), (0, 4, 4)])
def test_partial_cross_entropy_equals_its_twin(shape):
    logits, labels = random_case(*shape)
    losses = partial_cross_entropy(logits, labels)
    assert losses.shape == shape
    np.testing.assert_allclose(losses, twin(logits, labels), rtol=1e-4, atol=1e-5)


def test_partial_cross_entropy_takes_labels_as_floats():
    logits, labels = random_case(2, 3)
    as_floats = partial_cross_entropy(logits, labels.astype(np.float32))
    np.testing.assert_array_equal(as_floats, partial_cross_entropy(logits, labels))


def test_partial_cross_entropy_other_ignored_label():
    logits = np.zeros((2, 3), np.float32)
    losses = partial_cross_entropy(logits, np.array([0, 2]), ignore=0)
    np.testing.assert_allclose(losses, [0, np.log(3)], rtol=1e-6)


def test_partial_cross_entropy_is_finite_far_out():
    logits = np.array([[1e4, -1e4], [-1e4, 1e4]], np.float32)
    assert partial_cross_entropy(logits, np.array([0, 0])).numpy().tolist() == [0, 2e4]


def test_partial_cross_entropy_nan_stays_visible_but_not_where_ignored():
    logits = np.array([[np.nan, 0], [np.nan, 0]], np.float32)
    losses = partial_cross_entropy(logits, np.array([1, 255])).numpy()
    assert np.isnan(losses[0]) and losses[1] == 0


def test_partial_cross_entropy_in_float16_is_finite():
    logits = np.array([[30000, -30000]], np.float16)
    assert partial_cross_entropy(logits, np.array([0])).numpy() == 0


@pytest.mark.parametrize("labels", [np.zeros((2, 3, 1)), np.zeros(2), np.zeros((2, 4))])
def test_partial_cross_entropy_refuses_other_shapes(labels):
    with pytest.raises(ValueError, match="`labels` must be of the logits' shape"):
        partial_cross_entropy(np.zeros((2, 3, 5), np.float32), labels)


def test_partial_cross_entropy_id_above_the_classes_is_no_silent_loss():
    try:
        losses = partial_cross_entropy(np.zeros((1, 2), np.float32), np.array([2]))
    except tf.errors.InvalidArgumentError:  # on a CPU
        return
    assert np.isnan(losses).all()


def test_loss_is_the_mean_over_the_labelled_pixels_of_the_batch():
    logits, labels = random_case(3, 4, 5)
    labels[0] = 255
    value, _ = value_and_gradient(logits, labels)
    assert value == pytest.approx(twin(logits, labels).sum() / (labels != 255).sum(), rel=1e-5)


def test_loss_of_nothing_labelled_is_zero_without_gradient():
    logits, labels = random_case(2, 4, 5)
    value, slopes = value_and_gradient(logits, np.full_like(labels, 255))
    assert value == 0 and not slopes.any()


def test_loss_does_not_hang_on_the_ignored_area():
    logits, labels = random_case(2, 4, 5)
    wide = np.pad(logits, ((0, 0), (0, 6), (0, 0), (0, 0)), constant_values=7)
    wide_labels = np.pad(labels, ((0, 0), (0, 6), (0, 0)), constant_values=255)
    value, _ = value_and_gradient(logits, labels)
    assert value_and_gradient(wide, wide_labels)[0] == pytest.approx(value, rel=1e-6)


def test_loss_gradient_is_probability_minus_label_over_the_number():
    logits, labels = random_case(2, 3, 3)
    _, slopes = value_and_gradient(logits, labels)
    wide = logits.astype(np.float64)
    counted = labels != 255
    expected = np.exp(wide) / np.exp(wide).sum(-1, keepdims=True)
    expected = (expected - np.eye(4)[np.where(counted, labels, 0)]) / counted.sum()
    np.testing.assert_allclose(slopes, np.where(counted[..., None], expected, 0), atol=1e-5)


def test_loss_gradient_is_finite_where_an_ignored_logit_is_not():
    logits, labels = random_case(1, 2, 2)
    labels[0, 0] = [255, 1]
    logits[0, 0, 0] = np.nan
    _, slopes = value_and_gradient(logits, labels)
    assert np.isfinite(slopes).all() and not slopes[0, 0, 0].any()


def test_loss_weighs_pictures():
    # Both pictures have as many labels, so each is half of the mean; the second weighs 0.
    logits, labels = np.array([[[0, 1]], [[0, 3]]], np.float32), np.array([[1], [1]])
    weighted = PartialCrossEntropy()(labels, logits, sample_weight=np.array([1.0, 0.0]))
    assert float(weighted) == pytest.approx(np.log(1 + np.exp(-1)) / 2, rel=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_loss_in_a_graph_of_unknown_size(jit_compile):
    logits, labels = random_case(2, 3, 5)
    loss = PartialCrossEntropy()
    signature = [tf.TensorSpec([None] * 3, tf.int64), tf.TensorSpec([None, None, None, 4])]
    step = tf.function(loss, input_signature=signature, jit_compile=jit_compile)
    expected = twin(logits, labels).sum() / (labels != 255).sum()
    assert float(step(labels, logits)) == pytest.approx(expected, rel=1e-5)


def test_loss_trains_a_model():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3, 3, 2)), keras.layers.Conv2D(2, 1)])
    model.compile(keras.optimizers.SGD(0.5), PartialCrossEntropy())
    images = np.random.default_rng(0).normal(size=(8, 3, 3, 2)).astype(np.float32)
    labels = (images[..., 0] > 0).astype(np.int32)
    labels[:, 0] = 255
    history = model.fit(images, labels, epochs=8, verbose=0).history["loss"]
    assert history[-1] < 0.7 * history[0]


def test_loss_comes_back_from_its_config():
    loss = PartialCrossEntropy(ignore=0)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert type(copy) is PartialCrossEntropy and copy.get_config() == loss.get_config()


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"class_name": "Dice", "config": {}}, "`loss` must be .*Received .*Dice"),
        ("PartialCrossEntropy", "`loss` must be"),
        ({"class_name": "PartialCrossEntropy", "config": {"void": 0}}, "does not take .*void"),
    ],
)
def test_build_partial_loss_refuses_what_it_does_not_know(config, text):
    with pytest.raises(InputError, match=text):
        build_partial_loss(config)


def test_class_weights_make_a_weighted_mean():
    logits, labels = random_case(2, 5, 3)
    weights = np.array([1, 2, 0.5, 7])
    counted = np.where(labels == 255, 0, weights[np.where(labels == 255, 0, labels)])
    wanted = (twin(logits, labels) * counted).sum() / counted.sum()
    loss = PartialCrossEntropy(class_weights=weights)
    assert float(loss(labels, logits)) == pytest.approx(wanted, rel=1e-5)


def test_equal_class_weights_change_nothing():
    logits, labels = random_case(2, 5, 3)
    weighted = PartialCrossEntropy(class_weights=[0.1] * 4)(labels, logits)
    assert float(weighted) == pytest.approx(float(PartialCrossEntropy()(labels, logits)), rel=1e-5)


def test_class_weights_of_a_batch_without_labels_give_0():
    loss = PartialCrossEntropy(class_weights=[1, 2])
    assert float(loss(np.full((1, 2, 2), 255), np.ones((1, 2, 2, 2), np.float32))) == 0


def test_class_weights_are_saved():
    loss = keras.losses.deserialize(keras.losses.serialize(PartialCrossEntropy(0, [1, 2])))
    assert loss.class_weights == (1.0, 2.0) and loss.ignore == 0


@pytest.mark.parametrize("weights", [[1, 0], [1, -1], [float("nan")], []])
def test_class_weights_must_be_above_0(weights):
    with pytest.raises(InputError, match="`class_weights` must be a finite number above 0"):
        PartialCrossEntropy(class_weights=weights)


@pytest.mark.parametrize(
    ("power", "wanted"),
    # Shares .8 and .2: at power 1 each label weighs in with half of the pixels' mean of 1.
    [(0, [1, 1]), (1, [0.5 / 0.8, 0.5 / 0.2])],
)
def test_balance_classes_by_hand(power, wanted):
    assert balance_classes([8, 2], power=power) == pytest.approx(wanted)


def test_balance_classes_without_pixels_weighs_alike():
    assert balance_classes([0, 0], power=0.5) == (1.0, 1.0)
