"""Finds layers in models, nested ones too."""

from __future__ import annotations

import keras

from config.errors import InputError
from models.poolings import Pooling

# What a classifier's head starts with.
_POOLINGS = (
    keras.layers.GlobalAveragePooling2D,
    keras.layers.GlobalMaxPooling2D,
    keras.layers.Flatten,
    Pooling,
)


def list_leaves(model: keras.Model) -> list[keras.layers.Layer]:
    """List the layers of a model and of those inside it, none of which is a model, in their order.

    Args:
        model: any.

    Returns:
        The layers; one that stands in several places stands there once.

    Example:
        >>> inner = keras.Sequential([keras.layers.ReLU(name="a")])
        >>> [leaf.name for leaf in list_leaves(keras.Sequential([inner]))]
        ['a']
    """
    leaves = {}
    for layer in model.layers:
        inner = _unwrap(layer)
        found = list_leaves(inner) if _is_model(inner) else [layer]
        leaves |= {id(leaf): leaf for leaf in found}
    return list(leaves.values())


def find_pooling(model: keras.Model) -> keras.layers.Layer | None:
    """Find where a classifier's head starts: its last global pooling or flattening.

    Args:
        model: any; its own layers come before those of the models inside it.

    Returns:
        The layer, what goes into which are the features; None where there is none.

    Raises:
        InputError: several models inside it have one.

    Example:
        >>> gap = keras.layers.GlobalAveragePooling2D(name="gap")
        >>> find_pooling(keras.Sequential([keras.layers.ReLU(), gap])).name
        'gap'
    """
    own = [layer for layer in model.layers if isinstance(layer, _POOLINGS)]
    if own:
        return own[-1]  # those before it are gates inside the encoder
    inner = [find_pooling(part) for part in map(_unwrap, model.layers) if _is_model(part)]
    found = [pooling for pooling in inner if pooling is not None]
    if len(found) > 1:
        raise InputError(
            f"`layer` must be named: {len(found)} networks in `{model.name}` score classes. Method "
            "cam needs none."
        )
    return found[0] if found else None


def _unwrap(layer):
    return layer.layer if isinstance(layer, keras.layers.Wrapper) else layer


def _is_model(layer):
    return isinstance(layer, keras.Model)


def list_map_layers(model: keras.Model) -> list[str]:
    """List the layers that are known to make maps.

    Args:
        model: any.

    Returns:
        Their names, in their order.

    Example:
        >>> list_map_layers(keras.Sequential([keras.Input((2, 2, 3)), keras.layers.ReLU(name="a")]))
        ['a']
    """
    names = []
    for leaf in list_leaves(model):
        try:
            shape = getattr(leaf.output, "shape", ())
        except (AttributeError, ValueError):  # it was never called on a symbol
            continue
        if len(shape) == 4 and not isinstance(leaf, keras.layers.InputLayer):
            names.append(leaf.name)
    return names
