"""Networks that learn tags and show where they saw them: an encoder, a mean, a linear layer."""

from __future__ import annotations

import difflib

import keras
from keras import layers

from config.errors import InputError
from models.dense_encoders import STRIDES, VARIANTS, build_dense_encoder

SCORES_LAYER = "class_scores"
# Layers that the network adds are named so; all others are the encoder's.
OWN_LAYERS = ("head_", SCORES_LAYER)
_DEVIATION = 0.005  # of the published head's first weights


def build_seed_network(
    encoder: keras.Model,
    *,
    num_classes: int,
    variant: str = "low_res",
    num_neurons: int = 1024,
    dropout: float = 0.5,
) -> keras.Model:
    """Build a classifier of tags whose scores are means of class activation maps.

    Encoder, convolutions, global average, one linear layer without bias. The maps' cells are
    `STRIDES[variant]` pixels apart:

    - "low_res" (16): one 3 x 3 convolution;
    - "high_res" (8): two 3 x 3 convolutions;
    - "deeplab" (8): a 3 x 3 convolution of dilation 12, then a 1 x 1 convolution.

    On VGG16 these are the published networks; on MobileNetV2 and ResNet50 the whole encoder is
    dilated to the same stride, see `models.dense_encoders`.

    Args:
        encoder: what `models.encoders.build_encoder` returned; its layers are copied.
        num_classes: number of classes, K.
        variant: one of `models.dense_encoders.VARIANTS`.
        num_neurons: width of the convolutions, 1024 as published; 0 for none: the linear layer
            then stands on the encoder's own map, which needs the fewest pictures.
        dropout: share of the features hidden in training, after every convolution, or before the
            mean where there is none.

    Returns:
        Model from `image` (B, H, W, 3) of any size, float32 RGB in [0, 1], to `scores` (B, K)
        logits and `features` (B, h, w, C), none negative. The kernel (C, K) of its layer
        `class_scores` makes maps of the features (`ops.cam`), whose means are the scores.

    Raises:
        InputError: an argument is out of range.

    Example:
        >>> from models.encoders import build_encoder
        >>> encoder = build_encoder("mobilenet_v2", (65, 65, 3), alpha=0.35)
        >>> network = build_seed_network(encoder, num_classes=3, num_neurons=8)
        >>> {name: tuple(x.shape) for name, x in network(keras.ops.zeros((2, 65, 97, 3))).items()}
        {'scores': (2, 3), 'features': (2, 5, 7, 8)}

    References:
        Oh et al., "Exploiting Saliency for Object Segmentation from Image Level Labels", CVPR 2017;
        coallaoh/GuidedLabelling, GAP-LowRes, GAP-HighRes and GAP-DeepLab. There the last of these
        starts from DeepLab's weights, and a bias learns twice, the linear layer ten times as fast.
    """
    _check_arguments(num_classes, variant, num_neurons, dropout)
    dense = build_dense_encoder(encoder, variant)
    x = dense.output
    for number, (size, dilation) in enumerate(_list_convolutions(variant, num_neurons), start=1):
        x = layers.Conv2D(
            num_neurons,
            size,
            padding="same",
            dilation_rate=dilation,
            activation="relu",
            kernel_initializer=_start(num_neurons),
            name=f"head_features_{number}",
        )(x)
        x = layers.Dropout(dropout, name=f"head_dropout_{number}")(x)
    if not num_neurons:
        x = layers.Dropout(dropout, name="head_dropout")(x)
    mean = layers.GlobalAveragePooling2D(name="head_mean", dtype="float32")(x)
    scores = layers.Dense(
        num_classes,
        use_bias=False,
        kernel_initializer=_start(num_neurons),
        name=SCORES_LAYER,
        dtype="float32",
    )(mean)
    outputs = {"scores": scores, "features": x}
    return keras.Model(dense.input, outputs, name=f"{variant}_seed_network")


def list_encoder_layers(network: keras.Model) -> list[keras.layers.Layer]:
    """List the layers of a seed network that belong to its encoder, from the input on.

    Args:
        network: what `build_seed_network` returned.

    Returns:
        The layers, the input and the preprocess among them.

    Example:
        >>> from models.encoders import build_encoder
        >>> encoder = build_encoder("mobilenet_v2", (65, 65, 3), alpha=0.35)
        >>> list_encoder_layers(build_seed_network(encoder, num_classes=3))[-1].name
        'out_relu'
    """
    return [layer for layer in network.layers if not layer.name.startswith(OWN_LAYERS)]


def check_side(side: int, variant: str) -> None:
    """Require a side of the input on which the maps' cells lie on pixels, corner to corner.

    Args:
        side: of the square that a network sees, pixels.
        variant: one of `VARIANTS`.

    Raises:
        InputError: it is not a multiple of the stride plus 1.

    Example:
        >>> check_side(321, "high_res")
        >>> check_side(224, "low_res")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `image_size` must be a multiple of 16 pixels plus 1 with \
`variant` low_res. Received 224; the nearest is 225.
    """
    stride = STRIDES[variant]
    if side % stride != 1:
        nearest = max(1, round((side - 1) / stride)) * stride + 1
        raise InputError(
            f"`image_size` must be a multiple of {stride} pixels plus 1 with `variant` {variant}. "
            f"Received {side}; the nearest is {nearest}."
        )


def _start(num_neurons):
    """Return the published start; a linear layer on its own starts as if it had learnt nothing."""
    return keras.initializers.RandomNormal(stddev=_DEVIATION) if num_neurons else "zeros"


def _list_convolutions(variant, num_neurons):
    """Return (size, dilation) of each convolution of the head."""
    known = {"low_res": [(3, 1)], "high_res": [(3, 1)] * 2, "deeplab": [(3, 12), (1, 1)]}
    return known[variant] if num_neurons else []


def _check_arguments(num_classes, variant, num_neurons, dropout):
    if variant not in VARIANTS:
        nearest = difflib.get_close_matches(str(variant), VARIANTS, n=1, cutoff=0)[0]
        raise InputError(
            f"`variant` must be one of {', '.join(VARIANTS)}. Received {variant!r}; the nearest "
            f"is {nearest!r}."
        )
    for name, value, least in (("num_classes", num_classes, 1), ("num_neurons", num_neurons, 0)):
        if value < least:
            raise InputError(f"`{name}` must be at least {least}. Received {value}.")
    if not 0 <= dropout < 1:
        raise InputError(f"`dropout` must be at least 0 and below 1. Received {dropout}.")
