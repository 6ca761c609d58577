"""Runs any Keras classifier so that the features which its scores stand on come out as well."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from config.errors import InputError
from models.model_layers import find_pooling, list_leaves, list_map_layers

# Names of outputs that hold a score for each class, of models with several outputs.
SCORE_OUTPUTS = ("scores", "class_logits", "logits")
_PROBABILITIES = ("softmax", "sigmoid")


class Tapped(NamedTuple):
    """What a run of a classifier gave.

    Attributes:
        features: (B, h, w, C) of the tapped layer.
        scores: (B, K) float32 of the classes, before a softmax or sigmoid at the model's end.
        head: what the tapped layer returned: the features, or what the head made of them.

    Example:
        >>> # see `TappedClassifier`
    """

    features: tf.Tensor
    scores: tf.Tensor
    head: Any


class TappedClassifier:
    """A classifier and the layer in it whose features are wanted; call it on pictures.

    Nested models are looked into. Nothing is copied or changed: weights that are trained later
    count. A softmax or sigmoid as the last layer, or in it, is left out.

    Args:
        model: Sequential, functional, or any model of layers, with one input (B, H, W, 3) and one
            output of (B, K) scores, or a dict with one of `SCORE_OUTPUTS`.
        layer: name of the layer whose output are the features; None for what goes into the last
            global pooling or flattening, else for the last map that the model makes.

    Attributes:
        model: as given.
        num_classes: K.
        image_spec: of a batch of its pictures.

    Raises:
        InputError: the model gives no scores of classes, there is no such layer, or none to choose.

    Example:
        >>> image = keras.Input((8, 8, 3))
        >>> x = keras.layers.Conv2D(4, 3, name="conv")(image)
        >>> x = keras.layers.GlobalAveragePooling2D()(x)
        >>> model = keras.Model(image, keras.layers.Dense(2, "softmax")(x))
        >>> found = TappedClassifier(model)(tf.ones((1, 8, 8, 3)))
        >>> tuple(found.features.shape), tuple(found.scores.shape)
        ((1, 6, 6, 4), (1, 2))
    """

    def __init__(self, model: keras.Model, layer: str | None = None):
        self.model = model
        self.num_classes = _count_classes(model)
        self._layer, self._found = layer, None
        image = model.inputs[0]
        self.image_spec = tf.TensorSpec((None, *image.shape[1:]), image.dtype)
        self._last = _find_probabilities(model)

    def __call__(self, images: tf.Tensor, tape: tf.GradientTape | None = None) -> Tapped:
        """Run the classifier as at inference.

        Args:
            images: (B, H, W, 3) of the model's type and range.
            tape: watches the features from where they are made.

        Returns:
            What came out.

        Raises:
            InputError: the features are no maps of each picture.

        Example:
            >>> # see the class
        """
        seen, (leaf, before) = {}, self.find_layer()

        def listen(call, features, *args, **kwargs):
            if before and tape is not None:
                tape.watch(features)
            head = call(features, *args, **kwargs)
            seen["head"] = head
            seen["features"] = features if before else head
            if not before and tape is not None:
                tape.watch(head)
            return head

        with ExitStack() as stack:
            stack.enter_context(_listening(leaf, listen))
            if self._last is not None:
                stack.enter_context(_without_probabilities(self._last))
            outputs = self.model(images, training=False)
        self._check(seen.get("features"))
        scores = tf.cast(_pick_scores(outputs), tf.float32)
        return Tapped(seen["features"], scores, seen["head"])

    def find_layer(self) -> tuple[keras.layers.Layer, bool]:
        """Say which layer is tapped.

        Returns:
            (the layer, whether the features are what goes into it, not what comes out).

        Raises:
            InputError: there is no such layer, or none to choose.

        Example:
            >>> # see the class
        """
        if self._found is None:
            self._found = _find_layer(self.model, self._layer)
        return self._found

    def score(self, images: tf.Tensor) -> tf.Tensor:
        """Score the classes as the model itself does, its softmax or sigmoid included.

        Args:
            images: (B, H, W, 3) of the model's type and range.

        Returns:
            (B, K) float32.

        Example:
            >>> # see `models.cam`
        """
        return tf.cast(_pick_scores(self.model(images, training=False)), tf.float32)

    def returns(self, name: str) -> bool:
        """Say whether the model returns an output of that name.

        Args:
            name: of the output.

        Returns:
            Whether it does.

        Example:
            >>> # see `models.cam`
        """
        outputs = _list_outputs(self.model)
        return isinstance(outputs, Mapping) and name in outputs

    def find_linear_kernel(self) -> tf.Tensor:
        """Return the weights of the linear layer that scores the averaged features.

        Returns:
            (C, K).

        Raises:
            InputError: the head is another one.

        Example:
            >>> # see `models.cam`
        """
        leaves = list_leaves(self.model)
        leaf, before = self.find_layer()
        after = leaves[leaves.index(leaf) + 1 :]
        skipped = (keras.layers.Dropout, keras.layers.Softmax, keras.layers.Activation)
        after = [layer for layer in after if not isinstance(layer, skipped)]
        is_mean = isinstance(leaf, keras.layers.GlobalAveragePooling2D) and before
        if not is_mean or len(after) != 1 or not isinstance(after[0], keras.layers.Dense):
            raise InputError(
                "method cam must have a classifier that is linear in averaged features: a "
                f"GlobalAveragePooling2D, then one Dense layer. `{self.model.name}` has another "
                "head; take grad_cam, which is the same where both can be had, or layer_cam."
            )
        return after[0].kernel

    def _check(self, features):
        if features is None or getattr(features.shape, "rank", None) != 4:
            shape = "nothing" if features is None else f"shape {tuple(features.shape)}"
            near = ", ".join(list_map_layers(self.model)[-3:]) or "none that can be told"
            raise InputError(
                f"`layer` must make feature maps (B, h, w, C). `{self.find_layer()[0].name}` gave "
                f"{shape}; name another, such as {near}."
            )


def _count_classes(model):
    outputs = _list_outputs(model) if model.built else None
    scores = None if outputs is None else _pick_scores(outputs, required=False)
    images = getattr(model, "inputs", None) or []
    if scores is None or scores.shape[-1] is None or len(images) != 1 or len(images[0].shape) != 4:
        names = ", ".join(outputs) if isinstance(outputs, Mapping) else "others"
        raise InputError(
            f"`model` must take pictures (B, H, W, 3) and return scores (B, K) of classes, alone "
            f"or as one of {', '.join(SCORE_OUTPUTS)}. `{model.name}` has inputs "
            f"{[tuple(image.shape) for image in images]} and outputs {names}."
        )
    return scores.shape[-1]


def _list_outputs(model):
    """Return a model's symbolic outputs, as it returns them; a list where it knows no structure."""
    if isinstance(model, keras.Sequential):
        return model.outputs
    return getattr(model, "output", None)


def _pick_scores(outputs, *, required=True):
    """Return the output that scores classes; None where there is none and none is required."""
    if isinstance(outputs, Mapping):
        listed = [outputs[name] for name in SCORE_OUTPUTS if name in outputs]
    else:
        listed = outputs if isinstance(outputs, (list, tuple)) else [outputs]
        listed = listed if len(listed) == 1 else []
    found = [each for each in listed if len(each.shape) == 2]
    return found[0] if found or required else None


def _find_layer(model, name):
    """Return the layer to tap and whether what goes into it is wanted."""
    leaves = list_leaves(model)
    if name is not None:
        found = [leaf for leaf in leaves if leaf.name == name]
        if len(found) != 1:
            near = difflib.get_close_matches(name, [leaf.name for leaf in leaves], n=3, cutoff=0)
            raise InputError(
                f"`layer` must name one layer of the model. Received {name!r}, of which there are "
                f"{len(found)}; near are {', '.join(near)}."
            )
        return found[0], False
    if pooling := find_pooling(model):
        return pooling, True
    maps = list_map_layers(model)
    if not maps:
        raise InputError(f"`layer` must be named: `{model.name}` makes no map that can be seen.")
    return next(leaf for leaf in reversed(leaves) if leaf.name == maps[-1]), False


def _find_probabilities(model):
    """Return the last layer where it turns the model's scores to probabilities, else None."""
    outputs = _list_outputs(model)
    if isinstance(outputs, Mapping):
        return None
    last = list_leaves(model)[-1]
    activation = getattr(getattr(last, "activation", None), "__name__", "")
    ends = isinstance(last, keras.layers.Softmax) or activation in _PROBABILITIES
    scores = _pick_scores(outputs)
    return last if ends and tuple(last.output.shape) == tuple(scores.shape) else None


@contextmanager
def _listening(layer, listen):
    """Let `listen(call, *args)` stand for the layer's `call`."""
    call = layer.call
    layer.call = lambda *args, **kwargs: listen(call, *args, **kwargs)
    try:
        yield
    finally:
        del layer.call  # that of its class shows again


@contextmanager
def _without_probabilities(layer):
    """Let a layer leave out its softmax or sigmoid."""
    if isinstance(layer, keras.layers.Softmax):
        with _listening(layer, lambda call, inputs, *args, **kwargs: inputs):
            yield
        return
    activation, layer.activation = layer.activation, keras.activations.linear
    try:
        yield
    finally:
        layer.activation = activation
