"""Compares an exported SavedModel with the Keras model that it was made from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from models.point_counter import CountBlobs
from ops.blob_levels import level_thresholds
from reporting.parity import Comparison, compare_answer, find_blobs, require_equal

TOLERANCE = 1e-4
CHECK_SIZE = (101, 67)  # height, width; odd on purpose: no patch grid divides it


def compare_export(
    model: keras.Model,
    path: Path,
    max_pixels: int,
    *,
    pictures: Sequence[np.ndarray] = (),
    tolerance: float | None = None,
) -> Comparison:
    """Run an export and the model on two seeded random pictures of an odd size, and on given ones.

    `reporting.parity.compare_answer` says what is compared. The random pictures also go through
    `serve_bytes`, which returns no probabilities: its blobs must be the ones that `serving_default`
    finds, for each picture without a probability within the tolerance of jumping. The answers to
    both must be the model's, but only the given ones are told of: noise may be compared where no
    real picture could.

    Args:
        model: the model.
        path: the SavedModel's folder.
        max_pixels: the random pictures have no more pixels.
        pictures: more pictures, each (H, W, 3) uint8 of its own size.
        tolerance: largest difference; None for `TOLERANCE`.

    Returns:
        The comparison on the given pictures, without any that on the random ones; 0 for outputs
        that jump, which must be equal.

    Raises:
        RuntimeError: an output differs by more, or is NaN.

    Example:
        >>> # see `reporting.export.export_saved_model`
    """
    tolerance = TOLERANCE if tolerance is None else tolerance
    # A bound below the usual picture's size must not refuse the picture of the check.
    height, width = (min(side, math.isqrt(max_pixels)) for side in CHECK_SIZE)
    images = np.random.default_rng(0).integers(0, 256, (2, height, width, 3), np.uint8)
    loaded = tf.saved_model.load(str(path))  # stays referenced while its signatures run
    serve = loaded.signatures["serving_default"]
    bounds = {"source": "serving_default", "tolerance": tolerance}
    answer = _to_numpy(serve(images=tf.constant(images)))
    of_random = compare_answer(model, images, answer, **bounds)
    if "serve_bytes" in loaded.signatures:
        files = tf.stack([tf.io.encode_png(image) for image in images])
        of_files = _to_numpy(loaded.signatures["serve_bytes"](images=files))
        _compare_files(model, images, answer, of_files, tolerance)
    of_given = Comparison()
    for batch in (picture[np.newaxis] for picture in pictures):
        answer = _to_numpy(serve(images=tf.constant(batch)))
        of_given = of_given.join(compare_answer(model, batch, answer, **bounds))
    return of_given if pictures else of_random


def _compare_files(model, images, answer, of_files, tolerance) -> None:
    jumping = next((layer for layer in model.layers if isinstance(layer, CountBlobs)), None)
    if jumping is not None:
        probabilities = answer["probabilities"]
        settled = _are_settled(probabilities, jumping.threshold, jumping.levels, tolerance)
        for name, value in find_blobs(model, answer).items():
            require_equal("serve_bytes", name, value, of_files.pop(name), settled)
    compare_answer(model, images, of_files, source="serve_bytes", tolerance=tolerance)


def _are_settled(
    probabilities: np.ndarray, threshold: float, levels: int, tolerance: float
) -> np.ndarray:
    """Say for each picture whether no pixel is near to gain, lose or change its class: (B,)."""
    thresholds = level_thresholds(threshold, levels)
    distances = [np.abs(probabilities - each).min(axis=-1) for each in thresholds]
    near = np.min(distances, axis=0) < tolerance  # (B, H, W)
    if threshold < 0.5:
        background = 1 - probabilities.sum(axis=-1, keepdims=True)
        order = np.sort(np.concatenate([background, probabilities], axis=-1), axis=-1)
        near |= order[..., -1] - order[..., -2] < tolerance
    return ~near.any(axis=(1, 2))


def _to_numpy(outputs: Mapping) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in outputs.items()}
