"""Class activation maps for which a classifier runs many times: on noisy and on masked pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf

from config.errors import InputError
from models.tapped_classifier import TappedClassifier
from ops.gradient_cams import smooth_grad_cam_plus_plus
from ops.mask_cams import make_masks, perturb_masks, score_cam

_NUM_SAMPLES = {"smooth_grad_cam_plus_plus": 4, "ss_cam": 35, "is_cam": 10}
_NOISE = {"smooth_grad_cam_plus_plus": 0.07, "ss_cam": 2.0}


@dataclass(frozen=True)
class CamSettings:
    """What the methods that run the model more than once ask for.

    Attributes:
        num_samples: noisy or weakened copies, None for 4 of Smooth Grad-CAM++, 35 of SS-CAM and 10
            of IS-CAM; the others take one.
        noise: deviation of the noise. Of Smooth Grad-CAM++ as a share of the picture's range, None
            for .07 (sbelharbi/tcam takes .3 of the colours' deviation, .225); of SS-CAM on masks in
            [0, 1], None for 2.
        num_channels: of Score-CAM, SS-CAM and IS-CAM: only that many channels, those that vary most
            over the picture, are scored and summed. None for all, each of them a run of the model.
        chunk_size: masked pictures that go through the model together.
        seed: of the noise, which is the same for every picture.

    Raises:
        InputError: a value is out of range.

    Example:
        >>> CamSettings(num_channels=64).chunk_size
        32
    """

    num_samples: int | None = None
    noise: float | None = None
    num_channels: int | None = None
    chunk_size: int = 32
    seed: int = 0

    def __post_init__(self):
        for name in ("num_samples", "num_channels", "chunk_size"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"`{name}` must be at least 1. Received {value}.")
        if self.noise is not None and not 0 <= self.noise < np.inf:
            raise InputError(f"`noise` must be at least 0 and finite. Received {self.noise}.")

    def complete(self, method: str) -> CamSettings:
        """Fill in what is None by the method's own.

        Args:
            method: one of `config.cam_names.CAM_METHOD_NAMES`.

        Returns:
            The settings, `num_samples` and `noise` of them numbers.

        Example:
            >>> CamSettings().complete("is_cam").num_samples
            10
        """
        num_samples = _NUM_SAMPLES.get(method, 1)
        if num_samples > 1 and self.num_samples is not None:
            num_samples = self.num_samples
        noise = _NOISE.get(method, 0.0) if self.noise is None else self.noise
        return replace(self, num_samples=num_samples, noise=noise)


def take_gradients(
    classifier: TappedClassifier, images: tf.Tensor, classes: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Differentiate the score of each picture's class with respect to its features.

    Args:
        classifier: the classifier.
        images: (B, H, W, 3) as it takes them.
        classes: (B,) int32 from 0.

    Returns:
        Features and gradients, (B, h, w, C) float32 each.

    Raises:
        InputError: the scores do not depend on the features.

    Example:
        >>> # see `models.cam`
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        found = classifier(images, tape)
        score = tf.reduce_sum(tf.gather(found.scores, classes, batch_dims=1))
    gradients = tape.gradient(score, found.features)
    if gradients is None:
        raise InputError(
            "`layer` must be one that the scores depend on. Those of "
            f"`{classifier.model.name}` do not on `{classifier.find_layer()[0].name}`."
        )
    return tf.cast(found.features, tf.float32), tf.cast(gradients, tf.float32)


def draw_smooth(
    classifier: TappedClassifier, images: tf.Tensor, classes: tf.Tensor, settings: CamSettings
) -> tf.Tensor:
    """Draw Smooth Grad-CAM++: features of the picture, gradients averaged over noisy copies.

    Args:
        classifier: the classifier.
        images: (B, H, W, 3) as it takes them.
        classes: (B,) int32 from 0.
        settings: complete.

    Returns:
        (B, h, w) maps, not stretched.

    Example:
        >>> # see `models.cam`
    """
    features = tf.cast(classifier(images).features, tf.float32)
    values = tf.cast(images, tf.float32)
    span = tf.reduce_max(values, (1, 2, 3), keepdims=True)
    span -= tf.reduce_min(values, (1, 2, 3), keepdims=True)

    def add(sums, number):
        noise = settings.noise * span * _draw_noise(images, settings.seed, number)
        _, gradients = take_gradients(classifier, _to_pictures(values + noise, images), classes)
        return tuple(total + gradients**power for power, total in enumerate(sums, start=1))

    sums = tf.foldl(add, tf.range(settings.num_samples), (tf.zeros_like(features),) * 3)
    return smooth_grad_cam_plus_plus(features, *(total / settings.num_samples for total in sums))


def draw_masked(
    method: str,
    classifier: TappedClassifier,
    images: tf.Tensor,
    classes: tf.Tensor,
    settings: CamSettings,
) -> tf.Tensor:
    """Draw Score-CAM, SS-CAM or IS-CAM: a channel weighs what the picture scores that it masks.

    Args:
        method: "score_cam", "ss_cam" or "is_cam".
        classifier: the classifier.
        images: (B, H, W, 3) as it takes them; what a mask takes away becomes 0.
        classes: (B,) int32 from 0.
        settings: complete.

    Returns:
        (B, h, w) maps, not stretched.

    Example:
        >>> # see `models.cam`
    """
    features = _choose_channels(
        tf.cast(classifier(images).features, tf.float32), settings.num_channels
    )
    batch, height, width, channels = tf.unstack(tf.shape(features))
    maps = tf.reshape(tf.transpose(features, (0, 3, 1, 2)), (-1, height, width))
    values = tf.cast(images, tf.float32)

    def score(start):
        # The last chunk repeats the last mask, so that all are of one size.
        places = tf.minimum(tf.range(start, start + settings.chunk_size), batch * channels - 1)
        pictures, wanted = (tf.gather(each, places // channels) for each in (values, classes))
        masks = make_masks(tf.gather(maps, places), tf.shape(images)[1:3])

        def add(total, number):
            noise = settings.noise * _draw_noise(images, settings.seed, number)[..., :1]
            options = {"method": method, "num_samples": settings.num_samples, "noise": noise}
            masked = _to_pictures(pictures * perturb_masks(masks, number, **options), images)
            return total + tf.gather(classifier(masked).scores, wanted, batch_dims=1)

        samples = tf.range(settings.num_samples)
        return tf.foldl(add, samples, tf.zeros(settings.chunk_size)) / settings.num_samples

    starts = tf.range(0, batch * channels, settings.chunk_size)
    scores = tf.map_fn(score, starts, fn_output_signature=tf.float32)
    scores = tf.reshape(scores, (-1,))[: batch * channels]
    return score_cam(features, tf.reshape(scores, (batch, channels)))


def _draw_noise(images, seed, number):
    """Return noise for one picture, which all share: a map depends on no batch mate."""
    return tf.random.stateless_normal(tf.shape(images[:1]), seed=tf.stack([seed, number]))


def _to_pictures(values, images):
    """Return values as the model takes pictures: whole numbers are rounded and stay in range."""
    if images.dtype.is_integer:
        values = tf.round(values)
    return tf.saturate_cast(values, images.dtype)


def _choose_channels(features, number):
    """Return the channels of each picture that vary most, as many as wanted."""
    if number is None or number >= features.shape[-1]:
        return features
    deviation = tf.math.reduce_std(features, axis=(1, 2))
    places = tf.math.top_k(deviation, number).indices  # (B, number)
    chosen = tf.gather(tf.transpose(features, (0, 3, 1, 2)), places, batch_dims=1)
    return tf.transpose(chosen, (0, 2, 3, 1))
