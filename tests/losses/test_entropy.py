import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import entropy

from losses.entropy import pixel_entropy_loss


def test_pixel_entropy_loss_is_scipys_in_bits():
    logits = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype(np.float32)
    shares = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    np.testing.assert_allclose(pixel_entropy_loss(logits), entropy(shares, base=2, axis=-1), 1e-4)


@pytest.mark.parametrize("num_regions", [1, 2, 8])
def test_pixel_entropy_loss_of_the_undecided_is_the_number_of_bits(num_regions):
    loss = pixel_entropy_loss(np.zeros((1, num_regions), np.float32))
    np.testing.assert_allclose(loss, [np.log2(num_regions)], atol=1e-6)


def test_pixel_entropy_loss_has_a_finite_gradient_where_it_is_sure():
    logits = tf.constant([[1e4, -1e4], [0.2, 0.0]])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        losses = pixel_entropy_loss(logits)
    slopes = tape.gradient(losses, logits).numpy()
    assert float(losses[0]) == 0 and np.isfinite(slopes).all()
    assert slopes[1, 0] < 0 < slopes[1, 1]  # what is likelier becomes still likelier


def test_pixel_entropy_loss_shows_a_nan_and_takes_half_precision():
    losses = pixel_entropy_loss(tf.constant([[np.nan, 0], [0, 0]], tf.float16))
    assert losses.dtype == tf.float32
    assert np.isnan(losses[0]) and float(losses[1]) == 1
