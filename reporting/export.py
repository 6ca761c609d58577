"""Exports a Keras model as a SavedModel that any TensorFlow program can serve."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from config.errors import InputError
from reporting.export_check import compare_export
from reporting.float32_models import to_float32
from reporting.model_files import is_saved_model
from reporting.parity import Comparison, require_compared
from reporting.serving import decode_image

logger = logging.getLogger(__name__)


def export_saved_model(
    model: keras.Model,
    path: str | Path,
    *,
    max_pixels: int,
    assets: Mapping[str, str] | None = None,
) -> Path:
    """Write a SavedModel with two signatures, and compare it with the Keras model.

    `serving_default(images: uint8 (B, H, W, 3))` takes pictures of one size, `serve_bytes(images:
    string (B,))` JPEG and PNG files of any sizes; both return a dict with one row per picture. An
    output whose size depends on the picture's, such as a map, is in `serving_default` alone: the
    files of `serve_bytes` differ in size, and its rows are stacked. A model of maps alone, such as
    a saliency network, has no `serve_bytes`.
    `serve_bytes` checks each header against `max_pixels` before it decodes and does not apply EXIF
    orientation: turn such photos upright first. It drops alpha.

    The folder is written beside its place, loaded with plain `tf.saved_model.load`, compared on
    seeded random pictures of an odd size, and only then put there. An earlier SavedModel at `path`
    is replaced. Where an answer hangs on rounding for all of these pictures, the log says so. A
    model in mixed precision is written as the same network in float32, and compared with that.

    Args:
        model: from uint8 pictures (B, H, W, 3), any H and W, to a dict of outputs.
        path: the folder to write.
        max_pixels: larger files are refused by `serve_bytes`, pixels.
        assets: {file name: text} that travels in `assets.extra/`, e.g. class names.

    Returns:
        `path`.

    Raises:
        ValueError: the model has other inputs or outputs, or `max_pixels` is below 1.
        InputError: `path` holds something that is no SavedModel.
        RuntimeError: the export answers other than the model; `compare_export` says by how much
            it may.
        OSError: the folder cannot be written.

    Example:
        >>> images = keras.Input((None, None, 3), dtype="uint8")
        >>> x = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(images))
        >>> model = keras.Model(images, {"mean_color": x})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = export_saved_model(model, Path(folder) / "saved_model", max_pixels=10**6)
        ...     loaded = tf.saved_model.load(path)
        ...     images = tf.zeros((2, 5, 9, 3), "uint8")
        ...     answer = loaded.signatures["serving_default"](images=images)
        >>> {name: tuple(output.shape) for name, output in answer.items()}
        {'mean_color': (2, 3)}
    """
    told = write_saved_model(model, path, max_pixels=max_pixels, assets=assets, must_compare=False)
    if told.list_unseen():
        logger.warning(
            "%s was compared with the Keras model on no picture for %s, as its answers to random "
            "ones hang on rounding; `export.py --pictures` compares it on real ones.",
            path,
            ", ".join(told.list_unseen()),
        )
    return Path(os.path.abspath(path))


def write_saved_model(
    model: keras.Model,
    path: str | Path,
    *,
    max_pixels: int,
    assets: Mapping[str, str] | None = None,
    pictures: Sequence[np.ndarray] = (),
    tolerance: float | None = None,
    must_compare: bool = True,
) -> Comparison:
    """Do what `export_saved_model` does, compare given pictures too, and tell the differences.

    Args:
        model: as there.
        path: as there.
        max_pixels: as there.
        assets: as there.
        pictures: to be compared besides random ones, each (H, W, 3) uint8 of its own size.
        tolerance: largest difference; None for `reporting.export_check.TOLERANCE`.
        must_compare: refuse an export of which an output could be compared on none of the given
            pictures, or of the random ones where none are given.

    Returns:
        How far it answers from the Keras model, on those pictures.

    Raises:
        ValueError: as there.
        InputError: as there, or an output could be compared on none of those pictures.
        RuntimeError: as there.
        OSError: as there.

    Example:
        >>> # see `export_saved_model`
    """
    _check_model(model, max_pixels)
    path = Path(os.path.abspath(path))
    if path.exists() and not _replaceable(path):
        raise InputError(
            f"{path} must not exist, be empty or be a SavedModel to replace. "
            "Received something else; choose another folder."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    model = to_float32(model)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as temporary:
        written = Path(temporary) / "written"
        _write(model, written, max_pixels, assets or {})
        comparison = compare_export(
            model, written, max_pixels, pictures=pictures, tolerance=tolerance
        )
        if must_compare:
            require_compared(comparison, "serving_default")
        _replace(path, written, Path(temporary) / "earlier")
    largest = max(comparison.largest.values(), default=0.0)
    logger.info("exported %s; differs from the Keras model by %.1e at most", path, largest)
    return comparison


def _check_model(model, max_pixels):
    if max_pixels < 1:
        raise ValueError(f"`max_pixels` must be at least 1. Received {max_pixels}.")
    inputs = model.inputs
    if len(inputs) != 1 or inputs[0].dtype != "uint8" or inputs[0].shape[1:] != (None, None, 3):
        received = ", ".join(f"{item.dtype} {tuple(item.shape)}" for item in inputs)
        raise ValueError(
            "`model` must take one uint8 input (B, H, W, 3) of any H and W. "
            f"Received {received}; build it with models.counter.build_counter."
        )
    if not isinstance(model.output, dict) or not model.output:
        raise ValueError(
            f"`model` must return a dict of outputs. Received {model.output}; name each output."
        )


def _sized_outputs(model):
    """Return {name: what one picture gives} of the outputs that do not grow with the picture."""
    return {
        name: tf.TensorSpec(item.shape[1:], item.dtype)
        for name, item in model.output.items()
        if None not in item.shape[1:]
    }


def _replaceable(path):
    return path.is_dir() and (is_saved_model(path) or not any(path.iterdir()))


def _write(model, path, max_pixels, assets):
    # Traced once; both signatures call the same function, so that the weights are held once.
    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8, name="images")])
    def serve_images(images):
        return model(images, training=False)

    def serve_file(content):
        image = decode_image(content, max_pixels)  # (H, W, 3)
        answer = serve_images(image[tf.newaxis])
        return {name: answer[name][0] for name in one_row}

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="images")])
    def serve_bytes(images):
        # One picture at a time: their sizes differ, and so memory stays that of one picture.
        return tf.map_fn(serve_file, images, fn_output_signature=one_row, parallel_iterations=1)

    one_row = _sized_outputs(model)
    module = tf.Module()
    module.weights = [variable.value for variable in model.variables]
    module.serve_images = serve_images
    signatures = {"serving_default": serve_images}
    if one_row:
        signatures["serve_bytes"] = module.serve_bytes = serve_bytes
    with _quiet_tensorflow():
        tf.saved_model.save(module, str(path), signatures)
    for name, text in assets.items():
        # The format's own folder for files that TensorFlow leaves alone.
        (path / "assets.extra").mkdir(exist_ok=True)
        (path / "assets.extra" / name).write_text(text, encoding="utf-8")


@contextmanager
def _quiet_tensorflow():
    """Keep back what TensorFlow says on saving: the inner name of every weight."""
    loggers = [logging.getLogger(name) for name in ("tensorflow", "absl")]
    levels = [item.level for item in loggers]
    try:
        for item in loggers:
            item.setLevel(logging.WARNING)
        yield
    finally:
        for item, level in zip(loggers, levels, strict=True):
            item.setLevel(level)


def _replace(path, written, earlier):
    if path.exists():
        os.replace(path, earlier)
    try:
        os.replace(written, path)
    except OSError:
        if earlier.exists():
            os.replace(earlier, path)
        raise
    shutil.rmtree(earlier, ignore_errors=True)
