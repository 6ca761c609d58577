"""Turns a model that was trained in mixed precision into the same network in float32."""

from __future__ import annotations

import keras

from models.model_layers import list_leaves


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
    leaves = list_leaves(model)
    if all(leaf.compute_dtype in ("float32", "uint8") for leaf in leaves if leaf.weights):
        return model

    def copy_layer(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config()
        if isinstance(layer, keras.layers.InputLayer):
            return type(layer).from_config(config)
        return type(layer).from_config({**config, "dtype": "float32"})

    copy = keras.models.clone_model(model, clone_function=copy_layer, recursive=True)
    copy.set_weights(model.get_weights())
    return copy
