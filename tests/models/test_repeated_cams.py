"""The maps themselves are compared with their twins in test_cam.py."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from config.errors import InputError
from models.repeated_cams import CamSettings, take_gradients
from models.tapped_classifier import TappedClassifier


def test_take_gradients_of_a_product_is_the_other_factor():
    image = keras.Input((1, 2, 1))
    x = keras.layers.Conv2D(1, 1, use_bias=False, name="features")(image)
    scores = keras.layers.Flatten()(x)
    model = keras.Model(image, keras.layers.Multiply()([scores, scores]))  # y = x^2, y' = 2 x
    model.set_weights([np.full((1, 1, 1, 1), 3.0)])
    pictures = tf.constant([[[[1.0], [2.0]]], [[[5.0], [7.0]]]])
    features, gradients = take_gradients(TappedClassifier(model), pictures, tf.constant([0, 1]))
    np.testing.assert_allclose(features[..., 0], [[[3, 6]], [[15, 21]]])
    np.testing.assert_allclose(gradients[..., 0], [[[6, 0]], [[0, 42]]])


def test_take_gradients_refuses_a_layer_that_the_scores_do_not_depend_on():
    image = keras.Input((8, 10, 3))
    other = keras.layers.Conv2D(2, 1, name="other")(image)
    scores = keras.layers.Dense(2)(keras.layers.Flatten()(image))
    model = keras.Model(image, {"scores": scores, "maps": other})
    with pytest.raises(InputError, match="do not on `other`"):
        take_gradients(TappedClassifier(model, "other"), tf.ones((1, 8, 10, 3)), tf.constant([0]))


@pytest.mark.parametrize(
    ("method", "num_samples", "noise"),
    [
        ("score_cam", 1, 0),
        ("ss_cam", 35, 2),
        ("is_cam", 10, 0),
        ("smooth_grad_cam_plus_plus", 4, 0.07),
        ("layer_cam", 1, 0),
    ],
)
def test_cam_settings_complete_themselves_by_the_method(method, num_samples, noise):
    complete = CamSettings(seed=3).complete(method)
    assert (complete.num_samples, complete.noise, complete.seed) == (num_samples, noise, 3)
    given = CamSettings(num_samples=7, noise=0.5).complete(method)
    assert given.num_samples == (1 if num_samples == 1 else 7) and given.noise == 0.5


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"num_samples": 0}, "`num_samples` must be at least 1"),
        ({"num_channels": 0}, "`num_channels` must be at least 1"),
        ({"chunk_size": 0}, "`chunk_size` must be at least 1"),
        ({"noise": -1.0}, "`noise` must be at least 0"),
        ({"noise": float("nan")}, "`noise` must be at least 0 and finite"),
    ],
)
def test_cam_settings_say_what_is_wrong(values, message):
    with pytest.raises(InputError, match=message):
        CamSettings(**values)
