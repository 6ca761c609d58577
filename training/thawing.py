"""Chooses which layers of an encoder are trained."""

from __future__ import annotations

import re
from collections.abc import Sequence

import keras

from config.errors import InputError


def thaw_layers(
    layers: Sequence[keras.layers.Layer], unfreeze: str, *, batch_norm: str, momentum: float
) -> int:
    """Train the last of some layers and freeze the others.

    Frozen layers keep their weights, and their batch normalisation its statistics. Call it before
    `compile`.

    Args:
        layers: an encoder's, from the input on; changed in place.
        unfreeze: "none", "all" or "last:N", of the layers that can learn: those with weights, but
            for batch normalisation that `batch_norm` freezes.
        batch_norm: "train", or "frozen" for no batch normalisation among the trained layers.
        momentum: share of the old moving statistics that a step keeps, where they are trained.

    Returns:
        Number of the layers that are trained.

    Raises:
        InputError: `unfreeze` cannot be understood, or asks for more layers than can learn.

    Example:
        >>> layers = [keras.layers.Dense(1), keras.layers.Dense(1)]
        >>> for layer in layers:
        ...     layer.build((None, 1))
        >>> thaw_layers(layers, "last:1", batch_norm="train", momentum=0.9)
        1
        >>> [layer.trainable for layer in layers]
        [False, True]
    """
    for layer in layers:
        layer.trainable = True
    can_learn = [
        layer
        for layer in layers
        if layer.trainable_weights and not (batch_norm == "frozen" and _normalises(layer))
    ]
    for layer in layers:
        layer.trainable = False
    thawed = can_learn[len(can_learn) - count_thawed(unfreeze, len(can_learn)) :]
    for layer in thawed:
        layer.trainable = True
        if _normalises(layer):
            layer.momentum = momentum
    return len(thawed)


def count_thawed(unfreeze: str, num_layers: int) -> int:
    """Count the layers that `unfreeze` means.

    Args:
        unfreeze: "none", "all" or "last:N".
        num_layers: layers that can learn.

    Returns:
        How many of them, from the last on.

    Raises:
        InputError: another text, N is not between 1 and `num_layers`, or there are no layers to
            thaw.

    Example:
        >>> count_thawed("last:4", 52)
        4
    """
    if unfreeze == "none" or (unfreeze == "all" and num_layers):
        return num_layers if unfreeze == "all" else 0
    asked = re.fullmatch(r"last:(\d{1,6})", unfreeze)
    if not num_layers and (asked or unfreeze == "all"):
        raise InputError(
            "`unfreeze` must be none where no layer of the encoder can learn: none has weights but "
            f"batch norm, which `batch_norm` keeps frozen. Received {unfreeze}."
        )
    if not asked or not 1 <= int(asked[1]) <= num_layers:
        raise InputError(
            "`unfreeze` must be none, all, or last:N with N from 1 to the "
            f"{num_layers} layers of the encoder that can learn. Received {unfreeze}."
        )
    return int(asked[1])


def _normalises(layer: keras.layers.Layer) -> bool:
    return isinstance(layer, keras.layers.BatchNormalization)
