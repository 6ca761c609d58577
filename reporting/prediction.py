"""Runs a counter over pictures: from a model and paths to one prediction per picture."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import tensorflow as tf

from config.errors import InputError
from datasets.images import read_header, read_image
from reporting.model_files import (
    SAVED_MODEL_FOLDER,
    find_keras_file,
    is_saved_model,
    load_keras_model,
)

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff")
Predictor = Callable[[np.ndarray], dict[str, np.ndarray]]


@dataclass(frozen=True)
class Prediction:
    """What a model said about one picture, or why it could not.

    Attributes:
        image: path of the picture relative to the input, with forward slashes.
        outputs: {name: array}, the model's outputs for this picture without the batch axis.
        error: why there are no outputs; "" when there are.

    Example:
        >>> Prediction("a.jpg", {"count": np.float32(2)}).error
        ''
    """

    image: str
    outputs: dict[str, np.ndarray] = field(default_factory=dict)
    error: str = ""


def load_predictor(model: str | Path) -> Predictor:
    """Open a model for prediction.

    Args:
        model: a run folder (its `saved_model/`, else its `counter.keras`), a `.keras` file, or a
            SavedModel folder alone.

    Returns:
        A function from (B, H, W, 3) uint8 pictures to a dict of arrays with B rows each. It is
        traced once for all sizes.

    Raises:
        InputError: there is no model, or it cannot be opened or takes no pictures.

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
            f"counter.keras does. Received inputs {shapes}; give the counter of a finetuning run."
        )

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8)])
    def call(images):
        return keras_model(images, training=False)

    return lambda images: _to_numpy(call(tf.constant(images)))


def find_images(source: str) -> list[tuple[str, Path]]:
    """List the pictures that an `--input` means.

    Args:
        source: a picture, a folder (its pictures by suffix, not those of folders inside), or a
            glob pattern (`**` goes through folders).

    Returns:
        Sorted (name, path): the name is relative to the folder that holds them all.

    Raises:
        InputError: nothing there, or no picture among it.

    Example:
        >>> find_images("no_such_folder/*.jpg")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `--input` must be a picture, a folder of pictures or a glob ...
    """
    path = Path(source)
    if path.is_file():
        return [(path.name, path)]
    if path.is_dir():
        found = [file for file in path.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES]
    else:
        found = [Path(match) for match in glob.glob(source, recursive=True)]
    files = sorted(file for file in found if file.is_file())
    if not files:
        received = "a folder without pictures" if path.is_dir() else "a path that matches no file"
        raise InputError(
            "`--input` must be a picture, a folder of pictures or a glob in quotes. "
            f"Received {source}, {received}; pictures end in {', '.join(IMAGE_SUFFIXES)}."
        )
    root = Path(os.path.commonpath([file.parent for file in files]))
    return [(file.relative_to(root).as_posix(), file) for file in files]


def predict_images(
    predictor: Predictor,
    images: Sequence[tuple[str, Path]],
    *,
    max_pixels: int,
    batch_size: int = 1,
) -> Iterator[tuple[Prediction, np.ndarray | None]]:
    """Predict pictures one after the other; a bad one gives an error and the rest go on.

    Pictures that follow each other and have one size go through the model together. Nothing is
    resized to make a batch.

    Args:
        predictor: see `load_predictor`.
        images: (name, path) of each picture.
        max_pixels: larger pictures are refused before decoding.
        batch_size: most pictures per call.

    Yields:
        (prediction, (H, W, 3) uint8 upright picture or None when it could not be read), in order.

    Example:
        >>> predictor = lambda images: {"count": np.zeros(len(images))}
        >>> results = list(predict_images(predictor, [("a.jpg", Path("no.jpg"))], max_pixels=100))
        >>> results[0][0].error
        '`no.jpg` must be a picture file. There is no such file.'
    """
    for group in _group_by_size(images, max_pixels, batch_size):
        names, pictures = [], []
        for name, path in group:
            try:
                pictures.append(read_image(path, max_pixels=max_pixels))
                names.append(name)
            except InputError as error:
                yield from _predict_group(predictor, names, pictures)
                names, pictures = [], []
                yield Prediction(name, error=str(error)), None
        yield from _predict_group(predictor, names, pictures)


def _group_by_size(images, max_pixels, batch_size):
    """Yield lists of neighbours whose headers give one size; a bad header stands alone."""
    group, group_size = [], None
    for name, path in images:
        try:
            header = read_header(path, max_pixels=max_pixels)
            size = header.height, header.width
        except InputError:
            size = None  # reading it says why
        if group and (size is None or size != group_size or len(group) == batch_size):
            yield group
            group = []
        group.append((name, path))
        group_size = size
    if group:
        yield group


def _predict_group(predictor, names, pictures):
    if not pictures:
        return
    try:
        outputs = predictor(np.stack(pictures))
    except (tf.errors.OpError, ValueError) as error:
        if len(pictures) > 1:  # one picture, or their number, is too much: try each alone
            for name, picture in zip(names, pictures, strict=True):
                yield from _predict_group(predictor, [name], [picture])
            return
        reason = _find_reason(getattr(error, "message", str(error)))
        yield Prediction(names[0], error=f"the model refused the picture: {reason}"), pictures[0]
        return
    for i, (name, picture) in enumerate(zip(names, pictures, strict=True)):
        yield Prediction(name, {key: value[i] for key, value in outputs.items()}), picture


def _find_reason(message):
    """Return what a graph's check said, without where in the graph it stands."""
    if found := re.search(r"assertion failed: \[(.*?)\]", message):
        return found.group(1).replace("\\'", "'")  # TensorFlow escapes what it prints
    lines = [line.strip() for line in message.splitlines()]
    frames = ("Graph execution error", "Detected at node", "<stack", "File ")
    return next((line for line in lines if line and not line.startswith(frames)), "no reason given")


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

    def predict(images, _loaded=loaded):  # a loaded model must stay referenced
        return _to_numpy(signature(images=tf.constant(images)))

    return predict


def _to_numpy(outputs):
    return {name: value.numpy() for name, value in outputs.items()}
