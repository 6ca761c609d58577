"""A network that says how much each pixel belongs to an object of any kind."""

# A layer documents itself: `call`, `get_config` and the shapes are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

import keras
import tensorflow as tf
from keras import layers

from config.errors import InputError
from models.picture_scale import ResizeImages

FINEST_STRIDES = (4, 8, 16)
COARSEST = 32
BATCH_NORM_MOMENTUM = 0.9  # few steps train the head: its statistics must follow


def build_saliency_network(
    encoder: keras.Model, *, num_neurons: int = 64, finest_stride: int = 8, dropout: float = 0.0
) -> keras.Model:
    """Build an encoder with a decoder that fuses its maps from coarse to fine.

    The coarsest map, with its mean added at every place so that the whole scene is known there, is
    enlarged step by step; at each stride the encoder's own map is added and a convolution mixes
    both. The answer is two-way, background and object, as in the paper.

    Args:
        encoder: what `models.encoders.build_encoder` returned, of an input whose sides are
            multiples of 32; its layers are shared, not copied.
        num_neurons: width of the decoder.
        finest_stride: 4, 8 or 16, of the finest map that is used, and of the answer.
        dropout: share of the last map's channels that training drops.

    Returns:
        Model from `image` (B, H, W, 3), float32 RGB in [0, 1], to logits (B, H / s, W / s, 2) of
        background and object, s the finest stride. The decoder's layers are named `head_...`.

    Raises:
        InputError: the input's sides are no multiples of 32, or an argument is out of range.

    Example:
        >>> from models.encoders import build_encoder
        >>> encoder = build_encoder("mobilenet_v2", (64, 96, 3), alpha=0.35)
        >>> tuple(build_saliency_network(encoder, num_neurons=8).output.shape)
        (None, 8, 12, 2)

    References:
        Oh et al., "Exploiting Saliency for Object Segmentation from Image Level Labels", CVPR
        2017: two-way class-agnostic segmentation. There it is DeepLab on ResNet, of one map.
    """
    _check_arguments(encoder, num_neurons, finest_stride, dropout)
    x = _mix(encoder.output[f"stride_{COARSEST}"], num_neurons, COARSEST, size=1)
    context = layers.GlobalAveragePooling2D(keepdims=True, name="head_mean")(x)
    context = layers.Conv2D(num_neurons, 1, name="head_context")(context)
    x = layers.Add(name="head_with_context")([x, context])
    stride = COARSEST
    while stride > finest_stride:
        stride //= 2
        x = layers.UpSampling2D(interpolation="bilinear", name=f"head_{stride}_up")(x)
        finer = encoder.output[f"stride_{stride}"]
        finer = layers.Conv2D(num_neurons, 1, name=f"head_{stride}_in")(finer)
        x = layers.Add(name=f"head_{stride}_sum")([x, finer])
        x = _mix(x, num_neurons, stride, size=3)
    if dropout:
        x = layers.SpatialDropout2D(dropout, name="head_dropout")(x)
    logits = layers.Conv2D(2, 1, name="head_logits", dtype="float32")(x)  # (B, h, w, 2)
    return keras.Model(encoder.input, logits, name="saliency_network")


@keras.saving.register_keras_serializable("inkling")
class SaliencyMap(keras.layers.Layer):
    """Turn two-way logits into the object's probability at each pixel of the pictures.

    Call it on `[logits, images]`: (B, h, w, 2) and the pictures (B, H, W, 3) as they came in.
    Gives (B, H, W) float32 in [0, 1]. Logits are enlarged, not probabilities: an outline stays
    where both classes are equal.

    Example:
        >>> logits, images = keras.ops.zeros((1, 2, 3, 2)), keras.ops.zeros((1, 5, 7, 3))
        >>> saliency = SaliencyMap()([logits, images])
        >>> tuple(saliency.shape), float(saliency[0, 0, 0])
        ((1, 5, 7), 0.5)
    """

    def __init__(self, **kwargs):
        super().__init__(autocast=False, **kwargs)

    def call(self, inputs):
        logits, images = inputs
        logits = tf.cast(logits, tf.float32)
        difference = tf.image.resize(logits[..., 1:] - logits[..., :1], tf.shape(images)[1:3])
        return tf.sigmoid(difference[..., 0])

    def compute_output_spec(self, inputs):
        _, images = inputs
        return keras.KerasTensor(tuple(images.shape[:3]), "float32")


def build_saliency_model(network: keras.Model) -> keras.Model:
    """Build what is saved and served: a picture of any size in, its saliency out.

    Args:
        network: what `build_saliency_network` returned; shared, not copied.

    Returns:
        Model from `images` (B, H, W, 3), uint8 RGB of any H and W, to `saliency` (B, H, W) float32
        in [0, 1] at the pictures' size. Pictures are resized to the network's input, their aspect
        not kept.

    Raises:
        InputError: the network does not give two logits a place.

    Example:
        >>> from models.encoders import build_encoder
        >>> encoder = build_encoder("mobilenet_v2", (32, 32, 3), alpha=0.35)
        >>> model = build_saliency_model(build_saliency_network(encoder, num_neurons=4))
        >>> tuple(model(keras.ops.zeros((2, 50, 40, 3), "uint8"))["saliency"].shape)
        (2, 50, 40)
    """
    shape = getattr(network.output, "shape", ())
    if len(shape) != 4 or shape[-1] != 2:
        raise InputError(
            "`network` must give logits (B, h, w, 2), as `build_saliency_network` makes them. "
            f"Received `{network.name}` with {tuple(shape)}."
        )
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    size = tuple(network.input.shape[1:3])
    resized = ResizeImages(size, name="resize_images", dtype="float32")(images)
    saliency = SaliencyMap(name="saliency_map", dtype="float32")([network(resized), images])
    return keras.Model(images, {"saliency": saliency}, name="saliency_model")


def _mix(x, num_neurons, stride, *, size):
    name = f"head_{stride}_mix"
    x = layers.Conv2D(num_neurons, size, padding="same", use_bias=False, name=name)(x)
    x = layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM, name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def _check_arguments(encoder, num_neurons, finest_stride, dropout):
    size = tuple(encoder.input.shape[1:3])
    if None in size or any(side % COARSEST for side in size):
        raise InputError(
            f"`image_size` must be a multiple of {COARSEST}. Received {size}; the nearest above "
            f"is {tuple(-(-(side or 1) // COARSEST) * COARSEST for side in size)}."
        )
    if finest_stride not in FINEST_STRIDES:
        raise InputError(
            f"`finest_stride` must be one of {', '.join(map(str, FINEST_STRIDES))}. "
            f"Received {finest_stride}."
        )
    if num_neurons < 1 or not 0 <= dropout < 1:
        raise InputError(
            "`num_neurons` must be at least 1 and `dropout` in [0, 1). "
            f"Received {num_neurons} and {dropout}."
        )
