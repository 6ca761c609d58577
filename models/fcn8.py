"""FCN-8s: an encoder's maps at strides 32, 16, 8, maybe 4 and 2, scored and summed per pixel."""

# A layer documents itself: `call` and `compute_output_shape` are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

from collections.abc import Mapping

import keras
import tensorflow as tf

from config.errors import InputError
from models.align_corners import map_size
from models.encoders import copy_encoder

FINEST_STRIDES = (8, 4, 2)


@keras.saving.register_keras_serializable("inkling")
class ResizeLike(keras.layers.Layer):
    """Resize a map to the height and width of another, bilinearly: call it on `[map, other]`.

    Example:
        >>> small, large = keras.ops.ones((1, 2, 3, 4)), keras.ops.ones((1, 5, 7, 1))
        >>> tuple(ResizeLike()([small, large]).shape)
        (1, 5, 7, 4)
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        # The point losses call NumPy, which XLA cannot: `jit_compile="auto"` leaves it off.
        self.supports_jit = False

    def call(self, inputs):
        small, large = inputs
        return tf.image.resize(small, map_size(large))

    def compute_output_shape(self, input_shape):
        small, large = input_shape
        return (small[0], *large[1:3], small[3])


def build_fcn8(
    encoder: keras.Model,
    *,
    num_classes: int = 1,
    finest_stride: int = 8,
    num_neurons: int = 0,
    dropout: float = 0.5,
    score_bias: float = -2.0,
) -> keras.Model:
    """Build the fully convolutional network that scores every pixel, for pictures of any size.

    1 x 1 convolutions score the maps at strides 32, 16 and 8; each sum is resized to the next
    map's size, the last one to the picture's. All scores start at 0 but for `score_bias`, so an
    untrained network says p = sigmoid(score_bias) everywhere and has no blob. Objects that are
    smaller or nearer to each other than about 8 pixels need the maps at stride 4 or 2 as well.

    Args:
        encoder: what `build_encoder` returned, with any input size; its layers are copied with
            their weights, because the copy takes every size.
        num_classes: number of classes, K.
        finest_stride: stride of the finest map that is scored: 8, which makes it FCN-8s, 4 or 2.
        num_neurons: width of two further convolutions before the coarsest score, 7 x 7 and 1 x 1,
            each with dropout, 4,096 in the paper; 0 for none.
        dropout: share of their outputs that training drops.
        score_bias: what the classes' logits start at; the background's start at 0.

    Returns:
        Model from `image` (B, H, W, 3), float32 RGB in [0, 1], sides of at least 32 pixels, to
        `logits`: (B, H, W, 1) for one class, else (B, H, W, K + 1) with the background first. Its
        layers keep the encoder's names.

    Raises:
        InputError: `num_classes` below 1, `num_neurons` below 0, another `finest_stride`, or one of
            which the encoder has no map.

    Example:
        >>> from models.encoders import build_encoder
        >>> model = build_fcn8(build_encoder("mobilenet_v2", (64, 64, 3), alpha=0.35))
        >>> tuple(model(keras.ops.zeros((1, 50, 71, 3))).shape)
        (1, 50, 71, 1)

    References:
        Long et al., "Fully Convolutional Networks for Semantic Segmentation", arXiv 1411.4038.
        Resizing replaces the padding by 100, the crops and the learnt upsampling; the bias is
        -2 instead of 0, where every pixel would sit on the threshold.
    """
    check_head(num_classes, finest_stride)
    if num_neurons < 0:
        raise InputError(f"`num_neurons` must be at least 0. Received {num_neurons}.")
    image = keras.Input((None, None, 3), name="image")
    maps = copy_encoder(encoder, image, finest_stride=finest_stride)
    num_channels = 1 if num_classes == 1 else num_classes + 1
    deepest, *finer = list_strides(maps, finest_stride)
    x = maps[f"stride_{deepest}"]
    for i, side in enumerate((7, 1) if num_neurons else ()):
        name = f"head_{i + 1}"
        x = keras.layers.Conv2D(num_neurons, side, padding="same", activation="relu", name=name)(x)
        x = keras.layers.Dropout(dropout, name=f"{name}_dropout")(x)
    total = _score(num_channels, deepest)(x)
    for stride in finer:
        features = maps[f"stride_{stride}"]
        total = ResizeLike(name=f"up_to_stride_{stride}")([total, features])
        score = _score(num_channels, stride)(features)
        total = keras.layers.Add(name=f"sum_{stride}")([total, score])
    logits = ResizeLike(name="logits", dtype="float32")([total, image])  # (B, H, W, C)
    model = keras.Model(image, logits, name=f"fcn8_{encoder.name}")
    set_score_bias(model.get_layer(f"score_{deepest}"), num_classes, score_bias)
    return model


def list_strides(maps: Mapping[str, object], finest_stride: int) -> list[int]:
    """List the strides of the maps that a head fuses.

    Args:
        maps: what `copy_encoder` returned, perhaps of an encoder that ends early.
        finest_stride: stride of the finest map that is fused, one of them.

    Returns:
        Strides from the coarsest map down to `finest_stride`.

    Example:
        >>> list_strides(dict.fromkeys(["stride_2", "stride_4", "stride_8"]), 4)
        [8, 4]
    """
    strides = (int(name.removeprefix("stride_")) for name in maps)
    return sorted((stride for stride in strides if stride >= finest_stride), reverse=True)


def set_score_bias(layer: keras.layers.Layer, num_classes: int, score_bias: float) -> None:
    """Set what the logits of the classes start at; the background's stay as they are.

    Args:
        layer: a convolution to one channel, or to K + 1 with the background first.
        num_classes: number of classes, K.
        score_bias: the classes' bias.

    Example:
        >>> layer = keras.layers.Conv2D(3, 1)
        >>> layer.build((None, 4, 4, 2))
        >>> set_score_bias(layer, 2, -2.0)
        >>> layer.bias.numpy().tolist()
        [0.0, -2.0, -2.0]
    """
    kernel, bias = layer.get_weights()
    bias[0 if num_classes == 1 else 1 :] = score_bias
    layer.set_weights([kernel, bias])


def check_head(num_classes: int, finest_stride: int) -> None:
    """Refuse arguments that no head can be built with.

    Args:
        num_classes: number of classes, K.
        finest_stride: stride of the finest encoder map that is used.

    Raises:
        InputError: `num_classes` below 1, or another stride than 8, 4 or 2.

    Example:
        >>> check_head(1, 8)
    """
    if num_classes < 1:
        raise InputError(f"`num_classes` must be at least 1. Received {num_classes}.")
    if finest_stride not in FINEST_STRIDES:
        raise InputError(f"`finest_stride` must be 8, 4 or 2. Received {finest_stride}.")


def _score(num_channels, stride):
    return keras.layers.Conv2D(num_channels, 1, kernel_initializer="zeros", name=f"score_{stride}")
