"""FCN-8s: an encoder's maps at strides 32, 16, 8, maybe 4 and 2, scored and summed per pixel."""

# A layer documents itself: `call` and `compute_output_shape` are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

import keras
import tensorflow as tf

from config.errors import InputError
from models.encoders import ENCODERS

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
        return tf.image.resize(small, tf.shape(large)[1:3])

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
        InputError: `num_classes` below 1, `num_neurons` below 0, or another `finest_stride`.

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
    _check_arguments(num_classes, num_neurons, finest_stride)
    image = keras.Input((None, None, 3), name="image")
    maps = _copy_encoder(encoder, image)
    num_channels = 1 if num_classes == 1 else num_classes + 1
    x = maps["stride_32"]
    for i, side in enumerate((7, 1) if num_neurons else ()):
        name = f"head_{i + 1}"
        x = keras.layers.Conv2D(num_neurons, side, padding="same", activation="relu", name=name)(x)
        x = keras.layers.Dropout(dropout, name=f"{name}_dropout")(x)
    total = _score(num_channels, 32)(x)
    for stride in (16, *(stride for stride in FINEST_STRIDES if stride >= finest_stride)):
        features = maps[f"stride_{stride}"]
        total = ResizeLike(name=f"up_to_stride_{stride}")([total, features])
        score = _score(num_channels, stride)(features)
        total = keras.layers.Add(name=f"sum_{stride}")([total, score])
    logits = ResizeLike(name="logits", dtype="float32")([total, image])  # (B, H, W, C)
    model = keras.Model(image, logits, name=f"fcn8_{encoder.name}")
    first_class = 0 if num_classes == 1 else 1
    kernel, bias = model.get_layer("score_32").get_weights()
    bias[first_class:] = score_bias
    model.get_layer("score_32").set_weights([kernel, bias])
    return model


def _score(num_channels, stride):
    return keras.layers.Conv2D(num_channels, 1, kernel_initializer="zeros", name=f"score_{stride}")


def _copy_encoder(encoder, image):
    """Run an encoder's layers, copied, on an input of unknown size; return its maps by name."""
    copy = keras.models.clone_model(encoder, input_tensors=image)
    copy.set_weights(encoder.get_weights())
    for mine, theirs in zip(copy.layers, encoder.layers, strict=True):
        mine.trainable = theirs.trainable
    finest = ENCODERS[encoder.name].finest_layer if encoder.name in ENCODERS else None
    maps = dict(copy.output)
    if finest is not None:
        maps["stride_2"] = copy.get_layer(finest).output
    return maps


def _check_arguments(num_classes, num_neurons, finest_stride):
    if num_classes < 1:
        raise InputError(f"`num_classes` must be at least 1. Received {num_classes}.")
    if num_neurons < 0:
        raise InputError(f"`num_neurons` must be at least 0. Received {num_neurons}.")
    if finest_stride not in FINEST_STRIDES:
        raise InputError(f"`finest_stride` must be 8, 4 or 2. Received {finest_stride}.")
