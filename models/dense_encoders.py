"""Encoders whose last map is finer than stride 32: the same weights, dilated, for maps of heat."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import keras

VARIANTS = ("low_res", "high_res", "deeplab")
STRIDES = {"low_res": 16, "high_res": 8, "deeplab": 8}
# Patterns of layer names: what halves the map from stride 8 to 16 and from 16 to 32, and the
# convolutions after each, up to the next, that look at more than one place.
_HALVING = {
    "mobilenet_v2": ("block_6_depthwise", "block_13_depthwise"),
    "resnet50": (r"conv4_block1_[01]_conv", r"conv5_block1_[01]_conv"),
}
_AFTER = {
    "mobilenet_v2": (r"block_([7-9]|1[0-2])_depthwise", r"block_1[456]_depthwise"),
    "resnet50": (r"conv4_block\d+_2_conv", r"conv5_block\d+_2_conv"),
}


def build_dense_encoder(encoder: keras.Model, variant: str, *, cut: bool = False) -> keras.Model:
    """Copy an encoder so that its last map comes at stride 16 or 8, with the weights it has.

    A layer that would halve the map beyond that stride no longer does, and those after it look at
    every second (or fourth) place instead: each place of the finer map sees what it would see in
    the coarse one, so that pre-trained weights keep their meaning.

    VGG16 is what was published: "low_res" has four poolings, "high_res" three and no dilation,
    "deeplab" 3 x 3 poolings, of which the last two do not halve, and a dilated block 5. Of an
    encoder that is none of these the map of that stride is taken.

    Cell (i, j) of the map looks at pixel (stride i, stride j) where the picture's sides are a
    multiple of the stride plus 1, such as 225 or 321; MobileNetV2 has to be padded alike on both
    sides for that, so it is, whatever the size it was built for.

    Args:
        encoder: what `models.encoders.build_encoder` returned; its weights are copied.
        variant: one of `VARIANTS`; "high_res" and "deeplab" have stride 8.
        cut: end the encoder at its own map of that stride. It knows less and sees less far, and
            costs and needs less, pictures to learn from above all.

    Returns:
        Model from `image` (B, H, W, 3) of any size, float32 RGB in [0, 1], to the features
        (B, h, w, C), none negative; its layers are named as the encoder's.

    Raises:
        ValueError: unknown `variant`.

    Example:
        >>> from models.encoders import build_encoder
        >>> encoder = build_encoder("mobilenet_v2", (65, 65, 3), alpha=0.35)
        >>> dense = build_dense_encoder(encoder, "low_res")
        >>> tuple(dense(keras.ops.zeros((1, 65, 65, 3))).shape)
        (1, 5, 5, 1280)

    References:
        Oh et al., CVPR 2017, coallaoh/GuidedLabelling, for VGG16; Chen et al., "DeepLab",
        arXiv 1606.00915, for dilation. Poolings pad as Caffe's do, at the far side.
    """
    if variant not in VARIANTS:
        raise ValueError(f"`variant` must be one of {', '.join(VARIANTS)}. Received {variant!r}.")
    twin = copy_with_changes(encoder, list_dense_changes(encoder.name, variant))
    last = _last_map(twin, encoder.name, variant, cut)
    return keras.Model(twin.input, last, name=encoder.name)


def copy_with_changes(
    encoder: keras.Model,
    changes: Mapping[str, Mapping[str, Any]],
    *,
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
) -> keras.Model:
    """Copy an encoder with its weights, some of its layers set up otherwise.

    Args:
        encoder: one input, functional; its layers' weights are copied.
        changes: {pattern of layer names: what is new in their configuration}; no change may change
            the shape of a weight.
        input_shape: of the copy's `image`.

    Returns:
        Model with the encoder's outputs; its layers are named and frozen as the encoder's.

    Example:
        >>> image = keras.Input((8, 8, 3))
        >>> encoder = keras.Model(image, keras.layers.MaxPooling2D(name="p")(image))
        >>> copy = copy_with_changes(encoder, {"p": {"strides": (1, 1), "padding": "same"}})
        >>> tuple(copy(keras.ops.zeros((1, 8, 9, 3))).shape)
        (1, 8, 9, 3)
    """

    def copy(layer):
        config = layer.get_config()
        for pattern, new in changes.items():
            if re.fullmatch(pattern, layer.name):
                config |= new
        return layer.__class__.from_config(config)

    image = keras.Input(input_shape, name="image")
    twin = keras.models.clone_model(encoder, input_tensors=image, clone_function=copy)
    twin.set_weights(encoder.get_weights())
    for mine, theirs in zip(twin.layers, encoder.layers, strict=True):
        mine.trainable = theirs.trainable
    return twin


def list_dense_changes(name: str, variant: str) -> dict[str, dict[str, Any]]:
    """Say what changes in an encoder's layers so that its last map comes at a finer stride.

    Args:
        name: of the encoder.
        variant: one of `VARIANTS`.

    Returns:
        {pattern of layer names: changes}, for `copy_with_changes`; {} for an unknown encoder.

    Example:
        >>> list_dense_changes("resnet50", "low_res")["conv5_block1_[01]_conv"]
        {'strides': (1, 1), 'dilation_rate': (1, 1)}
    """
    if name == "vgg16":
        return _list_vgg_changes(variant)
    if name not in _HALVING:
        return {}
    changes = {}
    if name == "mobilenet_v2":
        changes[r"block_\d+_pad"] = {"padding": ((1, 1), (1, 1))}
    dilation = 1
    halvings = list(zip(_HALVING[name], _AFTER[name], strict=True))
    for halving, after in halvings if STRIDES[variant] == 8 else halvings[1:]:
        rate = (dilation, dilation)
        changes[halving] = {"strides": (1, 1), "dilation_rate": rate}
        if name == "mobilenet_v2":
            changes[halving.replace("depthwise", "pad")] = {"padding": (rate, rate)}
        dilation *= 2
        changes[after] = {"dilation_rate": (dilation, dilation)}
    return changes


def _list_vgg_changes(variant):
    size = 3 if variant == "deeplab" else 2
    halving = {"pool_size": (size, size), "strides": (2, 2), "padding": "same"}
    changes = {r"block\d_pool": halving}
    if variant == "deeplab":
        changes[r"block[45]_pool"] = {"strides": (1, 1)}
        changes[r"block5_conv\d"] = {"dilation_rate": (2, 2)}
    if variant == "high_res":
        changes["block4_pool"] = {"pool_size": (1, 1), "strides": (1, 1)}  # hands its input on
    return changes


def _last_map(twin, name, variant, cut):
    if name == "vgg16" and variant != "deeplab" and not cut:
        return twin.get_layer("block5_conv3").output
    known = name in _HALVING or name == "vgg16"
    return twin.output["stride_32" if known and not cut else f"stride_{STRIDES[variant]}"]
