import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from losses.mask import MaskLoss, mask_loss

EPSILON = 1e-7
every_axis = pytest.mark.parametrize("axis", ["pixel", "image"])


def random_case(*shape):
    draws = np.random.default_rng(0)
    logits = draws.normal(0, 3, (*shape, 1)).astype(np.float32)
    return logits, (draws.random((*shape, 1)) > 0.6).astype(np.float32)


def gradient(logits, masks, **options):
    logits = tf.constant(logits, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        total = tf.reduce_sum(mask_loss(logits, masks, **options))
    return tape.gradient(total, logits).numpy()


def twin(logits, masks, axis):
    """Compute the published formula on probabilities, in double precision."""
    p, y = 1 / (1 + np.exp(-logits.astype(np.float64)))[..., 0], masks[..., 0].astype(np.float64)
    entropy = -(y * np.log(p) + (1 - y) * np.log(1 - p))
    if axis == "pixel":
        return entropy - np.log(2 * y * p / (y + p + EPSILON) + EPSILON)
    shared, total = (y * p).sum((1, 2)), (y + p).sum((1, 2))
    return entropy.mean((1, 2)) - np.log(2 * shared / (total + EPSILON) + EPSILON)


def test_mask_loss_pixel_by_hand():
    # p = .8 at logit log 4. In the object: -log .8 - log(1.6 / 1.8) = .223144 + .117783;
    # outside: -log .2 - log(1e-7) = 1.609438 + 16.118096.
    logits = np.full((1, 1, 2, 1), math.log(4))
    loss = mask_loss(logits, np.array([[[[1.0], [0.0]]]]), axis="pixel")
    assert loss.shape == (1, 1, 2)
    np.testing.assert_allclose(loss[0, 0], [0.340927, 17.727534], rtol=1e-5)


def test_mask_loss_image_by_hand():
    # p = .8 everywhere, half of 4 pixels: BCE (.223144 + 1.609438) / 2, Dice 2 * 1.6 / (2 + 3.2).
    logits = np.full((1, 2, 2, 1), math.log(4))
    masks = np.array([[[[1.0], [0.0]], [[1.0], [0.0]]]])
    loss = mask_loss(logits, masks, axis="image")
    np.testing.assert_allclose(loss, [0.916291 - math.log(3.2 / 5.2)], rtol=1e-5)


@every_axis
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 28, 28), (2, 5, 9)])
def test_mask_loss_equals_its_formula(axis, shape):
    logits, masks = random_case(*shape)
    loss = mask_loss(logits, masks, axis=axis)
    assert loss.shape == (shape if axis == "pixel" else shape[:1])
    np.testing.assert_allclose(loss, twin(logits, masks, axis), rtol=1e-4, atol=1e-5)


def test_mask_loss_pixel_equals_keras_cross_entropy_less_log_dice():
    logits, masks = random_case(2, 6, 6)
    entropy = keras.losses.binary_crossentropy(masks, tf.sigmoid(logits))  # (B, H, W)
    dice = 2 * masks * tf.sigmoid(logits) / (masks + tf.sigmoid(logits) + EPSILON)
    expected = entropy - tf.math.log(dice[..., 0] + EPSILON)
    loss = mask_loss(logits, masks, axis="pixel")
    np.testing.assert_allclose(loss, expected, rtol=1e-3, atol=1e-5)


def test_mask_loss_pixel_dice_gives_the_background_no_gradient():
    # Only cross-entropy is left: d/dz softplus(z) = p.
    logits = np.array([[[[0.0], [2.0]]]])
    slopes = gradient(logits, np.zeros((1, 1, 2, 1)), axis="pixel").ravel()
    np.testing.assert_allclose(slopes, [0.5, 1 / (1 + math.exp(-2))], rtol=1e-5)


@every_axis
def test_mask_loss_gradient_points_to_the_mask(axis):
    masks = np.zeros((1, 4, 4, 1))
    masks[:, 1:3, 1:3] = 1
    slopes = gradient(np.zeros((1, 4, 4, 1)), masks, axis=axis)
    assert (slopes[masks == 1] < 0).all() and (slopes[masks == 0] > 0).all()


@every_axis
@pytest.mark.parametrize("logit", [-1e4, -90.0, -20.0, 20.0, 90.0, 1e4])
@pytest.mark.parametrize("fill", [0.0, 1.0])
def test_mask_loss_is_finite_far_out(axis, logit, fill):
    logits, masks = np.full((2, 3, 3, 1), logit, np.float32), np.full((2, 3, 3, 1), fill)
    assert np.isfinite(mask_loss(logits, masks, axis=axis)).all()
    assert np.isfinite(gradient(logits, masks, axis=axis)).all()


@every_axis
def test_mask_loss_gradient_does_not_die_where_it_is_wrong(axis):
    # Logit -50 in the object: cross-entropy still pulls with slope -1 per pixel, or -1 / 4 of 4.
    slopes = gradient(np.full((1, 2, 2, 1), -50.0), np.ones((1, 2, 2, 1)), axis=axis)
    np.testing.assert_allclose(slopes, -1 if axis == "pixel" else -0.25, rtol=1e-5)


@every_axis
def test_mask_loss_of_a_perfect_mask_is_zero_in_the_object(axis):
    masks = random_case(2, 4, 4)[1]
    loss = mask_loss(60 * (masks - 0.5), masks, axis=axis).numpy()
    np.testing.assert_allclose(loss if axis == "image" else loss[masks[..., 0] == 1], 0, atol=1e-6)


def test_mask_loss_without_an_object_is_constant_beside_cross_entropy():
    # Dice 0: log 2 + 16.118096.
    loss = mask_loss(np.zeros((1, 3, 3, 1)), np.zeros((1, 3, 3, 1)))
    np.testing.assert_allclose(loss, [math.log(2) - math.log(1e-7)], rtol=1e-6)


@every_axis
def test_mask_loss_masked_pixels_are_as_if_absent(axis):
    logits, masks = random_case(2, 4, 6)
    where = np.ones((2, 4, 6), bool)
    where[:, 3:] = False
    cut = mask_loss(logits[:, :3], masks[:, :3], axis=axis).numpy()
    logits[:, 3:] = np.nan
    loss = mask_loss(logits, masks, axis=axis, where=where).numpy()
    np.testing.assert_allclose(loss if axis == "image" else loss[:, :3], cut, rtol=1e-5)
    slopes = gradient(logits, masks, axis=axis, where=where)
    assert np.isfinite(slopes).all() and not slopes[:, 3:].any()
    assert axis == "image" or not loss[:, 3:].any()


@every_axis
def test_mask_loss_all_masked_gives_zero(axis):
    logits, masks = random_case(2, 3, 3)
    where = np.zeros((2, 3, 3), bool)
    assert not mask_loss(logits, masks, axis=axis, where=where).numpy().any()
    assert not gradient(logits, masks, axis=axis, where=where).any()


@every_axis
def test_mask_loss_nan_stays_in_its_picture(axis):
    logits, masks = random_case(2, 3, 3)
    logits[1, 0, 0] = np.nan
    loss = mask_loss(logits, masks, axis=axis).numpy()
    assert np.isfinite(loss[0]).all() and np.isnan(loss[1]).any()


@every_axis
def test_mask_loss_of_no_picture(axis):
    assert mask_loss(np.zeros((0, 4, 4, 1)), np.zeros((0, 4, 4, 1)), axis=axis).shape[0] == 0


@every_axis
def test_mask_loss_class_averages_and_comes_back(axis):
    logits, masks = random_case(3, 4, 5)
    loss = MaskLoss(axis=axis)
    expected = np.mean(mask_loss(logits, masks, axis=axis))
    np.testing.assert_allclose(loss(masks, logits), expected, rtol=1e-5)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert type(copy) is MaskLoss and copy.get_config() == loss.get_config()


@pytest.mark.parametrize("shape", [(4, 4, 1), (2, 4, 4), (2, 4, 4, 2)])
def test_mask_loss_bad_shape(shape):
    with pytest.raises(ValueError, match=r"`logits` and `masks` must be \(B, H, W, 1\)"):
        mask_loss(np.zeros(shape), np.zeros(shape))


def test_mask_loss_unknown_axis():
    with pytest.raises(ValueError, match="`axis` must be one of pixel, image. Received -1"):
        mask_loss(np.zeros((1, 1, 1, 1)), np.zeros((1, 1, 1, 1)), axis=-1)
    with pytest.raises(ValueError, match="Received 'batch'"):
        MaskLoss(axis="batch")
