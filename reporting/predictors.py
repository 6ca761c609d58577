"""Opens a model for prediction: what it returns for pictures tells what kind it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from config.errors import InputError
from reporting.model_files import (
    SAVED_MODEL_FOLDER,
    find_keras_file,
    is_saved_model,
    load_keras_model,
)
from reporting.model_kinds import Settings, settings_of_export, settings_of_file

_PICTURES = tf.TensorSpec((None, None, None, 3), tf.uint8)


class Predictor:
    """A model that takes pictures: call it on (B, H, W, 3) uint8, get arrays with B rows each.

    It is traced once for all sizes.

    Args:
        function: the model, from a tensor of pictures to a dict of tensors.
        outputs: {name: shape, None where it depends on the input}, told before it is called.
        settings: what a point counter's blobs are, or what a locator's classes are; None for
            another kind of model.

    Attributes:
        outputs: as given.
        settings: as given.

    Example:
        >>> predictor = Predictor(lambda images: {"count": images[:, 0, 0, 0]}, {"count": (None,)})
        >>> predictor(np.full((1, 2, 2, 3), 7, np.uint8))
        {'count': array([7], dtype=uint8)}
    """

    def __init__(
        self,
        function: Callable[[tf.Tensor], Mapping[str, tf.Tensor]],
        outputs: Mapping[str, tuple[int | None, ...]],
        settings: Settings = None,
    ):
        self.outputs = dict(outputs)
        self.settings = settings
        self._function = function
        self._run = trace_pictures(function, outputs)

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Predict pictures.

        Args:
            images: (B, H, W, 3) uint8.

        Returns:
            {name: array with B rows}, every output.

        Example:
            >>> # see the class
        """
        return self._run(images)

    def select(self, *names: str) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
        """Return a function that computes some outputs only, and nothing else for them.

        Args:
            names: of the outputs.

        Returns:
            A function as the predictor itself.

        Example:
            >>> predictor = Predictor(lambda x: {"a": x, "b": x}, {"a": (None,), "b": (None,)})
            >>> list(predictor.select("b")(np.zeros((1, 2, 2, 3), np.uint8)))
            ['b']
        """
        return trace_pictures(self._function, names)


def trace_pictures(
    function: Callable[[tf.Tensor], Mapping[str, tf.Tensor]], names: Iterable[str] | None = None
) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    """Trace a model once, for pictures of all sizes.

    Keras's own `predict` traces it again when the size changes.

    Args:
        function: the model, from a tensor of pictures to a dict of tensors.
        names: of the outputs that are wanted; others are not computed. None for all.

    Returns:
        (B, H, W, 3) uint8 -> {name: array}.

    Example:
        >>> call = trace_pictures(lambda images: {"size": tf.shape(images)[1:3]})
        >>> call(np.zeros((1, 4, 7, 3), np.uint8))["size"].tolist()
        [4, 7]
    """
    wanted = None if names is None else tuple(names)

    @tf.function(input_signature=[_PICTURES])
    def call(images):
        outputs = function(images)
        return {name: outputs[name] for name in (outputs if wanted is None else wanted)}

    return lambda images: {name: value.numpy() for name, value in call(tf.constant(images)).items()}


def load_predictor(model: str | Path) -> Predictor:
    """Open a model for prediction.

    Args:
        model: a run folder (its `saved_model/`, else one of `reporting.model_files.RUN_FILES`), a
            `.keras` file, or a SavedModel folder alone.

    Returns:
        The predictor.

    Raises:
        InputError: there is no model, or it cannot be opened, takes no pictures, or its
            `points.json` or `boxes.json` does not fit it.

    Example:
        >>> load_predictor("no_such_run")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `--model` must be a run folder with counter.keras ...
    """
    for folder in (Path(model), Path(model) / SAVED_MODEL_FOLDER):
        if is_saved_model(folder):
            return _load_saved_model(folder)
    file = find_keras_file(model)
    keras_model = load_keras_model(file)
    shapes = [tuple(item.shape[1:]) for item in keras_model.inputs]
    if shapes != [(None, None, 3)] or not isinstance(keras_model.output, dict):
        raise InputError(
            f"{file} must take pictures (H, W, 3) of any size and name its outputs, as a "
            f"counter.keras does. Received inputs {shapes}; give the model of a run that finished."
        )
    outputs = {name: tuple(item.shape) for name, item in keras_model.output.items()}
    settings = settings_of_file(keras_model, file, outputs)
    return Predictor(lambda images: keras_model(images, training=False), outputs, settings)


def _load_saved_model(folder):
    try:
        loaded = tf.saved_model.load(str(folder))
    except Exception as error:  # a broken folder makes TensorFlow raise anything
        reason = (str(error) or type(error).__name__).strip().splitlines()[0]
        raise InputError(
            f"{folder} must be a whole SavedModel. Received: {reason[:300]}; export it again."
        ) from error
    signature = loaded.signatures.get("serving_default")
    inputs = signature.structured_input_signature[1] if signature else {}
    spec = inputs.get("images")
    if spec is None or spec.dtype != tf.uint8 or len(inputs) != 1:
        raise InputError(
            f"{folder} must have the signature serving_default(images: uint8 (B, H, W, 3)). "
            "Received another; export the model with export.py."
        )
    outputs = {
        name: tuple(item.shape.as_list()) for name, item in signature.structured_outputs.items()
    }
    settings = settings_of_export(folder, outputs)

    def call(images, _loaded=loaded):  # a loaded model must stay referenced
        return signature(images=images)

    return Predictor(call, outputs, settings)
