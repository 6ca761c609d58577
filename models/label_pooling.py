"""A classifier of video tags without training: the labels of a pre-trained one stand for tags."""

# A layer documents itself: `build`, `call`, `get_config` and the shapes are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from config.errors import InputError
from models.cam_classifier import HEAD_LAYER
from models.cam_encoders import build_cam_encoder
from models.imagenet_head import ClassifierHead
from models.poolings import Pooling


@keras.saving.register_keras_serializable("inkling")
class LabelPooling(Pooling):
    """Scores and maps of tags from a linear classifier of L labels on averaged features.

    A tag's score is the log of the sum of exp over its labels' logits, so that a softmax over tags
    gives their probabilities, if one of them is right. Its map is the largest of its labels' maps
    at each place, without biases. Tags in `single` have the logit and the map of the one label that
    scores best on the picture: of a tag that the classifier has no name for, the label that it
    comes up with shows the object all the same.

    Weights are `kernel` (C, L) and `bias` (L,).

    Args:
        groups: the labels of each of K tags, numbers from 0; none empty.
        num_labels: L.
        single: numbers, from 0, of the tags whose map is that of one label.

    Raises:
        InputError: a group is empty, or a number is out of range.

    Example:
        >>> layer = LabelPooling([[0], [1, 2]], num_labels=3)
        >>> {name: tuple(x.shape) for name, x in layer(keras.ops.ones((1, 3, 4, 5))).items()}
        {'scores': (1, 2), 'maps': (1, 3, 4, 2)}
    """

    def __init__(self, groups, num_labels, single=(), **kwargs):
        super().__init__(**{"num_classes": len(groups), **kwargs})
        self.groups = [[int(number) for number in group] for group in groups]
        self.single, self.num_labels = sorted(int(number) for number in single), int(num_labels)
        numbers = [number for group in self.groups for number in group]
        known = all(0 <= number < self.num_labels for number in numbers)
        tags_known = all(0 <= number < self.num_classes for number in self.single)
        if not (all(self.groups) and known and tags_known):
            raise InputError(
                f"`groups` must be lists of numbers from 0 to {num_labels - 1}, none empty, and "
                f"`single` numbers of groups. Received {groups} and {list(single)}."
            )

    def build(self, input_shape):
        shape = (input_shape[-1], self.num_labels)
        self.kernel = self.add_weight(shape=shape, initializer="glorot_uniform", name="kernel")
        self.bias = self.add_weight(shape=shape[1:], initializer="zeros", name="bias")

    def call(self, features):
        mean = keras.ops.mean(features, axis=(1, 2))
        logits = keras.ops.matmul(mean, self.kernel) + self.bias  # (B, L)
        pairs = [(self._take(logits, group), group) for group in self.groups]
        scores = [
            (keras.ops.max if number in self.single else keras.ops.logsumexp)(each, axis=-1)
            for number, (each, _) in enumerate(pairs)
        ]
        maps = [
            self._draw_best(features, *pair)
            if number in self.single
            else self._draw(features, *pair)
            for number, pair in enumerate(pairs)
        ]
        return {"scores": keras.ops.stack(scores, axis=-1), "maps": keras.ops.stack(maps, axis=-1)}

    def get_config(self):
        own = {"groups": self.groups, "num_labels": self.num_labels, "single": self.single}
        return {**super().get_config(), **own}

    def _take(self, values, group):
        return keras.ops.take(values, group, axis=-1)

    def _draw(self, features, _, group):
        """Return (B, h, w): the largest of the labels' maps at each place."""
        maps = tf.tensordot(features, self._take(self.kernel, group), 1)
        return keras.ops.max(maps, axis=-1)

    def _draw_best(self, features, logits, group):
        """Return (B, h, w): the map of each picture's best label of the group."""
        # keras.ops.argmax looks for -0.0 bit by bit, which other runtimes cannot.
        best = keras.ops.take(group, tf.argmax(logits, axis=-1))  # (B,)
        kernels = keras.ops.take(keras.ops.transpose(self.kernel), best, axis=0)  # (B, C)
        return tf.reduce_sum(features * kernels[:, tf.newaxis, tf.newaxis], axis=-1)


def build_mapped_classifier(
    encoder_name: str,
    head: ClassifierHead,
    groups: Sequence[Sequence[int]],
    *,
    single: Sequence[int] = (),
    image_size: int = 224,
    **encoder_options: Any,
) -> keras.Model:
    """Build a classifier of tags from one that is there already; nothing is left to train.

    Args:
        encoder_name: as `models.cam_classifier.build_cam_classifier` takes it. MobileNetV2 is
            dilated, so that the classifier sees what it was trained on; others lose strides alone.
        head: the classifier, on the mean of the encoder's last map.
        groups: the labels of each of K tags.
        single: numbers, from 0, of the tags whose map is that of the picture's best label, see
            `LabelPooling`.
        image_size: side of the square input, S, pixels.
        encoder_options: `weights`, those that the classifier was trained with, `alpha` and
            `stride`, as `models.cam_encoders.build_cam_encoder` takes them.

    Returns:
        Model as `build_cam_classifier` returns it; frozen.

    Raises:
        InputError: the classifier is for another encoder, or an argument is out of range.
        TypeError: an option of the encoder is unknown.

    Example:
        >>> import numpy as np
        >>> head = ClassifierHead(np.ones((1280, 3)), np.zeros(3), ("a", "b", "c"))
        >>> options = {"image_size": 64, "alpha": 0.35}
        >>> model = build_mapped_classifier("mobilenet_v2", head, [[0], [1, 2]], **options)
        >>> {name: tuple(x.shape) for name, x in model(keras.ops.zeros((2, 64, 64, 3))).items()}
        {'scores': (2, 2), 'features': (2, 8, 8, 1280), 'maps': (2, 8, 8, 2)}
    """
    encoder = build_cam_encoder(encoder_name, image_size, **encoder_options)
    num_channels = encoder.output.shape[-1]
    if num_channels != len(head.kernel):
        raise InputError(
            f"`head_file` must be the classifier of this encoder, on {num_channels} channels. It "
            f"is on {len(head.kernel)}; for MobileNetV2's take `alpha` 1."
        )
    pooling = LabelPooling(groups, len(head.bias), single, name=HEAD_LAYER, dtype="float32")
    found = pooling(encoder.output)
    pooling.set_weights([head.kernel, head.bias])
    outputs = {"scores": found["scores"], "features": encoder.output, "maps": found["maps"]}
    model = keras.Model(encoder.input, outputs, name=f"{encoder_name}_mapped_classifier")
    model.trainable = False
    return model
