"""Image encoders: each network with its own preprocess and its feature maps, in one table row."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import keras

from config.errors import InputError
from config.schema import ENCODER_NAMES
from models.encoder_weights import download_network, load_weights_file
from models.layers import CaffePreprocess

STRIDES = ("stride_4", "stride_8", "stride_16", "stride_32")
SMALLEST_SIDE = 32


@dataclass(frozen=True)
class EncoderRow:
    """One encoder that the table knows.

    Attributes:
        builder: the function of `keras.applications`.
        preprocess: makes the layer that turns RGB in [0, 255] into what the builder was trained on.
        feature_layers: layer names of the maps at strides 4, 8, 16 and 32, all after a ReLU.
        finest_layer: layer name of the map at stride 2.

    Example:
        >>> ENCODERS["vgg16"].feature_layers[-1]
        'block5_pool'
    """

    builder: Callable
    preprocess: Callable
    feature_layers: tuple[str, str, str, str]
    finest_layer: str


def _from_minus_one_to_one(name):
    return keras.layers.Rescaling(1 / 127.5, offset=-1.0, name=name)


def _caffe(name):
    return CaffePreprocess(name=name)


# The last layer of each resolution. ResNet v2 halves inside a stage's last block, so its maps are
# the ReLU at that block's door.
ENCODERS = {
    "mobilenet_v2": EncoderRow(
        keras.applications.MobileNetV2,
        _from_minus_one_to_one,
        ("block_3_expand_relu", "block_6_expand_relu", "block_13_expand_relu", "out_relu"),
        "block_1_expand_relu",
    ),
    "resnet50": EncoderRow(
        keras.applications.ResNet50,
        _caffe,
        ("conv2_block3_out", "conv3_block4_out", "conv4_block6_out", "conv5_block3_out"),
        "conv1_relu",
    ),
    "resnet50_v2": EncoderRow(
        keras.applications.ResNet50V2,
        _from_minus_one_to_one,
        (
            "conv2_block3_preact_relu",
            "conv3_block4_preact_relu",
            "conv4_block6_preact_relu",
            "post_relu",
        ),
        "conv1_conv",
    ),
    "vgg16": EncoderRow(
        keras.applications.VGG16,
        _caffe,
        ("block3_conv3", "block4_conv3", "block5_conv3", "block5_pool"),
        "block2_conv2",
    ),
}


def build_encoder(
    model_name: str,
    input_shape: tuple[int, int, int],
    *,
    weights: str | None = None,
    alpha: float = 1.0,
    deepest_stride: int = 32,
) -> keras.Model:
    """Build a network that turns a picture into feature maps at up to four strides.

    The model is flat: layers `clip` ([0, 1]), `to_255` and `preprocess`, then the layers of
    `keras.applications` under their own names, so `get_layer` reaches each of them.

    Args:
        model_name: one of `config.schema.ENCODER_NAMES`.
        input_shape: (height, width, 3) of the input, in pixels, at least 32 each.
        weights: None for random ones, "imagenet" to download Keras' own, or the path of a weights
            file: `.weights.h5`, Keras' published `no_top` `.h5`, or an encoder saved as `.keras`.
        alpha: width multiplier; other than 1 for MobileNetV2 only.
        deepest_stride: 4, 8, 16 or 32; the layers after the map of this stride are left out.

    Returns:
        Model from `image` (B, H, W, 3), float32 RGB in [0, 1], to a dict of feature maps
        `stride_4`, `stride_8`, `stride_16`, `stride_32` (the network's last map), as far as it
        goes, none negative.

    Raises:
        InputError: unknown `model_name`; `input_shape` too small or not RGB; `alpha` or
            `deepest_stride` that the encoder does not have; `weights` that cannot be had, read, or
            put into this encoder.

    Example:
        >>> encoder = build_encoder("mobilenet_v2", (64, 96, 3), alpha=0.35)
        >>> tuple(encoder.output["stride_32"].shape)
        (None, 2, 3, 1280)
    """
    _check_arguments(model_name, input_shape, alpha)
    row = ENCODERS[model_name]
    image = keras.Input(tuple(input_shape), name="image")
    x = keras.layers.ReLU(max_value=1.0, name="clip")(image)
    x = keras.layers.Rescaling(255.0, name="to_255")(x)
    x = row.preprocess("preprocess")(x)
    options = {"include_top": False, "input_tensor": x, "input_shape": tuple(input_shape)}
    if model_name == "mobilenet_v2":
        options["alpha"] = alpha
    if weights == "imagenet":
        network = download_network(row.builder, model_name, options)
    else:
        network = row.builder(weights=None, **options)
    maps = [network.get_layer(name).output for name in row.feature_layers]
    maps = dict(zip(STRIDES, maps, strict=True))
    encoder = keras.Model(image, maps, name=model_name)
    if weights not in (None, "imagenet"):
        load_weights_file(encoder, Path(weights), alpha)
    if deepest_stride == 32:
        return encoder
    if f"stride_{deepest_stride}" not in maps:
        raise InputError(f"`deepest_stride` must be 4, 8, 16 or 32. Received {deepest_stride}.")
    kept = STRIDES[: STRIDES.index(f"stride_{deepest_stride}") + 1]
    return keras.Model(image, {name: maps[name] for name in kept}, name=model_name)


def find_deepest(encoder: keras.Model) -> str:
    """Name the coarsest feature map that an encoder gives.

    Args:
        encoder: what `build_encoder` returned.

    Returns:
        One of `STRIDES`.

    Raises:
        InputError: the model gives none of them.

    Example:
        >>> find_deepest(build_encoder("mobilenet_v2", (32, 32, 3), alpha=0.35, deepest_stride=8))
        'stride_8'
    """
    output = getattr(encoder, "output", None)
    given = [name for name in STRIDES if isinstance(output, dict) and name in output]
    if not given:
        raise InputError(
            f"an encoder must give a feature map: {', '.join(STRIDES)}. Received a model named "
            f"{encoder.name}."
        )
    return given[-1]


def set_batch_norm(
    encoder: keras.Model, mode: Literal["train", "frozen"], momentum: float = 0.99
) -> None:
    """Choose how the batch normalisation of an encoder behaves while it is trained.

    Frozen layers use their moving statistics in training too, and neither statistics nor affine
    weights change: right for small batches on pretrained weights. Call it before `compile`.

    Args:
        encoder: what `build_encoder` returned; changed in place.
        mode: "train" or "frozen".
        momentum: share of the old moving statistics that a training step keeps ("train" only).

    Raises:
        InputError: unknown `mode`.

    Example:
        >>> encoder = build_encoder("mobilenet_v2", (32, 32, 3), alpha=0.35)
        >>> set_batch_norm(encoder, "frozen")
        >>> encoder.get_layer("bn_Conv1").trainable
        False
    """
    if mode not in ("train", "frozen"):
        raise InputError(f'`batch_norm` must be "train" or "frozen". Received {mode!r}.')
    for layer in encoder.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = mode == "train"
            if mode == "train":
                layer.momentum = momentum


def copy_encoder(
    encoder: keras.Model, image: keras.KerasTensor, *, finest_stride: int = 4
) -> dict[str, keras.KerasTensor]:
    """Run an encoder's layers, copied with their weights, on an input of another size.

    Args:
        encoder: what `build_encoder` returned.
        image: (B, H, W, 3) input, of unknown height and width perhaps.
        finest_stride: stride of the finest map that is needed.

    Returns:
        Its feature maps by name and, where its name is one of the table's, `stride_2` as well.

    Raises:
        InputError: the encoder has no map at `finest_stride`.

    Example:
        >>> encoder = build_encoder("mobilenet_v2", (64, 96, 3), alpha=0.35)
        >>> sorted(copy_encoder(encoder, keras.Input((None, None, 3))))
        ['stride_16', 'stride_2', 'stride_32', 'stride_4', 'stride_8']
    """
    copy = keras.models.clone_model(encoder, input_tensors=image)
    copy.set_weights(encoder.get_weights())
    for mine, theirs in zip(copy.layers, encoder.layers, strict=True):
        mine.trainable = theirs.trainable
    maps = dict(copy.output)
    if encoder.name in ENCODERS:
        maps["stride_2"] = copy.get_layer(ENCODERS[encoder.name].finest_layer).output
    if f"stride_{finest_stride}" not in maps:
        raise InputError(
            f"`finest_stride` {finest_stride} needs an encoder that gives a map of it. Received "
            f"{encoder.name}, which gives {', '.join(sorted(maps))}."
        )
    return maps


def _check_arguments(model_name, input_shape, alpha):
    if model_name not in ENCODERS:
        nearest = difflib.get_close_matches(str(model_name), ENCODER_NAMES, n=1, cutoff=0)[0]
        raise InputError(
            f"`model_name` must be one of {', '.join(ENCODER_NAMES)}. Received {model_name!r}; "
            f"the nearest is {nearest!r}."
        )
    if len(input_shape) != 3 or input_shape[2] != 3 or min(input_shape[:2]) < SMALLEST_SIDE:
        raise InputError(
            f"`input_shape` must be (height, width, 3) with sides of at least {SMALLEST_SIDE} "
            f"pixels. Received {tuple(input_shape)}."
        )
    if alpha != 1 and model_name != "mobilenet_v2":
        raise InputError(
            f"`alpha` must be 1 for {model_name}: only mobilenet_v2 has a width multiplier. "
            f"Received {alpha}."
        )
    if alpha <= 0:
        raise InputError(f"`alpha` must be positive. Received {alpha}.")
