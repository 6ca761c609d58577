"""Rebuilds a served model for pictures of one size, with operations that every runtime has."""

# A layer documents itself: `call` and `get_config` are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

import keras

from models.model_layers import list_leaves
from models.point_counter import CountBlobs
from models.size_steps import STEPS


@keras.saving.register_keras_serializable("inkling")
class AtSize(keras.layers.Layer):
    """Do what a layer does, for pictures of one size, with operations that every runtime has.

    Args:
        layer: one whose class is a key of `STEPS`.
        size: (height, width) of the pictures that come in, pixels.

    Example:
        >>> from models.picture_scale import ResizeImages
        >>> layer = AtSize(ResizeImages((2, 2)), (4, 4))
        >>> tuple(layer(keras.ops.zeros((1, 4, 4, 3), "uint8")).shape)
        (1, 2, 2, 3)
    """

    def __init__(self, layer, size, **kwargs):
        super().__init__(**{"autocast": False, "dtype": "float32", **kwargs})
        layer.built = True  # none of them has weights
        self.layer = layer
        self.size = tuple(size)
        self._step = STEPS[type(layer)](layer, self.size)

    def call(self, inputs):
        return self._step(inputs)

    def get_config(self):
        layer = keras.saving.serialize_keras_object(self.layer)
        return {**super().get_config(), "layer": layer, "size": self.size}

    @classmethod
    def from_config(cls, config):
        layer = keras.saving.deserialize_keras_object(config.pop("layer"))
        return cls(layer, **config)


def build_at_size(
    model: keras.Model, size: tuple[int, int], *, batch_size: int | None = None
) -> keras.Model:
    """Rebuild a served model for pictures of one size; its weights are shared, not copied.

    What resizes pictures to a network, and maps back, becomes gathers and matrix products with
    known weights; blobs are found by flooding. Of blobs only their number comes out so: `points`,
    `point_classes` and `num_points` are not among the outputs.

    Args:
        model: what `build_counter`, `build_point_counter`, `build_locator`, `build_map_locator`,
            `build_segmenter`, `build_saliency_model` or `build_tagger` returned, or another model
            from `images` (B, H, W, 3) uint8 to a dict of outputs.
        size: (height, width) of the pictures, pixels.
        batch_size: pictures per call; None for any number.

    Returns:
        Model from `images` (B, height, width, 3) uint8 to a dict of those outputs.

    Raises:
        ValueError: the pictures are smaller than the model takes.

    Example:
        >>> from models.encoders import build_encoder
        >>> from models.counter import build_counter
        >>> counter = build_counter(build_encoder("mobilenet_v2", (32, 32, 3), alpha=0.35), 2)
        >>> build_at_size(counter, (40, 50)).input.shape
        (None, 40, 50, 3)
    """
    height, width = size
    images = keras.Input((height, width, 3), batch_size=batch_size, dtype="uint8", name="images")

    def replace(layer: keras.layers.Layer) -> keras.layers.Layer:
        if isinstance(layer, keras.Model) and any(
            type(leaf) in STEPS for leaf in list_leaves(layer)
        ):
            return keras.models.clone_model(layer, clone_function=replace)
        return AtSize(layer, size, name=layer.name) if type(layer) in STEPS else layer

    fixed = keras.models.clone_model(model, input_tensors=images, clone_function=replace)
    # A layer that names fewer outputs than before leaves the rest out.
    outputs = {
        name: value for name, value in fixed.output.items() if name not in lost_outputs(model)
    }
    return keras.Model(fixed.input, outputs, name=model.name)


def lost_outputs(model: keras.Model) -> tuple[str, ...]:
    """Tell which outputs `build_at_size` cannot give.

    Args:
        model: as it takes.

    Returns:
        Their names.

    Example:
        >>> lost_outputs(keras.Sequential())
        ()
    """
    finds_blobs = any(isinstance(layer, CountBlobs) for layer in model.layers)
    return ("points", "point_classes", "num_points") if finds_blobs else ()
