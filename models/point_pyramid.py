"""A feature pyramid that scores every pixel: finer than FCN-8s where objects touch."""

from __future__ import annotations

import keras

from config.errors import InputError
from models.encoders import copy_encoder
from models.fcn8 import ResizeLike, check_head, list_strides, set_score_bias


def build_point_pyramid(
    encoder: keras.Model,
    *,
    num_classes: int = 1,
    finest_stride: int = 4,
    num_neurons: int = 96,
    dropout: float = 0.0,
    score_bias: float = -2.0,
) -> keras.Model:
    """Build a network that scores every pixel of pictures of any size from fused encoder maps.

    A 1 x 1 convolution narrows the encoder's coarsest map, of stride 32 as a rule. For each finer
    stride the features are resized to that map, the narrowed map is added, and a depthwise 3 x 3
    and a 1 x 1 convolution mix both. A 3 x 3 convolution scores the finest features, and its
    scores are resized to the picture. All scores start at 0 but for `score_bias`, as in
    `build_fcn8`.

    Args:
        encoder: what `build_encoder` returned, with any input size; its layers are copied with
            their weights, because the copy takes every size.
        num_classes: number of classes, K.
        finest_stride: stride of the finest map that is fused: 8, 4 or 2.
        num_neurons: width of all features, at least 1.
        dropout: share of the finest features that training drops.
        score_bias: what the classes' logits start at; the background's start at 0.

    Returns:
        Model from `image` (B, H, W, 3), float32 RGB in [0, 1], sides of at least 32 pixels, to
        `logits`: (B, H, W, 1) for one class, else (B, H, W, K + 1) with the background first. Its
        layers keep the encoder's names.

    Raises:
        InputError: a number is out of range, or the encoder has no map at `finest_stride`.

    Example:
        >>> from models.encoders import build_encoder
        >>> encoder = build_encoder("mobilenet_v2", (64, 64, 3), alpha=0.35)
        >>> model = build_point_pyramid(encoder, num_neurons=8)
        >>> tuple(model(keras.ops.zeros((1, 50, 71, 3))).shape)
        (1, 50, 71, 1)

    References:
        Lin et al., "Feature Pyramid Networks for Object Detection", arXiv 1612.03144. Here the
        lateral maps pass a ReLU, and the smoothing is separable and feeds the next stride.
    """
    check_head(num_classes, finest_stride)
    if num_neurons < 1:
        raise InputError(f"`num_neurons` must be at least 1 in a pyramid. Received {num_neurons}.")
    image = keras.Input((None, None, 3), name="image")
    maps = copy_encoder(encoder, image, finest_stride=finest_stride)
    deepest, *finer = list_strides(maps, finest_stride)
    x = _narrow(num_neurons, f"narrow_{deepest}")(maps[f"stride_{deepest}"])
    for stride in finer:
        x = ResizeLike(name=f"up_to_stride_{stride}")([x, maps[f"stride_{stride}"]])
        narrow = _narrow(num_neurons, f"narrow_{stride}")(maps[f"stride_{stride}"])
        x = keras.layers.Add(name=f"sum_{stride}")([x, narrow])
        x = keras.layers.DepthwiseConv2D(3, padding="same", name=f"smooth_{stride}")(x)
        x = _narrow(num_neurons, f"mix_{stride}")(x)
    x = keras.layers.Dropout(dropout, name="head_dropout")(x)
    score = keras.layers.Conv2D(
        1 if num_classes == 1 else num_classes + 1,
        3,
        padding="same",
        kernel_initializer="zeros",
        name="score",
    )
    logits = ResizeLike(name="logits", dtype="float32")([score(x), image])  # (B, H, W, C)
    set_score_bias(score, num_classes, score_bias)
    return keras.Model(image, logits, name=f"pyramid_{encoder.name}")


def _narrow(num_neurons: int, name: str) -> keras.layers.Layer:
    return keras.layers.Conv2D(num_neurons, 1, activation="relu", name=name)
