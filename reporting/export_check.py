"""Compares an exported model with the Keras model that it was made from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from models.locator import find_class_names, find_localizer, find_settled
from models.map_locator import find_map_reader, read_boxes_again
from models.point_counter import CountBlobs
from models.segmenter import find_settled_pixels
from ops.blob_levels import level_thresholds

TOLERANCE = 1e-4
# Output -> the one whose rounding it inherits.
_SCALES = {"count_low": "count_high"}
CHECK_SIZE = (101, 67)  # height, width; odd on purpose: no patch grid divides it


def compare_export(model: keras.Model, path: Path, max_pixels: int) -> float:
    """Run an export and the model on seeded random pictures of an odd size.

    Outputs may differ by 1e-4, relative above 1. Blobs jump where a probability crosses the
    threshold, so they are compared in two exact steps: those of `serving_default` must be the
    ones that the Keras layer finds on the export's own probabilities, and `serve_bytes`, which
    returns none, must give the same for each picture without a probability within 1e-4 of jumping.
    The boxes of a locator whose head makes a choice, and classes, are compared for the pictures
    where the choice is not within 1e-4 of another (`models.locator.find_settled`); boxes that are
    read off a map must be those of the export's own map. A density-guided counter is compared on
    the pictures without a cell within 1e-4 of another class. A label map must be equal in every
    pixel whose label no two probabilities within 1e-4 could change.

    Args:
        model: the model.
        path: the SavedModel's folder.
        max_pixels: the check's pictures have no more pixels.

    Returns:
        The largest difference, of outputs that do not jump.

    Raises:
        RuntimeError: an output differs by more, or is NaN.

    Example:
        >>> # see `reporting.export.export_saved_model`
    """
    # A bound below the usual picture's size must not refuse the picture of the check.
    height, width = (min(side, math.isqrt(max_pixels)) for side in CHECK_SIZE)
    images = np.random.default_rng(0).integers(0, 256, (2, height, width, 3), np.uint8)
    # Compiled as `predict` compiles it: op by op, an untrained network differs from itself by more.
    expected = dict(model.predict_on_batch(images))
    loaded = tf.saved_model.load(str(path))  # stays referenced while its signatures run
    answer = _to_numpy(loaded.signatures["serving_default"](images=tf.constant(images)))
    of_files = {}
    if "serve_bytes" in loaded.signatures:
        files = tf.stack([tf.io.encode_png(image) for image in images])
        of_files = _to_numpy(loaded.signatures["serve_bytes"](images=files))
    jumping = next((layer for layer in model.layers if isinstance(layer, CountBlobs)), None)
    found, settled = {}, slice(None)
    if jumping is not None:
        probabilities = answer["probabilities"]
        found = _to_numpy(jumping(probabilities))
        settled = _are_settled(probabilities, jumping.threshold, jumping.levels)
    if "label_map" in expected:
        sure = _find_sure(expected)
        labels = {"label_map": expected.pop("label_map")}
        _require_equal("serving_default", labels, answer, rows=sure)
    smooth = {name: value for name, value in expected.items() if name not in found}
    _require_equal("serving_default", found, answer)
    if of_files:
        _require_equal("serve_bytes", found, of_files, rows=settled)
    rows, largest = _find_rows(model, images), 0.0
    for signature, given in (("serving_default", answer), ("serve_bytes", of_files)):
        wanted = {name: value for name, value in smooth.items() if name in given}
        if given and find_map_reader(model) is not None:
            wanted |= read_boxes_again(model, images, given)
        largest = max(largest, _require_close(signature, wanted, given, rows))
    return largest


def _find_rows(model: keras.Model, images: np.ndarray) -> dict[str, np.ndarray]:
    """Return {output: (B,) pictures whose rows may be compared}, of outputs that may jump."""
    if "cell_probabilities" in model.output:
        return _find_settled_cells(model, images)
    if find_class_names(model) is None:
        return {}
    if find_map_reader(model) is not None:
        shares = np.sort(model.predict_on_batch(images)["class_probabilities"], axis=-1)
        return {"classes": np.diff(shares[:, -2:], axis=-1).min(axis=-1, initial=1) > 2 * TOLERANCE}
    resized = model.get_layer("resize_images")(images)
    settled = find_settled(find_localizer(model), resized, TOLERANCE)
    return {"boxes": settled["box"], "scores": settled["box"], "classes": settled["class"]}


def _find_settled_cells(model, images):
    """Leave out pictures of a density-guided counter with a cell that is near to change class."""
    outputs = model.predict_on_batch(images)
    shares = np.sort(outputs["cell_probabilities"], axis=-1)  # (B, P, 3)
    seen = outputs["cells"][..., 1] > 0
    near = seen & (shares[..., -1] - shares[..., -2] < 2 * TOLERANCE)
    return dict.fromkeys(model.output, ~near.any(axis=1))


def _find_sure(expected: Mapping) -> np.ndarray | slice:
    """Return (B, H, W) bool, pixels whose label rounding cannot change; all of a mere label map."""
    if "probabilities" not in expected:
        return slice(None)
    return find_settled_pixels(expected["probabilities"], TOLERANCE)


def _require_close(signature: str, expected: Mapping, answer: Mapping, rows: Mapping) -> float:
    largest = 0.0
    for name, value in expected.items():
        # Sums of large and small patches differ by what float32 loses on the large ones.
        # So does a bound of a count that is left of a large one.
        scale = np.max(np.abs(expected.get(_SCALES.get(name), value)), initial=1.0)
        differences = np.abs(answer[name] - value)[rows.get(name, slice(None))]
        difference = float(np.max(differences, initial=0.0) / scale)
        if not difference <= TOLERANCE:  # also catches NaN
            raise _differs(signature, name, f"to {TOLERANCE}", f"a difference of {difference:.3g}")
        largest = max(largest, difference)
    return largest


def _require_equal(signature: str, expected: Mapping, answer: Mapping, rows=slice(None)) -> None:
    for name, value in expected.items():
        same = value.shape == answer[name].shape
        if not same or not np.array_equal(value[rows], answer[name][rows]):
            what = "other labels" if name == "label_map" else "other blobs"
            raise _differs(signature, name, "to the last pixel", what)


def _differs(signature, name, how, received):
    return RuntimeError(
        f"`{signature}` must return `{name}` as the Keras model does, {how}. "
        f"Received {received}; nothing was exported."
    )


def _are_settled(probabilities: np.ndarray, threshold: float, levels: int) -> np.ndarray:
    """Say for each picture whether no pixel is near to gain, lose or change its class: (B,)."""
    thresholds = level_thresholds(threshold, levels)
    distances = [np.abs(probabilities - each).min(axis=-1) for each in thresholds]
    near = np.min(distances, axis=0) < TOLERANCE  # (B, H, W)
    if threshold < 0.5:
        background = 1 - probabilities.sum(axis=-1, keepdims=True)
        order = np.sort(np.concatenate([background, probabilities], axis=-1), axis=-1)
        near |= order[..., -1] - order[..., -2] < TOLERANCE
    return ~near.any(axis=(1, 2))


def _to_numpy(outputs: Mapping) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in outputs.items()}
