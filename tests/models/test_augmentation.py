import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from config.errors import InputError
from models.augmentation import (
    RandomAugment,
    RandomBlur,
    RandomColorAffine,
    RandomNoise,
    build_augment,
)


def random_image(*shape):
    return tf.constant(np.random.default_rng(0).random(shape, np.float32))


def test_random_blur_one_pixel_gives_the_kernel():
    images = np.zeros((1, 9, 9, 1), np.float32)
    images[0, 4, 4] = 1.0
    blurred = RandomBlur(4, sigma=1.0).blur(images).numpy()[0, :, :, 0]
    # Taps at -1, 0, 1, 2: exp(-x^2 / 2) = .60653, 1, .60653, .13534, sum 2.3484.
    taps = np.array([0.60653, 1.0, 0.60653, 0.13534]) / 2.3484
    # A pixel is seen by the outputs at +1, 0, -1, -2 of it: the taps in reverse.
    expected = np.outer(taps[::-1], taps[::-1])
    np.testing.assert_allclose(blurred[2:6, 2:6], expected, atol=1e-5)
    assert np.count_nonzero(blurred) == 16


def test_random_blur_keeps_a_constant_picture():
    images = np.full((2, 6, 5, 3), 0.7, np.float32)
    np.testing.assert_allclose(RandomBlur(4, 0.5).blur(images), images, rtol=1e-6)


def test_random_blur_of_one_tap_changes_nothing():
    images = random_image(1, 3, 2, 3)
    np.testing.assert_array_equal(RandomBlur(1, 1.0).blur(images), images)


def test_random_blur_chooses_each_picture_of_a_batch():
    images = random_image(2, 6, 5, 3)
    layer = RandomBlur(4, 1.0)
    choice = {"blurred": tf.reshape([True, False], (2, 1, 1, 1))}
    result = layer.transform_images(images, choice).numpy()
    np.testing.assert_array_equal(result[0], layer.blur(images)[0])
    np.testing.assert_array_equal(result[1], images[1])


def test_random_blur_blurs_its_share():
    drawn = RandomBlur(4, 1.0, probability=0.25).get_random_transformation(
        tf.zeros((4000, 1, 1, 3)), seed=1
    )
    # Standard deviation of the share: sqrt(.25 * .75 / 4000) = .007.
    assert abs(np.mean(drawn["blurred"]) - 0.25) < 0.03


def test_random_color_affine_multiplies_each_pixel():
    matrix = np.array([[[0.5, 0.1, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 2.0]]], np.float32)
    image = np.array([[[[0.4, 0.2, 0.9]]]], np.float32)
    result = RandomColorAffine(0.2, 0.1).transform_images(image, {"matrix": matrix})
    # .4 * .5 = .2; .4 * .1 + .2 = .24; .9 * 2 clipped to 1.
    np.testing.assert_allclose(result.numpy().ravel(), [0.2, 0.24, 1.0], rtol=1e-6)


def test_random_color_affine_draws_within_its_reach():
    layer = RandomColorAffine(brightness=0.2, jitter=0.0)
    scales = layer.get_random_transformation(tf.zeros((500, 1, 1, 3)), seed=3)["matrix"].numpy()
    diagonal = scales[:, [0, 1, 2], [0, 1, 2]]
    assert (diagonal == diagonal[:, :1]).all()  # One scale for all channels of a picture.
    assert 0.8 <= diagonal.min() < 0.82 and 1.18 < diagonal.max() <= 1.2
    layer = RandomColorAffine(brightness=0.0, jitter=0.1)
    mix = layer.get_random_transformation(tf.zeros((500, 1, 1, 3)), seed=3)["matrix"] - np.eye(3)
    assert -0.1001 <= np.min(mix) < -0.09 and 0.09 < np.max(mix) <= 0.1001


def test_random_noise_stays_within_its_reach_and_range():
    images = tf.concat([tf.zeros((1, 40, 40, 3)), tf.ones((1, 40, 40, 3))], 0)
    layer = RandomNoise(0.05)
    noisy = layer.transform_images(images, layer.get_random_transformation(images, seed=0)).numpy()
    assert noisy.min() >= 0 and noisy.max() <= 1
    assert 0.045 < noisy[0].max() <= 0.05 and 0.95 <= noisy[1].min() < 0.955


@pytest.mark.parametrize("height, width", [(32, 48), (33, 31)])
def test_random_augment_keeps_shape_and_range(height, width):
    augment = RandomAugment(2.0)
    image = random_image(height, width, 3)
    for number in range(20):
        result = augment(image, tf.constant([1, number]))
        assert result.shape == image.shape and result.dtype == tf.float32
        assert np.min(result) >= 0 and np.max(result) <= 1


def test_random_augment_same_seed_same_picture_in_any_layer_and_graph():
    image, seed = random_image(24, 32, 3), tf.constant([3, 4])
    eager = RandomAugment(2.0)(image, seed)
    np.testing.assert_array_equal(RandomAugment(2.0)(image, seed), eager)
    graph = tf.function(RandomAugment(2.0))
    np.testing.assert_allclose(graph(image, seed), eager, atol=1e-5)


def test_random_augment_does_not_follow_global_seeds():
    image, seed = random_image(8, 8, 3), tf.constant([3, 4])
    keras.utils.set_random_seed(1)
    first = RandomAugment(2.0)(image, seed)
    keras.utils.set_random_seed(2)
    np.testing.assert_array_equal(RandomAugment(2.0)(image, seed), first)


def test_random_augment_other_seeds_other_pictures():
    image, augment = random_image(8, 8, 3), RandomAugment(2.0)
    results = [augment(image, tf.constant(s)).numpy() for s in [[0, 0], [0, 1], [1, 0], [7, 9]]]
    for one, other in itertools.combinations(results, 2):
        assert np.abs(one - other).max() > 0.01


def test_random_augment_in_parallel_maps_in_any_order():
    image, augment = random_image(16, 16, 3), RandomAugment(2.0)

    def mapped(numbers, parallel):
        data = tf.data.Dataset.from_tensor_slices(numbers)
        return data.map(
            lambda n: (n, augment(image, tf.stack([5, n]))), parallel, deterministic=False
        )

    forward = {int(n): picture.numpy() for n, picture in mapped(list(range(12)), 8)}
    backward = {int(n): picture.numpy() for n, picture in mapped(list(range(12))[::-1], 1)}
    for number, picture in forward.items():
        np.testing.assert_array_equal(picture, backward[number])


def test_random_augment_mirrors_half_of_the_pictures():
    # Weak enough that only the mirror moves a bright left half.
    augment = tf.function(RandomAugment(1e6))
    image = np.zeros((8, 8, 3), np.float32)
    image[:, :4] = 1.0
    left = [augment(image, tf.constant([0, n]))[4, 0, 0] > 0.5 for n in range(200)]
    # Standard deviation of the share: sqrt(.25 / 200) = .035.
    assert abs(np.mean(left) - 0.5) < 0.14


def test_random_augment_zooms_out_by_at_most_its_reach():
    augment = tf.function(RandomAugment(2.0))
    shares = []
    for number in range(40):
        result = augment(tf.ones((60, 60, 3)), tf.constant([2, number])).numpy()
        shares.append(np.mean(result[:, 30].mean(-1) > 0.3))
    # Factor 1 + [0, .3]: the picture fills 1 / 1.3 = .77 to 1 of the column (noise: +- .03).
    assert 0.72 < min(shares) < 0.9 and max(shares) > 0.93


def test_random_augment_nan_stays_visible():
    image = tf.fill((8, 8, 3), np.nan)
    assert np.isnan(RandomAugment(2.0)(image, tf.constant([0, 0]))).any()


def test_random_augment_unknown_size_in_a_graph():
    spec = [tf.TensorSpec((None, None, 3)), tf.TensorSpec((2,), tf.int32)]
    graph = tf.function(RandomAugment(2.0), input_signature=spec)
    image, seed = random_image(9, 13, 3), tf.constant([3, 4])
    np.testing.assert_allclose(graph(image, seed), RandomAugment(2.0)(image, seed), atol=1e-5)


LAYERS = [RandomBlur(4, 0.5), RandomColorAffine(0.2, 0.1), RandomNoise(0.1), RandomAugment(2.0)]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_layers_come_back_from_their_config(layer):
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(copy) is type(layer) and copy.get_config() == layer.get_config()


def test_build_augment_none_is_none():
    assert build_augment(None) is None


def test_build_augment_too_strong():
    with pytest.raises(InputError, match="`augment` must be at least 0.6.* Received 0.5"):
        build_augment(0.5)


@pytest.mark.parametrize("strength", [0.6, 1, 100])
def test_build_augment_limits_are_accepted(strength):
    assert build_augment(strength)(random_image(4, 4, 3), tf.constant([0, 1])).shape == (4, 4, 3)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_random_augment_computes_in_full_width_whatever_the_precision(precision):
    image, seed = random_image(8, 6, 3), tf.constant([0, 3])
    expected = RandomAugment(2.0)(image, seed)
    keras.config.set_dtype_policy(precision)
    try:
        augment = RandomAugment(2.0)
        copy = RandomAugment.from_config(augment.get_config())
        given = augment(image, seed), copy(image, seed)
    finally:
        keras.config.set_dtype_policy("float32")
    for values in given:
        assert values.dtype == tf.float32
        np.testing.assert_array_equal(values, expected)
