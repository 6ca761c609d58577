"""Exports a locator as a LiteRT file (.tflite), which phones and small computers run."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from config.errors import InputError
from config.files import write_json
from models.locator import find_class_names, find_localizer
from reporting.float32_models import to_float32
from reporting.litert_check import compare_litert
from reporting.litert_int8 import export_int8
from reporting.settings_files import description_file

QUANTIZE = ("none", "float16", "int8")
SUFFIX = ".tflite"
_MEANINGS = {
    "box": "x0, y0, x1, y1 as fractions of the picture's width and height, in [0, 1]",
    "score": "how sure the model is, in [0, 1]",
    "class_probabilities": "of each class, in the order of class_names; they sum to 1",
}

logger = logging.getLogger(__name__)


def export_litert(
    locator: keras.Model,
    path: str | Path,
    *,
    quantize: str = "none",
    calibration: np.ndarray | None = None,
    pictures: np.ndarray | None = None,
    tolerance: float | None = None,
) -> Path:
    """Write a locator as a LiteRT file and its description, and compare it with the Keras model.

    The file has one signature: `images` uint8 (B, S, S, 3) RGB, B being 1 until the interpreter
    is told otherwise (its signature runner does so by itself), to float32 `box` (B, 4) xyxy in
    fractions of the picture, `score` (B,) and, with classes, `class_probabilities` (B, K). It
    holds LiteRT's built-in operations alone. Resizing is not inside: shrink or grow pictures to
    S x S, bilinear with antialias, aspect not kept. `<name>.json` beside the file says all this.

    "none" keeps float32 weights; "float16" halves the file and computes in float32; "int8"
    quantises weights and activations after training, which needs pictures like those to come;
    what decodes the box stays in float32 (`reporting.litert_int8`). A locator that was trained in
    mixed precision is exported as the same network in float32.
    Both files are written beside their place, compared with the Keras model
    (`reporting.litert_check.compare_litert`) and only then put there.

    Args:
        locator: what `models.locator.build_locator` returned, or its file.
        path: the `.tflite` file to write; an earlier one is replaced.
        quantize: one of `QUANTIZE`.
        calibration: (N, S, S, 3) uint8 pictures of the locator's size, some 100, for "int8".
        pictures: (N, S, S, 3) uint8 that both are compared on; None for the calibration's, else
            for seeded random ones.
        tolerance: largest difference; None for that of `compare_litert`.

    Returns:
        `path`.

    Raises:
        InputError: the model is no locator, or one that reads its box off a map, `path` has
            another suffix, `quantize` is unknown, or there are calibration pictures without "int8"
            or "int8" without them.
        RuntimeError: the file answers other than the model; `compare_litert` says by how much
            it may.
        OSError: the files cannot be written.

    Example:
        >>> export_litert(keras.Sequential(name="other"), "a.tflite")
        Traceback (most recent call last):
        ...
        config.errors.InputError: the model must be a locator. Received `other`; give the folder \
of a localization run.

    References:
        Jacob et al., "Quantization and Training of Neural Networks for Efficient
        Integer-Arithmetic-Only Inference", arXiv 1712.05877.
    """
    localizer = find_localizer(locator)
    if "box" not in localizer.output:
        raise InputError(
            "a LiteRT file holds a network that gives its box itself. Received "
            f"`{localizer.name}`, whose box is read off a map; export a SavedModel."
        )
    path = Path(os.path.abspath(path))
    _check_arguments(path, quantize, calibration)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        written = Path(folder) / path.name
        localizer = to_float32(localizer)
        served = build_fixed_size(localizer)
        _write(served, written, quantize, calibration)
        differences = compare_litert(
            served,
            localizer,
            written,
            quantize=quantize,
            pictures=calibration if pictures is None else pictures,
            tolerance=tolerance,
        )
        description = describe_litert(served, quantize, find_class_names(locator), differences)
        os.replace(write_json(description, description_file(written)), description_file(path))
        os.replace(written, path)
    logger.info("exported %s", path)
    return path


def build_fixed_size(localizer: keras.Model) -> keras.Model:
    """Build what a LiteRT file holds: uint8 pictures of the localiser's own size in, boxes out.

    Args:
        localizer: what `models.localizer.build_localizer` returned; shared, not copied.

    Returns:
        Model from `images` uint8 (B, S, S, 3) to `box`, `score` and perhaps
        `class_probabilities`, as `export_litert` tells.

    Example:
        >>> from models.localizer import build_localizer
        >>> localizer = build_localizer("mobilenet_v2", head="box", image_size=32, alpha=0.35)
        >>> sorted(build_fixed_size(localizer).output)
        ['box', 'score']
    """
    images = keras.Input(localizer.input.shape[1:], dtype="uint8", name="images")
    if any(layer.name == "to_255" for layer in localizer.layers):
        # What the encoder makes of [0, 1] first is the pixels again. Left in, the converter gives
        # the way there and back one scale, and int8 pictures come out black and white.
        pixels = localizer.get_layer("to_255").output
        network = keras.Model(pixels, localizer.output, name=localizer.name)
        found = network(keras.ops.cast(images, "float32"))
    else:
        found = localizer(keras.layers.Rescaling(1 / 255, dtype="float32")(images))
    outputs = {"box": found["box"], "score": found["score"]}
    if "class_logits" in found:
        layer = keras.layers.Softmax(name="class_probabilities", dtype="float32")
        outputs["class_probabilities"] = layer(found["class_logits"])
    return keras.Model(images, outputs, name="fixed_size_locator")


def describe_litert(
    model: keras.Model, quantize: str, class_names: tuple[str, ...], differences: dict
) -> dict[str, Any]:
    """Tell what goes into and comes out of a LiteRT file.

    Args:
        model: what `build_fixed_size` returned.
        quantize: one of `QUANTIZE`.
        class_names: the names of classes 1 to K; () for none.
        differences: what `compare_litert` returned.

    Returns:
        The content of the file's JSON.

    Example:
        >>> # see `export_litert`
    """
    height, width = model.input.shape[1:3]
    outputs = {
        name: {"shape": [1, *item.shape[1:]], "dtype": "float32", "meaning": _MEANINGS[name]}
        for name, item in model.output.items()
    }
    return {
        "signature": "serving_default",
        "quantize": quantize,
        "input": {
            "name": "images",
            "shape": [1, height, width, 3],
            "dtype": "uint8",
            "meaning": "RGB, 0 to 255, upright; resized to this size, bilinear with antialias, "
            "aspect not kept",
        },
        "batch": "1; the first axis of input and outputs may be resized to any other",
        "outputs": outputs,
        "class_names": class_names,
        "difference_from_keras": differences,
    }


def _check_arguments(path, quantize, calibration):
    if path.suffix != SUFFIX or path.is_dir():
        raise InputError(f"`--output` must be a file that ends in {SUFFIX}. Received {path}.")
    if quantize not in QUANTIZE:
        raise InputError(
            f"`--quantize` must be one of {', '.join(QUANTIZE)}. Received {quantize!r}."
        )
    if quantize == "int8" and calibration is None:
        raise InputError(
            "`--quantize int8` needs pictures like those to come, some 100, to choose the range "
            "of every layer: give `--calibration` with their folder."
        )
    if quantize != "int8" and calibration is not None:
        raise InputError("`--calibration` is for `--quantize int8` only; leave it out.")


def _write(model: keras.Model, path: Path, quantize: str, calibration: np.ndarray | None) -> None:
    if quantize == "int8":
        export_int8(model, path, calibration)
        return
    options: dict[str, Any] = {"target_spec": {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}}
    if quantize == "float16":
        options["optimizations"] = [tf.lite.Optimize.DEFAULT]
        options["target_spec"]["supported_types"] = [tf.float16]
    model.export(path, format="litert", verbose=False, **options)
