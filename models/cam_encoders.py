"""Encoders of the video classifiers: published weights, a fine last map, named maps to skip to."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
from keras import layers

from config.cam_names import CAM_ENCODER_NAMES
from config.errors import InputError
from models.dense_encoders import copy_with_changes, list_dense_changes
from models.encoder_weights import download_network, load_weights_file
from models.encoders import SMALLEST_SIDE, build_encoder

STRIDES = (8, 16)
_NUM_NEW_CHANNELS = 1024  # of the convolutions that VGG16 and InceptionV3 end in
_INCEPTION_SIDE = 96  # it is built at, to take its weights; the copy takes any size
_CUTS = ("mobilenet_v2", "resnet50")  # their third and fourth skip are the maps of strides 8 and 16
_NOTHING = r"(?!)"  # a pattern that no name matches
# Of the stage that starts with `mixed3`: two convolutions and the third pooling halve the map.
_STRIDED_INCEPTION = r"conv2d_29|conv2d_30|max_pooling2d_3"


@dataclass(frozen=True)
class CamEncoderRow:
    """What is known of an encoder beside its layers.

    Attributes:
        skips: names of the layers whose maps a decoder joins, finest first.
        features: name of the layer whose map the classes stand on.
        fresh: pattern of the names of the layers that learn as fast as the head.
        centre: whether the decoder starts with a block of its own on the features.

    Example:
        >>> CAM_ENCODERS["vgg16"].skips
        ('block2_conv2', 'block3_conv3')
    """

    skips: tuple[str, ...]
    features: str
    fresh: str
    centre: bool = False


CAM_ENCODERS = {
    "mobilenet_v2": CamEncoderRow(
        tuple(f"block_{number}_expand_relu" for number in (1, 3, 6, 13)),
        "out_relu",
        r"block_1[456]_.*|Conv_1.*",
    ),
    "resnet50": CamEncoderRow(
        ("conv1_relu", "conv2_block3_out", "conv3_block4_out", "conv4_block6_out"),
        "conv5_block3_out",
        r"conv5_.*",
    ),
    "vgg16": CamEncoderRow(
        ("block2_conv2", "block3_conv3"), "head_features", r"head_.*", centre=True
    ),
    "inception_v3": CamEncoderRow(
        ("activation_3", "activation_4", "mixed2", "mixed7"), "head_features_2", r"head_.*"
    ),
}


def build_cam_encoder(
    encoder_name: str,
    image_size: int,
    *,
    weights: str | None = None,
    alpha: float = 1.0,
    stride: int = 8,
    cut: bool = False,
) -> keras.Model:
    """Build an encoder whose last map is fine enough to show objects: 28 x 28 cells of 224 pixels.

    - mobilenet_v2: dilated as `models.dense_encoders` does, so that its weights mean what they
      meant; layers that halve the map keep the border that the weights learnt with, or maps would
      lie too far right and down: by 8 of 224 pixels at stride 8, 10 at stride 16, in place of 4 and
      1 (measured with ImageNet's weights by mirroring frames of DAVIS);
    - resnet50: stages 4 and 5 no longer halve the map, as published, without dilation;
    - vgg16: its last two poolings are gone, and a 3 x 3 convolution of 1,024 channels follows;
    - inception_v3: up to `mixed7`, whose stage no longer halves; every convolution and pooling
      keeps the border ("same"), and two 3 x 3 convolutions of 1,024 channels with dropout follow.

    Args:
        encoder_name: one of `config.cam_names.CAM_ENCODER_NAMES`.
        image_size: side of the square input, pixels, at least 32.
        weights: as `models.encoders.build_encoder` takes them, of the stock network.
        alpha: width multiplier, for MobileNetV2 only.
        stride: 8 pixels between the cells of the last map, or 16.
        cut: end a MobileNetV2 or ResNet50 at its own map of that stride: less deep, and quick to
            learn from little data without weights.

    Returns:
        Model from `image` (B, S, S, 3), float32 RGB in [0, 1], to the features (B, h, w, C), none
        negative. It bears the encoder's name, and its layers theirs.

    Raises:
        InputError: an argument is out of range, or the weights cannot be had, read, or put into
            this encoder.

    Example:
        >>> tuple(build_cam_encoder("mobilenet_v2", 64, alpha=0.35).output.shape)
        (None, 8, 8, 1280)

    References:
        Belharbi et al., "TCAM", WACV 2023, arXiv 2208.14542; sbelharbi/tcam-wsol-video, whose
        InceptionV3 gives 29 x 29 cells, since its poolings round up.
    """
    check_encoder(encoder_name, image_size, stride, cut=cut)
    shape = (image_size, image_size, 3)
    if encoder_name == "inception_v3":
        stock = _build_inception(weights, alpha)
    else:
        stock = build_encoder(encoder_name, shape, weights=weights, alpha=alpha)
    twin = copy_with_changes(stock, _list_changes(stock, stride), input_shape=shape)
    if cut:
        features = twin.get_layer(_cut_row(CAM_ENCODERS[encoder_name], stride).features).output
        return keras.Model(twin.input, features, name=encoder_name)
    features = twin.output if encoder_name == "inception_v3" else twin.output["stride_32"]
    if encoder_name == "vgg16":
        features = _convolve(features, "head_features")
    for number in (1, 2) if encoder_name == "inception_v3" else ():
        features = layers.Dropout(0.5, name=f"head_dropout_{number}")(features)
        features = _convolve(features, f"head_features_{number}")
    return keras.Model(twin.input, features, name=encoder_name)


def check_encoder(encoder_name: str, image_size: int, stride: int, *, cut: bool = False) -> None:
    """Require arguments that `build_cam_encoder` knows what to do with.

    Args:
        encoder_name: as there.
        image_size: as there.
        stride: as there.
        cut: as there.

    Raises:
        InputError: one is out of range.

    Example:
        >>> check_encoder("resnet", 224, 8)
        Traceback (most recent call last):
        ...
        config.errors.InputError: `encoder` must be one of mobilenet_v2, resnet50, vgg16, \
inception_v3. Received 'resnet'; the nearest is 'resnet50'.
    """
    if encoder_name not in CAM_ENCODER_NAMES:
        near = difflib.get_close_matches(str(encoder_name), CAM_ENCODER_NAMES, n=1, cutoff=0)[0]
        raise InputError(
            f"`encoder` must be one of {', '.join(CAM_ENCODER_NAMES)}. Received {encoder_name!r}; "
            f"the nearest is {near!r}."
        )
    if image_size < SMALLEST_SIDE:
        raise InputError(
            f"`image_size` must be at least {SMALLEST_SIDE} pixels. Received {image_size}."
        )
    if stride not in STRIDES:
        raise InputError(f"`stride` must be 8 or 16 pixels. Received {stride}.")
    if cut and encoder_name not in _CUTS:
        raise InputError(
            f"`cut` must be false for other than {' and '.join(_CUTS)}. Received true."
        )


def list_fresh_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """List the layers that learn as fast as the head: it and the encoder's last stage, or new ones.

    Args:
        model: what `models.cam_classifier.build_cam_classifier` returned.

    Returns:
        The layers, those without weights among them. The original multiplies their learning rate
        by 10.

    Raises:
        ValueError: the model holds none of `CAM_ENCODERS`.

    Example:
        >>> from models.cam_classifier import build_cam_classifier
        >>> model = build_cam_classifier("mobilenet_v2", num_classes=2, image_size=32, alpha=0.35)
        >>> [layer.name for layer in list_fresh_layers(model)][-2:]
        ['out_relu', 'head_classes']
    """
    pattern = f"{find_row(model).fresh}|{find_row(model).features}|head_.*"
    return [layer for layer in model.layers if re.fullmatch(pattern, layer.name)]


def find_row(model: keras.Model) -> CamEncoderRow:
    """Tell by its layers which encoder a model holds.

    Args:
        model: one that holds an encoder's layers.

    Returns:
        The row of `CAM_ENCODERS`.

    Raises:
        ValueError: there is none.

    Example:
        >>> find_row(build_cam_encoder("mobilenet_v2", 32, alpha=0.35)).features
        'out_relu'
    """
    names = {layer.name for layer in model.layers}
    cut = [_cut_row(CAM_ENCODERS[name], stride) for stride in (16, 8) for name in _CUTS]
    for row in (*CAM_ENCODERS.values(), *cut):
        if {*row.skips, row.features} <= names:
            return row
    raise ValueError(
        f"`model` must hold the layers of {', '.join(CAM_ENCODERS)}, as "
        f"models.cam_classifier.build_cam_classifier makes it. Received `{model.name}`."
    )


def _cut_row(row: CamEncoderRow, stride: int) -> CamEncoderRow:
    """Return what is known of an encoder that ends at its own map of a stride."""
    place = 2 if stride == 8 else 3
    return CamEncoderRow(row.skips[:place], row.skips[place], _NOTHING)


def _convolve(features, name):
    options = {"padding": "same", "activation": "relu", "kernel_initializer": "he_normal"}
    return layers.Conv2D(_NUM_NEW_CHANNELS, 3, name=name, **options)(features)


def _list_changes(stock: keras.Model, stride: int) -> dict[str, dict[str, Any]]:
    """Return what changes in a stock network's layers, for `copy_with_changes`."""
    whole = {"strides": (1, 1)}
    if stock.name == "mobilenet_v2":
        dense = list_dense_changes(stock.name, "high_res" if stride == 8 else "low_res")
        # Of the layers that still halve: the weights learnt with this, at 224 pixels.
        return {**dense, r"block_\d+_pad": {"padding": ((0, 1), (0, 1))}}
    if stock.name == "resnet50":
        return {rf"conv[{'45' if stride == 8 else '5'}]_block1_[01]_conv": whole}
    if stock.name == "vgg16":
        through = {"pool_size": (1, 1), "strides": (1, 1)}  # hands its input on
        return {rf"block[{'45' if stride == 8 else '5'}]_pool": through}
    changes = {r"conv2d_\d+|max_pooling2d_\d+": {"padding": "same"}}
    if stride == 8:
        changes[_STRIDED_INCEPTION] = whole
    return changes


def _build_inception(weights: str | None, alpha: float) -> keras.Model:
    """Build InceptionV3 up to `mixed7`; its layers' names count from 1 in every process."""
    if alpha != 1:
        raise InputError(f"`alpha` must be 1 for inception_v3. Received {alpha}.")
    image = keras.Input((_INCEPTION_SIDE, _INCEPTION_SIDE, 3), name="image")
    x = layers.ReLU(max_value=1.0, name="clip")(image)
    x = layers.Rescaling(255.0, name="to_255")(x)
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="preprocess")(x)
    options = {"include_top": False, "input_tensor": x}
    builder = keras.applications.InceptionV3
    if weights == "imagenet":
        network = download_network(builder, "inception_v3", options)
    else:
        network = builder(weights=None, **options)
    if weights not in (None, "imagenet"):
        whole = keras.Model(image, network.output, name="inception_v3")
        load_weights_file(whole, Path(weights))
    cut = keras.Model(image, network.get_layer("mixed7").output, name="inception_v3")
    return _name_by_order(cut)


def _name_by_order(network: keras.Model) -> keras.Model:
    """Copy a network with names that do not count what else the process has built."""
    numbers: dict[str, int] = {}

    def copy(layer):
        config = layer.get_config()
        if not re.fullmatch(r"mixed\d+|clip|to_255|preprocess", layer.name):
            kind = re.sub(r"_\d+$", "", layer.name)
            numbers[kind] = numbers.get(kind, 0) + 1
            config["name"] = f"{kind}_{numbers[kind]}"
        return layer.__class__.from_config(config)

    image = keras.Input(network.input.shape[1:], name="image")
    named = keras.models.clone_model(network, input_tensors=image, clone_function=copy)
    named.set_weights(network.get_weights())
    return named
