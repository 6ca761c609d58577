"""Upstream's training augmentation, as layers that a seed alone decides."""

# A layer documents itself: its methods are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf

from config.errors import InputError

# Contrast reaches 1 +- 0.6 / s; below this strength divisor it would turn pictures negative.
SMALLEST_STRENGTH = 0.6


@keras.saving.register_keras_serializable("inkling")
class RandomBlur(keras.layers.Layer):
    """Blur a share of the pictures with one Gaussian kernel, even or odd.

    Keras' `RandomGaussianBlur` refuses even kernels and darkens the border; this one mirrors the
    border, one pixel more at the bottom and right for an even kernel.

    Args:
        kernel_size: taps along each axis, at least 1.
        sigma: standard deviation, in pixels.
        probability: share of the pictures that are blurred.

    Example:
        >>> tuple(RandomBlur(4, sigma=0.5).blur(keras.ops.ones((1, 5, 7, 3))).shape)
        (1, 5, 7, 3)

    References:
        TensorFlow Addons, `gaussian_filter2d(padding="REFLECT")`, which it equals.
    """

    def __init__(self, kernel_size, sigma, probability=0.5, **kwargs):
        super().__init__(**kwargs)
        self.kernel_size = kernel_size
        self.sigma = sigma
        self.probability = probability

    def get_random_transformation(self, images, training=True, seed=None):
        draws = keras.random.uniform((keras.ops.shape(images)[0], 1, 1, 1), seed=seed)
        return {"blurred": draws < self.probability}

    def transform_images(self, images, transformation, training=True):
        blurred = transformation["blurred"]
        if images.shape[0] == 1:  # One picture: the unwanted branch is not computed at all.
            return keras.ops.cond(blurred[0, 0, 0, 0], lambda: self.blur(images), lambda: images)
        return keras.ops.where(blurred, self.blur(images), images)

    def blur(self, images):
        """Blur every picture of (B, H, W, C), sides of at least `kernel_size` // 2 + 1 pixels."""
        before, after = (self.kernel_size - 1) // 2, self.kernel_size // 2
        offsets = keras.ops.arange(-before, after + 1, dtype=images.dtype)
        taps = keras.ops.softmax(-(offsets**2) / (2.0 * self.sigma**2))
        # The Gaussian separates: two passes of k taps instead of k * k.
        padding = [[0, 0], [before, after], [before, after], [0, 0]]
        images = keras.ops.pad(images, padding, mode="reflect")
        height = keras.ops.shape(images)[1] - before - after
        images = sum(taps[i] * images[:, i : i + height] for i in range(self.kernel_size))
        width = keras.ops.shape(images)[2] - before - after
        return sum(taps[i] * images[:, :, i : i + width] for i in range(self.kernel_size))

    def get_config(self):
        own = {
            "kernel_size": self.kernel_size,
            "sigma": self.sigma,
            "probability": self.probability,
        }
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("inkling")
class RandomColorAffine(keras.layers.Layer):
    """Scale the brightness of a picture and mix its channels a little.

    pixel (1, 3) -> clip(pixel (b I + J), 0, 1), b drawn from 1 +- `brightness` and the nine
    entries of J from +- `jitter`, once per picture.

    Args:
        brightness: reach of the common scale, in [0, 1].
        jitter: reach of each entry of the mixing matrix.

    Example:
        >>> layer = RandomColorAffine(brightness=0.2, jitter=0.0)
        >>> matrix = layer.get_random_transformation(keras.ops.ones((1, 2, 2, 3)), seed=0)["matrix"]
        >>> 0.8 <= float(matrix[0, 0, 0]) <= 1.2, float(matrix[0, 0, 1])
        (True, 0.0)
    """

    def __init__(self, brightness, jitter, **kwargs):
        super().__init__(**kwargs)
        self.brightness = brightness
        self.jitter = jitter

    def get_random_transformation(self, images, training=True, seed=None):
        batch = keras.ops.shape(images)[0]
        scale = keras.random.uniform(
            (batch, 1, 1), 1 - self.brightness, 1 + self.brightness, seed=seed
        )
        mix = keras.random.uniform((batch, 3, 3), -self.jitter, self.jitter, seed=seed)
        return {"matrix": scale * keras.ops.eye(3) + mix}  # (B, 3, 3)

    def transform_images(self, images, transformation, training=True):
        shape = keras.ops.shape(images)
        pixels = keras.ops.reshape(images, (shape[0], -1, 3))
        pixels = keras.ops.matmul(pixels, transformation["matrix"])
        return keras.ops.clip(keras.ops.reshape(pixels, shape), 0.0, 1.0)

    def get_config(self):
        own = {"brightness": self.brightness, "jitter": self.jitter}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("inkling")
class RandomNoise(keras.layers.Layer):
    """Add uniform noise to every value of a picture in [0, 1] and clip.

    Args:
        factor: reach of the noise, in grey levels of [0, 1].

    Example:
        >>> layer = RandomNoise(0.1)
        >>> images = keras.ops.full((1, 2, 2, 3), 0.5)
        >>> noisy = layer.transform_images(images, layer.get_random_transformation(images, seed=0))
        >>> bool(keras.ops.all(keras.ops.abs(noisy - 0.5) <= 0.1))
        True
    """

    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def get_random_transformation(self, images, training=True, seed=None):
        shape = keras.ops.shape(images)
        return {"noise": keras.random.uniform(shape, -self.factor, self.factor, seed=seed)}

    def transform_images(self, images, transformation, training=True):
        return keras.ops.clip(images + transformation["noise"], 0.0, 1.0)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


@keras.saving.register_keras_serializable("inkling")
class RandomAugment(keras.layers.Layer):
    """Augment one picture, decided by a seed alone: the same seed gives the same picture anywhere.

    In this order: mirror left to right; zoom out by 0 .. 0.60 / s with black around; blur half of
    the pictures (kernel 4, sigma 1 / s); brightness +- 0.4 / s and channel mixing +- 0.15 / s;
    contrast 1 +- 0.6 / s; uniform noise +- 0.1 / s. Call it on an image (H, W, 3), float32 in
    [0, 1], and a seed (2,) of integers; it returns the same shape and range. It computes in float32
    whatever the precision of the network.

    Args:
        strength: divisor s of every reach, at least 0.6; larger is weaker.

    Example:
        >>> image, seed = tf.ones((8, 6, 3)) / 2, tf.constant([0, 7])
        >>> augment = RandomAugment(2.0)
        >>> bool(tf.reduce_all(augment(image, seed) == augment(image, seed)))
        True

    References:
        D'Alessandro et al., "SYRAC: Synthesize, Rank, and Count", arXiv 2310.01662. Upstream draws
        inside the model from one global state; the numbers are the same.
    """

    def __init__(self, strength, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        if strength < SMALLEST_STRENGTH:
            raise InputError(
                f"`augment` must be at least {SMALLEST_STRENGTH}: it divides each strength, and "
                f"below, contrast would turn negative. Received {strength}."
            )
        self.strength = strength
        self.steps = [
            keras.layers.RandomFlip("horizontal", dtype="float32"),
            keras.layers.RandomZoom(
                (0.0, 0.60 / strength), fill_mode="constant", fill_value=0.0, dtype="float32"
            ),
            RandomBlur(4, sigma=1.0 / strength, dtype="float32"),
            RandomColorAffine(brightness=0.4 / strength, jitter=0.15 / strength, dtype="float32"),
            keras.layers.RandomContrast(0.6 / strength, value_range=(0.0, 1.0), dtype="float32"),
            RandomNoise(0.1 / strength, dtype="float32"),
        ]

    def build(self, image_shape, seed_shape):
        for step in self.steps:
            step.build((1, *image_shape))

    def call(self, image, seed):
        images = image[tf.newaxis]  # (1, H, W, 3)
        for place, step in enumerate(self.steps):
            draws = _SeedStream(tf.random.experimental.stateless_fold_in(seed, place))
            transformation = step.get_random_transformation(images, seed=draws)
            images = step.transform_images(images, transformation)
        return tf.ensure_shape(images[0], image.shape)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "strength": self.strength}


def build_augment(strength: float | None) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor] | None:
    """Build the augmentation that a training pipeline maps over its pictures.

    Args:
        strength: divisor of every reach, at least 0.6; None for no augmentation.

    Returns:
        (image (H, W, 3) float32 in [0, 1], seed (2,)) -> image; None for `strength` None.

    Raises:
        InputError: `strength` below 0.6.

    Example:
        >>> build_augment(2.0)(tf.zeros((8, 6, 3)), tf.constant([1, 2])).shape.as_list()
        [8, 6, 3]
    """
    return None if strength is None else RandomAugment(strength)


class _SeedStream(keras.random.SeedGenerator):
    """Seeds folded from one tensor: Keras' layers draw from it as from their own, but stateless."""

    def __init__(self, seed):
        # No call of the parent, which would make a variable; `next` is all that Keras' draws use.
        self._seed = seed
        self._drawn = 0

    def next(self, ordered=True):
        self._drawn += 1
        return tf.random.experimental.stateless_fold_in(self._seed, self._drawn)
