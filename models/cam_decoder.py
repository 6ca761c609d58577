"""The decoder of F-CAM and TCAM: a U-Net on a frozen classifier, object against background."""

# A layer documents itself: `call` and `compute_output_spec` are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from config.errors import InputError
from models.cam_encoders import find_row
from models.fcn8 import ResizeLike

CHANNELS = (256, 128, 64, 32, 16)
MAP_LAYER = "decoder_map"
_NUM_CENTRE_CHANNELS = 1024
_MOMENTUM = 0.9  # of the batch norm: PyTorch's .1 of the new


@keras.saving.register_keras_serializable("inkling")
class Frozen(keras.layers.Wrapper):
    """Runs a model as at inference, whatever mode the whole is called in, and keeps its weights.

    A model that is called with `training=False` inside another one is trained with it all the same:
    the outer mode wins. Its batch norms could be frozen alone, its dropouts not.

    Args:
        layer: the model; frozen.

    Example:
        >>> image = keras.Input((2,))
        >>> model = keras.Model(image, keras.layers.Dropout(0.9)(image))
        >>> Frozen(model)(keras.ops.ones((1, 2)), training=True).numpy().tolist()
        [[1.0, 1.0]]
    """

    def __init__(self, layer, **kwargs):
        super().__init__(layer, **kwargs)
        self.trainable = False

    def call(self, inputs):
        return self.layer(inputs, training=False)

    def compute_output_spec(self, inputs):
        return self.layer.compute_output_spec(inputs)


def build_cam_decoder(
    classifier: keras.Model, *, channels: Sequence[int] | None = None
) -> keras.Model:
    """Build a network that draws the object at the picture's resolution, on a frozen classifier.

    Each block resizes what it gets to the next finer map of the encoder, joins that map, and has
    two 3 x 3 convolutions, each with batch norm and ReLU; the last one joins nothing. A 3 x 3
    convolution makes the two logits of every pixel, background first. On VGG16 a block of 1,024
    channels comes before them.

    The classifier learns nothing and always runs as at inference, its batch norms and dropouts
    too, whatever mode the whole is called in.

    Args:
        classifier: what `models.cam_classifier.build_cam_classifier` returned, trained. Its layers
            are shared, not copied, and frozen.
        channels: of each block, one more than there are maps to join; None for those published,
            (256, 128, 64, 32, 16), of VGG16 the first three. A quarter suits MobileNetV2.

    Returns:
        Model from `image` (B, S, S, 3), float32 RGB in [0, 1], to `scores` (B, K), the
        classifier's logits, and `map_logits` (B, S, S, 2) float32. Layers of the decoder start
        with `decoder_`.

    Raises:
        InputError: the classifier is another model, or `channels` are not one positive number for
            each block.

    Example:
        >>> from models.cam_classifier import build_cam_classifier
        >>> options = {"num_classes": 3, "image_size": 64, "alpha": 0.35}
        >>> classifier = build_cam_classifier("mobilenet_v2", **options)
        >>> model = build_cam_decoder(classifier, channels=(16, 8, 8, 4, 4))
        >>> {name: tuple(x.shape) for name, x in model(keras.ops.zeros((2, 64, 64, 3))).items()}
        {'scores': (2, 3), 'map_logits': (2, 64, 64, 2)}

    References:
        Belharbi et al., "F-CAM", WACV 2022, arXiv 2109.07069, and "TCAM", WACV 2023, arXiv
        2208.14542; sbelharbi/tcam-wsol-video. There every block doubles the map and then shrinks it
        to that of the encoder where stages do not halve.
    """
    joined, row = _add_skips(classifier)
    channels = tuple(CHANNELS[: len(row.skips) + 1] if channels is None else channels)
    if len(channels) != len(row.skips) + 1 or min(channels) < 1:
        raise InputError(
            f"`channels` must be {len(row.skips) + 1} whole numbers from 1, one for each block of "
            f"the decoder. Received {list(channels)}."
        )
    image = keras.Input(classifier.input.shape[1:], name="image")
    found = Frozen(joined, name="decoder_classifier")(image)
    x = found["features"]
    if row.centre:
        x = _convolve_twice(x, _NUM_CENTRE_CHANNELS, "decoder_centre")
    targets = [*[found[name] for name in reversed(row.skips)], None]
    for number, (target, width) in enumerate(zip(targets, channels, strict=True), start=1):
        name = f"decoder_{number}"
        x = _resize(x, image if target is None else target, name)
        if target is not None:
            x = layers.Concatenate(name=f"{name}_join")([x, target])
        x = _convolve_twice(x, width, name)
    logits = layers.Conv2D(2, 3, padding="same", name=MAP_LAYER, dtype="float32")(x)
    outputs = {"scores": found["scores"], "map_logits": logits}
    return keras.Model(image, outputs, name="cam_decoder")


def find_classifier(decoder: keras.Model) -> keras.Model:
    """Take the frozen classifier out of a decoder.

    Args:
        decoder: what `build_cam_decoder` returned, or its file.

    Returns:
        Model from `image` to `scores`, `features`, `maps` and the maps that the decoder joins;
        shared.

    Raises:
        InputError: the model is no decoder.

    Example:
        >>> find_classifier(keras.Sequential([keras.layers.ReLU()], name="other"))
        Traceback (most recent call last):
        ...
        config.errors.InputError: the model must be a decoder of class activation maps. Received \
`other`; give a run of finetuning/temporal_cam.
    """
    for layer in decoder.layers:
        if isinstance(layer, Frozen):
            return layer.layer
    raise InputError(
        "the model must be a decoder of class activation maps. Received "
        f"`{decoder.name}`; give a run of finetuning/temporal_cam."
    )


def _add_skips(classifier):
    """Return the classifier with the maps to join among its outputs; and its row."""
    try:
        row = find_row(classifier)
    except ValueError as error:
        raise InputError(f"`classifier`: {error}") from error
    skips = {name: classifier.get_layer(name).output for name in row.skips}
    outputs = {**classifier.output, **skips}
    return keras.Model(classifier.input, outputs, name=classifier.name), row


def _resize(x, target, name):
    """Resize a map to another's size: nearest where that doubles it, else bilinearly."""
    mine, wanted = tuple(x.shape[1:3]), tuple(target.shape[1:3])
    if mine == wanted:
        return x
    if wanted == tuple(2 * side for side in mine):
        return layers.UpSampling2D(name=f"{name}_up")(x)
    return ResizeLike(name=f"{name}_up")([x, target])


def _convolve_twice(x, width, name):
    for letter in "ab":
        options = {"padding": "same", "use_bias": False, "kernel_initializer": "he_uniform"}
        x = layers.Conv2D(width, 3, name=f"{name}{letter}", **options)(x)
        x = layers.BatchNormalization(momentum=_MOMENTUM, name=f"{name}{letter}_norm")(x)
        x = layers.ReLU(name=f"{name}{letter}_relu")(x)
    return x
