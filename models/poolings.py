"""Pooling heads: layers that turn features into a score per class and into maps of the classes."""

# A layer documents itself: `build`, `call`, `get_config` and the shapes are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

import keras
import tensorflow as tf

from config.cam_names import POOLING_NAMES
from config.errors import InputError


class Pooling(keras.layers.Layer):
    """Turns features (B, h, w, C) into `scores` (B, K), logits, and `maps` (B, h, w, K).

    A subclass says how many maps a class has (`maps_per_class`) and how a class's maps become its
    score. Weights are `kernel` (C, K M), Glorot uniform, and `bias` (K M,), of a 1 x 1 convolution.

    Args:
        num_classes: K.

    Example:
        >>> head = AveragePooling(num_classes=2)
        >>> {name: tuple(x.shape) for name, x in head(keras.ops.ones((1, 3, 4, 5))).items()}
        {'scores': (1, 2), 'maps': (1, 3, 4, 2)}
    """

    maps_per_class = 1

    def __init__(self, num_classes, **kwargs):
        super().__init__(**kwargs)
        if num_classes < 1:
            raise InputError(f"`num_classes` must be at least 1. Received {num_classes}.")
        self.num_classes = num_classes

    def build(self, input_shape):
        num_maps = self.num_classes * self.maps_per_class
        self.kernel = self.add_weight(
            shape=(input_shape[-1], num_maps), initializer="glorot_uniform", name="kernel"
        )
        self.bias = self.add_weight(shape=(num_maps,), initializer="zeros", name="bias")

    def call(self, features):
        maps = self.make_maps(features)
        return {"scores": self.pool(maps), "maps": maps}

    def make_maps(self, features):
        """Return the maps of the classes.

        Args:
            features: (B, h, w, C).

        Returns:
            (B, h, w, K).

        Example:
            >>> # see the class
        """
        return tf.tensordot(features, self.kernel, 1) + self.bias

    def pool(self, maps):
        """Return the scores that maps of classes make.

        Args:
            maps: (B, h, w, K).

        Returns:
            (B, K).

        Example:
            >>> AveragePooling(1).pool(keras.ops.array([[[[1.0], [3.0]]]])).numpy().tolist()
            [[2.0]]
        """
        raise NotImplementedError

    def compute_output_spec(self, features):
        batch, height, width = features.shape[:3]
        return {
            "scores": keras.KerasTensor((batch, self.num_classes), self.compute_dtype),
            "maps": keras.KerasTensor((batch, height, width, self.num_classes), self.compute_dtype),
        }

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}


@keras.saving.register_keras_serializable("inkling")
class WeightedAveragePooling(Pooling):
    """WGAP: a linear layer on averaged features, whose class activation maps leave the bias out.

    scores = mean_x A(x) kernel + bias, maps = A kernel: a map's mean is its score less the bias.

    Example:
        >>> found = WeightedAveragePooling(2)(keras.ops.ones((1, 3, 4, 5)))
        >>> bool(abs(found["maps"][0, 0, 0, 0] - found["scores"][0, 0]) < 1e-5)
        True

    References:
        Zhou et al., "Learning Deep Features for Discriminative Localization", CVPR 2016.
    """

    def call(self, features):
        mean = keras.ops.mean(features, axis=(1, 2))
        maps = tf.tensordot(features, self.kernel, 1)
        return {"scores": keras.ops.matmul(mean, self.kernel) + self.bias, "maps": maps}


@keras.saving.register_keras_serializable("inkling")
class AveragePooling(Pooling):
    """GAP: the mean of a class's map. It says what WGAP says, its maps hold the bias as well.

    Example:
        >>> AveragePooling(1).pool(keras.ops.array([[[[1.0], [3.0]]]])).numpy().tolist()
        [[2.0]]
    """

    def pool(self, maps):
        return keras.ops.mean(maps, axis=(1, 2))


@keras.saving.register_keras_serializable("inkling")
class MaxPooling(Pooling):
    """The largest value of a class's map: one place is evidence enough.

    Example:
        >>> MaxPooling(1).pool(keras.ops.array([[[[1.0], [3.0]]]])).numpy().tolist()
        [[3.0]]

    References:
        Oquab et al., "Is object localization for free?", CVPR 2015.
    """

    def pool(self, maps):
        return tf.reduce_max(maps, axis=(1, 2))


@keras.saving.register_keras_serializable("inkling")
class LogSumExpPooling(Pooling):
    """LSE, between mean (r near 0) and maximum (r large): (1 / r) log mean_x exp(r m(x)).

    Args:
        num_classes: K.
        sharpness: r, above 0.

    Example:
        >>> maps = keras.ops.log(keras.ops.array([[[[1.0], [3.0]]]]))  # mean of 1 and 3
        >>> float(keras.ops.exp(LogSumExpPooling(1, sharpness=1.0).pool(maps))[0, 0])
        2.0

    References:
        Pinheiro and Collobert, "From Image-level to Pixel-level Labeling with Convolutional
        Networks", CVPR 2015.
    """

    def __init__(self, num_classes, sharpness=10.0, **kwargs):
        super().__init__(num_classes, **kwargs)
        if not sharpness > 0:
            raise InputError(f"`sharpness` must be above 0. Received {sharpness}.")
        self.sharpness = sharpness

    def pool(self, maps):
        # The largest value is taken out first: exp would overflow in float32 from 88.
        largest = tf.reduce_max(maps, axis=(1, 2), keepdims=True)
        mean = keras.ops.mean(keras.ops.exp(self.sharpness * (maps - largest)), axis=(1, 2))
        return largest[:, 0, 0] + keras.ops.log(mean) / self.sharpness

    def get_config(self):
        return {**super().get_config(), "sharpness": self.sharpness}


@keras.saving.register_keras_serializable("inkling")
class WildCatPooling(Pooling):
    """WildCat: the best places speak for a class, the worst against it.

    A class has M maps, whose mean is its map. Its score is half of: the mean of the largest
    `top` of its places plus `alpha` times the mean of the least `bottom`.

    Args:
        num_classes: K.
        modalities: maps of a class, M.
        top: share of the places, above 0, at most 1; at least one place counts.
        bottom: share of the places, at least 0, at most 1; 0 leaves the second term out.
        alpha: weight of the second term.

    Example:
        >>> maps = keras.ops.array([[[[1.0], [2.0], [4.0], [-3.0]]]])
        >>> head = WildCatPooling(1, top=0.5, bottom=0.25, alpha=0.5)
        >>> head.pool(maps).numpy().tolist()  # (3 - .5 x 3) / 2
        [[0.75]]

    References:
        Durand et al., "WILDCAT", CVPR 2017, halved as in its authors' program. sbelharbi/tcam
        loses the second term.
    """

    def __init__(self, num_classes, modalities=5, top=0.5, bottom=0.1, alpha=0.6, **kwargs):
        super().__init__(num_classes, **kwargs)
        if modalities < 1 or not 0 < top <= 1 or not 0 <= bottom <= 1:
            raise InputError(
                "`modalities` must be at least 1, `top` above 0 and at most 1, `bottom` at least 0 "
                f"and at most 1. Received {modalities}, {top} and {bottom}."
            )
        self.modalities = self.maps_per_class = modalities
        self.top, self.bottom, self.alpha = top, bottom, alpha

    def make_maps(self, features):
        maps = super().make_maps(features)  # (B, h, w, K M), a class's maps side by side
        shape = (-1, *tf.unstack(tf.shape(maps))[1:3], self.num_classes, self.modalities)
        return keras.ops.mean(tf.reshape(maps, shape), axis=-1)

    def pool(self, maps):
        batch, height, width, _ = tf.unstack(tf.shape(maps))
        places = tf.reshape(maps, (batch, height * width, self.num_classes))
        places = tf.sort(tf.transpose(places, (0, 2, 1)), direction="DESCENDING")  # (B, K, h w)
        scores = self._mean_of_first(places, self.top)
        if self.bottom:
            scores += self.alpha * self._mean_of_first(places[..., ::-1], self.bottom)
        return scores / 2

    def _mean_of_first(self, places, share):
        number = tf.round(share * tf.cast(tf.shape(places)[-1], tf.float32))
        return tf.reduce_mean(places[..., : tf.maximum(tf.cast(number, tf.int32), 1)], axis=-1)

    def get_config(self):
        names = ("modalities", "top", "bottom", "alpha")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


POOLINGS = dict(
    zip(
        POOLING_NAMES,
        (
            WeightedAveragePooling,
            AveragePooling,
            MaxPooling,
            LogSumExpPooling,
            WildCatPooling,
        ),
        strict=True,
    )
)
