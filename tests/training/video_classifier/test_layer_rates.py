import keras
import numpy as np
import pytest

from training.video_classifier.layer_rates import LayerRatesSGD


def train(factor, rate, *, fast_all=False):
    """Three steps of two layers, the last with its own rate; returns both weights."""
    x = keras.Input((1,))
    layers = [keras.layers.Dense(1, use_bias=False, kernel_initializer="ones") for _ in range(2)]
    model = keras.Model(x, layers[1](layers[0](x)))
    fast = model.trainable_variables if fast_all else layers[1].weights
    options = {"momentum": 0.9, "nesterov": True}
    model.compile(LayerRatesSGD(fast, factor, learning_rate=rate, **options), "mse")
    for _ in range(3):
        model.train_on_batch(np.ones((1, 1)), np.zeros((1, 1)))
    return [float(weight.numpy().item()) for weight in model.trainable_variables]


def test_layer_rates_multiply_the_learning_rate():
    # All weights ten times as fast are SGD at ten times the rate, its momentum too.
    expected = train(1.0, 0.01)
    np.testing.assert_allclose(train(10.0, 0.001, fast_all=True), expected, rtol=1e-5)


def test_layer_rates_leave_other_weights_alone():
    slow, fast = train(10.0, 0.001)
    assert 1 - fast > 5 * (1 - slow) > 0


def test_layer_rates_refuse_gradients_of_other_weights():
    variable = keras.Variable(0.0)
    optimizer = LayerRatesSGD([variable], 2.0)
    with pytest.raises(ValueError, match="zip"):
        optimizer.apply([keras.ops.ones(()), keras.ops.ones(())], [variable])
