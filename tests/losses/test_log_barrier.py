import numpy as np
import pytest
import tensorflow as tf

from losses.log_barrier import extended_log_barrier

# psi by hand: t = 1 joins at -1 with value 0, t = 2 at -1/4 with log(4) / 2, and so on.
GOLDEN = [(1, -2, -0.693147), (1, -1, 0), (1, 0, 1), (1, 0.5, 1.5), (2, -0.25, 0.693147)]
GOLDEN += [(2, 0, 1.193147), (10, 0, 0.560517)]


def slopes_of(values, sharpness):
    values = tf.constant(values, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(values)
        total = tf.reduce_sum(extended_log_barrier(values, sharpness=sharpness))
    return tape.gradient(total, values).numpy()


@pytest.mark.parametrize(("sharpness", "value", "expected"), GOLDEN)
def test_extended_log_barrier_of_the_specification(sharpness, value, expected):
    loss = extended_log_barrier(np.float32([value]), sharpness=sharpness)
    np.testing.assert_allclose(loss, [expected], atol=1e-6)


@pytest.mark.parametrize("sharpness", [1.0, 2.5, 10.0])
def test_extended_log_barrier_is_smooth_where_it_changes(sharpness):
    bound = -1 / sharpness**2
    below, above = bound * 1.0001, bound * 0.9999
    left, right = extended_log_barrier(np.float32([below, above]), sharpness=sharpness).numpy()
    assert left == pytest.approx(right, abs=1e-3)
    # -1 / (t f) = t at f = -1 / t^2
    np.testing.assert_allclose(slopes_of([below, above], sharpness), sharpness, rtol=1e-3)


def test_extended_log_barrier_slope_by_hand():
    # -1 / (t f) inside: 1/2 at -2 with t = 1; t outside, however far.
    np.testing.assert_allclose(slopes_of([-2, -50176, 3, 50176], 1.0), [0.5, 1 / 50176, 1, 1])


def test_extended_log_barrier_shows_nan_and_stays_finite_beside_it():
    losses = extended_log_barrier(np.float32([np.nan, -1, 5]), sharpness=1.0).numpy()
    assert np.isnan(losses).tolist() == [True, False, False]
    assert np.isfinite(slopes_of([0.0, -1.0, -1e-30, 1e30], 10.0)).all()


def test_extended_log_barrier_takes_a_variable_and_half_precision():
    sharpness = tf.Variable(2.0)
    loss = extended_log_barrier(tf.constant([0.0], tf.float16), sharpness=sharpness)
    assert loss.dtype == tf.float32 and float(loss[0]) == pytest.approx(1.193147)
    sharpness.assign(10.0)
    loss = extended_log_barrier(tf.zeros((1, 1)), sharpness=sharpness)
    assert loss.shape == (1, 1) and float(loss[0, 0]) == pytest.approx(0.560517)


def test_extended_log_barrier_of_nothing_is_empty():
    assert extended_log_barrier(np.zeros((0,), np.float32), sharpness=1.0).shape == (0,)
