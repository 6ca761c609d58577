"""Turns a model that was trained in mixed precision into the same network in float32."""

from __future__ import annotations

import keras

from models.model_layers import list_leaves

_SHORT = ("float16", "bfloat16")


def to_float32(model: keras.Model) -> keras.Model:
    """Return a model whose every layer computes in float32: most runtimes lack bfloat16.

    Args:
        model: any functional model; models inside it too.

    Returns:
        The model itself where all of it is in float32 already, else a copy with its weights.

    Example:
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, dtype="float16")])
        >>> to_float32(model).layers[-1].compute_dtype
        'float32'
    """
    # Those without weights too: a float32 encoder may stand behind steps made in mixed precision.
    if not any(_is_short(leaf) for leaf in list_leaves(model)):
        return model
    copy = keras.models.clone_model(model, clone_function=_copy_layer, recursive=True)
    copy.set_weights(model.get_weights())
    return copy


def _is_short(layer):
    # An operation between layers computes in the type that comes in. An input's policy is the one
    # that was set when it was made, and says nothing of its type.
    is_layer = isinstance(layer, keras.layers.Layer)
    is_input = isinstance(layer, keras.layers.InputLayer)
    return is_layer and not is_input and layer.compute_dtype in _SHORT


def _copy_layer(layer: keras.layers.Layer | keras.Operation) -> keras.layers.Layer:
    config = layer.get_config()
    if isinstance(layer, keras.layers.Wrapper):  # `clone_model` does not look into it
        inner = layer.layer
        inner = to_float32(inner) if isinstance(inner, keras.Model) else _copy_layer(inner)
        config["layer"] = keras.saving.serialize_keras_object(inner)
    if _is_short(layer):
        config["dtype"] = "float32"
    return type(layer).from_config(config)
