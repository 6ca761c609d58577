"""Networks that score every eighth pixel of a picture: DeepLab-LargeFOV, and a fusing one."""

from __future__ import annotations

from typing import Literal

import keras
from keras import layers

from config.errors import InputError
from models.align_corners import AlignTo
from models.dense_encoders import build_dense_encoder
from models.encoders import copy_encoder

STRIDE = 8  # pixels between the cells of the scores
HEADS = ("large_fov", "pyramid")
FIELD_OF_VIEW = 12  # dilation of DeepLab's fc6
BATCH_NORM_MOMENTUM = 0.9  # few steps train the head: its statistics must follow
# MobileNetV2 ends where its stride would be 32: what follows is too wide for maps of this size.
_LAST_LAYERS = {"mobilenet_v2": "block_13_expand_relu"}


def build_large_fov(
    encoder: keras.Model,
    *,
    num_classes: int,
    num_neurons: int = 1024,
    dropout: float = 0.5,
    head: Literal["large_fov", "pyramid"] = "large_fov",
) -> keras.Model:
    """Build the network that scores K classes and the background at every eighth pixel.

    "large_fov", as published: the encoder dilated to stride 8, a 3 x 3 convolution of dilation 12
    and a 1 x 1 convolution, each with dropout. "pyramid", two to three times as fast to train on a
    processor: the encoder as it is, its maps at strides 32, 16 and 8 narrowed, resized, added and
    mixed, the coarsest with its mean added. Both are for sides of 32 k + 1 pixels, at least 33, on
    which all maps line up: score (i, j) is that of pixel (8 i, 8 j).

    Args:
        encoder: what `models.encoders.build_encoder` returned, of odd sides; its layers are copied
            with their weights.
        num_classes: number of classes besides background, K.
        num_neurons: width of the head.
        dropout: share of the head's features that training drops.
        head: one of `HEADS`.

    Returns:
        Model from `image` (B, H, W, 3), float32 RGB in [0, 1], to `logits` (B, h, w, K + 1), the
        background first, with h = (H - 1) / 8 + 1. Its layers keep the encoder's names.

    Raises:
        InputError: a number is out of range, the encoder has even sides, it cannot be dilated, or
            the pyramid would lose its last cells.

    Example:
        >>> from models.encoders import build_encoder
        >>> encoder = build_encoder("mobilenet_v2", (65, 65, 3), alpha=0.35)
        >>> model = build_large_fov(encoder, num_classes=3, num_neurons=4, head="pyramid")
        >>> tuple(model(keras.ops.zeros((1, 65, 97, 3))).shape)
        (1, 9, 13, 4)

    References:
        Chen et al., "Semantic Image Segmentation with Deep Convolutional Nets and Fully Connected
        CRFs", arXiv 1412.7062; as trained by coallaoh/GuidedLabelling, with VGG-16 and 1,024
        neurons. The scores' kernel starts at a deviation of .01, as there.
    """
    _check(encoder, num_classes, num_neurons, head)
    image = keras.Input((None, None, 3), name="image")
    add_head = _add_large_fov if head == "large_fov" else _add_pyramid
    x = add_head(encoder, image, num_neurons, dropout)
    start = keras.initializers.RandomNormal(stddev=0.01)
    score = layers.Conv2D(
        num_classes + 1, 1, kernel_initializer=start, name="logits", dtype="float32"
    )
    return keras.Model(image, score(x), name=f"{head}_{encoder.name}")


def _check(encoder, num_classes, num_neurons, head):
    if head not in HEADS:
        raise InputError(f"`head` must be one of {', '.join(HEADS)}. Received {head!r}.")
    for name, value in (("num_classes", num_classes), ("num_neurons", num_neurons)):
        if value < 1:
            raise InputError(f"`{name}` must be at least 1. Received {value}.")
    sides = encoder.input.shape[1:3]
    if any(side is not None and side % 2 == 0 for side in sides):
        raise InputError(
            f"`encoder` must be built for odd sides, such as 321. Received {tuple(sides)}: its "
            "padding would shift the maps."
        )
    if head == "pyramid":
        _check_cells(encoder, sides)


def _check_cells(encoder, sides):
    """Refuse what loses its last cell, as VGG-16, whose poolings do not pad an odd side."""
    maps = encoder.output
    wanted = tuple(side and (side - 1) // STRIDE + 1 for side in sides)
    cells = tuple(maps["stride_8"].shape[1:3]) if "stride_8" in maps else wanted
    if cells != wanted:
        raise InputError(
            f"`head` pyramid needs an encoder whose map at stride {STRIDE} has {wanted} cells at "
            f"sides of {tuple(sides)} pixels. Received {encoder.name}, whose map has {cells}; "
            "choose `head` large_fov, or another `model_name`."
        )


def _add_large_fov(encoder, image, num_neurons, dropout):
    dense = build_dense_encoder(encoder, "deeplab")
    if encoder.name in _LAST_LAYERS:
        last = dense.get_layer(_LAST_LAYERS[encoder.name]).output
        dense = keras.Model(dense.input, last, name=dense.name)
    x = dense(image)
    rate = {"dilation_rate": FIELD_OF_VIEW, "padding": "same"}
    x = layers.Conv2D(num_neurons, 3, activation="relu", name="head_fc6", **rate)(x)
    x = layers.Dropout(dropout, name="head_fc6_dropout")(x)
    x = layers.Conv2D(num_neurons, 1, activation="relu", name="head_fc7")(x)
    return layers.Dropout(dropout, name="head_fc7_dropout")(x)


def _add_pyramid(encoder, image, num_neurons, dropout):
    maps = copy_encoder(encoder, image, finest_stride=STRIDE)
    x = _mix(maps["stride_32"], num_neurons, "head_32", size=1)
    context = layers.GlobalAveragePooling2D(keepdims=True, name="head_mean")(x)
    context = layers.Conv2D(num_neurons, 1, name="head_context")(context)
    x = layers.Add(name="head_with_context")([x, context])
    for stride in (16, STRIDE):
        finer = maps[f"stride_{stride}"]
        x = AlignTo(name=f"head_{stride}_up")([x, finer])
        finer = layers.Conv2D(num_neurons, 1, name=f"head_{stride}_in")(finer)
        x = layers.Add(name=f"head_{stride}_sum")([x, finer])
        x = _mix(x, num_neurons, f"head_{stride}_mix", size=3)
    return layers.SpatialDropout2D(dropout, name="head_dropout")(x)


def _mix(x, num_neurons, name, *, size):
    x = layers.Conv2D(num_neurons, size, padding="same", use_bias=False, name=name)(x)
    x = layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM, name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x)
