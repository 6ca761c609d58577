"""Compares what an exported model answers with what its Keras model answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import keras
import numpy as np

from config.errors import InputError
from models.count_interval import find_calibration
from models.locator import find_class_names, find_localizer, find_settled
from models.map_locator import find_map_reader, read_boxes_again
from models.point_counter import CountBlobs
from models.segmenter import find_settled_pixels

Answer = Mapping[str, np.ndarray]
# Output -> the one whose rounding it inherits: a bound of a count that is left of a large one.
_SCALES = {"count_low": "count_high"}
_ROUNDING = 1e-6
CURE = "give other `--pictures`, or a lower `--tolerance`"


class ParityError(RuntimeError):
    """Says that an export answers other than its model.

    Example:
        >>> raise ParityError("`count` differs.")
        Traceback (most recent call last):
        ...
        reporting.parity.ParityError: `count` differs.
    """


class Comparison(NamedTuple):
    """How far an export's answers are from its model's, and on how many pictures that was seen.

    Attributes:
        largest: {output: largest difference}; 0 for those that must be equal.
        compared: {output: pictures that were compared}; fewer where others hang on rounding.
        num_pictures: pictures that both were given.

    Example:
        >>> Comparison({"a": 0.1}, {"a": 1}, 2).join(Comparison({"a": 0.2}, {"a": 3}, 3))
        Comparison(largest={'a': 0.2}, compared={'a': 4}, num_pictures=5)
    """

    largest: Mapping[str, float] = {}
    compared: Mapping[str, int] = {}
    num_pictures: int = 0

    def join(self, other: Comparison) -> Comparison:
        """Take the comparison on other pictures in.

        Args:
            other: of the same model and export.

        Returns:
            That of all pictures.

        Example:
            >>> # see the class
        """
        largest, compared = dict(self.largest), dict(self.compared)
        for name, value in other.largest.items():
            largest[name] = max(value, largest.get(name, 0.0))
            compared[name] = other.compared[name] + compared.get(name, 0)
        return Comparison(largest, compared, self.num_pictures + other.num_pictures)

    def list_unseen(self) -> list[str]:
        """Name the outputs that were compared on no picture.

        Returns:
            Their names, sorted.

        Example:
            >>> Comparison({"a": 0.0, "b": 0.0}, {"a": 1, "b": 0}, 1).list_unseen()
            ['b']
        """
        return sorted(name for name, number in self.compared.items() if not number)


def require_compared(comparison: Comparison, source: str, *, cure: str = CURE) -> None:
    """Refuse an export of which an output was compared with the model's on no picture.

    Args:
        comparison: with all pictures.
        source: what answered, for messages.
        cure: what to do, for messages.

    Raises:
        InputError: an output was compared on none, or there was no picture.

    Example:
        >>> require_compared(Comparison({"a": 0.0}, {"a": 1}, 2), "file")
    """
    unseen = comparison.list_unseen()
    if unseen or not comparison.num_pictures:
        names = ", ".join(f"`{name}`" for name in unseen) or "any output"
        raise InputError(
            f"`{source}` must be compared with the Keras model on one picture at least. Of "
            f"{comparison.num_pictures}, none could be for {names}: each time another choice lay "
            f"within the tolerance; {cure}. Nothing was exported."
        )


def compare_answer(
    model: keras.Model, images: np.ndarray, answer: Answer, *, source: str, tolerance: float
) -> Comparison:
    """Compare an export's answer to pictures with the model's own, output by output.

    A difference above 1 counts relative to the largest value of the output. What jumps is compared
    where it cannot have jumped, or in two steps: the blobs of a point counter must be those that
    its layer finds on the export's own probabilities, to the last one; a box that is read off a
    map must be that of the export's own map; boxes of heads that choose, and classes, are compared
    for the pictures where no other choice is within the tolerance (`models.locator.find_settled`);
    a label map must be equal in every pixel whose label no two probabilities within the tolerance
    could change. A density-guided counter is compared on the pictures without a cell within the
    tolerance of another class, and on those with one whose cells all came out alike. A counter's
    `none_probability` may fall steeply with its count: it must be one that the model's curve has at
    a count within the tolerance of the export's own, and what it lies outside of these differs.

    Args:
        model: the Keras model.
        images: (B, H, W, 3) uint8.
        answer: {output: array with B rows} of the export, perhaps not all outputs of the model.
        source: what answered, for messages.
        tolerance: largest difference allowed.

    Returns:
        The comparison of the outputs in `answer`.

    Raises:
        ParityError: an output differs by more, is NaN, has another shape, or is none of the
            model's.

    Example:
        >>> images = keras.Input((None, None, 3), dtype="uint8")
        >>> model = keras.Model(images, {"a": keras.layers.Rescaling(1.0)(images)})
        >>> answer = {"a": np.full((1, 1, 1, 3), 2, np.float32)}
        >>> pictures = np.full((1, 1, 1, 3), 2, np.uint8)
        >>> compare_answer(model, pictures, answer, source="file", tolerance=0.1)
        Comparison(largest={'a': 0.0}, compared={'a': 1}, num_pictures=1)
    """
    # Compiled as `predict` compiles it: op by op, an untrained network differs from itself by more.
    expected = dict(model.predict_on_batch(images))
    exact = find_blobs(model, answer) if "probabilities" in answer else {}
    rows = _find_rows(model, images, answer, tolerance)
    if "label_map" in expected:
        exact["label_map"] = expected["label_map"]
        if "probabilities" in expected:
            sure = find_settled_pixels(expected["probabilities"], tolerance)
            rows["label_map"] = sure
    if find_map_reader(model) is not None and {"map", "boxes"} <= set(answer):
        expected |= read_boxes_again(model, images, answer)
    expected |= _read_none_again(model, expected, answer, tolerance)
    differences, compared = {}, {}
    for name, value in answer.items():
        kept = rows.get(name, np.ones(len(images), bool))
        compared[name] = int(kept.reshape(len(images), -1).any(axis=1).sum())
        if name in exact:
            require_equal(source, name, exact[name], value, kept)
            differences[name] = 0.0
        else:
            wanted = expected.get(name)
            like = expected.get(_SCALES.get(name), wanted)
            scale = 1.0 if like is None else np.max(np.abs(like), initial=1.0)
            how = {"scale": scale, "rows": kept, "tolerance": tolerance}
            differences[name] = _measure(source, name, wanted, value, **how)
    return Comparison(differences, compared, len(images))


def find_blobs(model: keras.Model, answer: Answer) -> dict[str, np.ndarray]:
    """Find the blobs of an answer's probabilities as the model would.

    Args:
        model: any model.
        answer: with `probabilities` (B, H, W, K).

    Returns:
        What the model's `CountBlobs` gives; {} where it has none.

    Example:
        >>> find_blobs(keras.Sequential(), {})
        {}
    """
    layer = next((each for each in model.layers if isinstance(each, CountBlobs)), None)
    if layer is None:
        return {}
    found = layer(keras.ops.convert_to_tensor(answer["probabilities"]))
    return {name: np.asarray(value) for name, value in found.items()}


def require_equal(
    source: str, name: str, expected: np.ndarray, found: np.ndarray, rows=slice(None)
) -> None:
    """Refuse an output that is not the same to the last pixel.

    Args:
        source: what answered.
        name: of the output.
        expected: (B, ...) of the model.
        found: (B, ...) of the export.
        rows: index of what is compared.

    Raises:
        ParityError: it differs.

    Example:
        >>> require_equal("file", "count", np.ones(2), np.ones(2))
    """
    same = expected.shape == found.shape
    # Points of enlarged pictures are shares of a pixel, which float32 rounds.
    if not same or not np.allclose(found[rows], expected[rows], rtol=_ROUNDING, atol=0):
        what = "other labels" if name == "label_map" else "other blobs"
        raise _differs(source, name, "to the last pixel", what)


def _find_rows(
    model: keras.Model, images: np.ndarray, answer: Answer, tolerance: float
) -> dict[str, np.ndarray]:
    """Return {output: (B,) pictures whose rows may be compared}, of outputs that may jump."""
    if "cell_probabilities" in model.output:
        return _find_settled_cells(model, images, answer, tolerance)
    if find_class_names(model) is None:
        return {}
    if find_map_reader(model) is not None:
        shares = np.sort(model.predict_on_batch(images)["class_probabilities"], axis=-1)
        leads = np.diff(shares[:, -2:], axis=-1).min(axis=-1, initial=1)
        return {"classes": leads > 2 * tolerance}
    resized = model.get_layer("resize_images")(images)
    settled = find_settled(find_localizer(model), resized, tolerance)
    return {"boxes": settled["box"], "scores": settled["box"], "classes": settled["class"]}


def _find_settled_cells(model, images, answer, tolerance):
    """Leave out pictures of a density-guided counter with a cell that is near to change class."""
    outputs = model.predict_on_batch(images)
    shares = np.sort(outputs["cell_probabilities"], axis=-1)  # (B, P, 3)
    states = outputs["cells"][..., 1]
    near = (states > 0) & (shares[..., -1] - shares[..., -2] < 2 * tolerance)
    settled = ~near.any(axis=1)
    if "cells" in answer and answer["cells"].shape == outputs["cells"].shape:
        # It did not change: the rest follows without a jump.
        settled |= (answer["cells"][..., 1] == states).all(axis=1)
    return dict.fromkeys(model.output, settled)


def _read_none_again(model, expected, answer, tolerance):
    """Give the values nearest to the answer's that the curve has within the counts' tolerance."""
    names = ("count", "none_probability")
    calibration = find_calibration(model)
    if calibration is None or any(
        name not in expected or np.shape(answer.get(name)) != expected[name].shape for name in names
    ):
        return {}
    counts, found = (answer[name].astype(np.float64) for name in names)
    own = expected["none_probability"]
    # The curve's knots are rounded in a file of float16, so its own count is not enough.
    room = tolerance * np.max(np.abs(expected["count"]), initial=1.0)
    least = np.minimum(own, calibration.none_curve.read(counts + room))
    most = np.maximum(own, calibration.none_curve.read(counts - room))
    return {"none_probability": np.clip(found, least, most)}


def _measure(source, name, expected, found, *, scale, rows, tolerance):
    if expected is None or expected.shape != found.shape:
        shape = None if expected is None else expected.shape
        raise _differs(source, name, f"of shape {shape}", f"shape {found.shape}")
    # Sums of large and small patches differ by what float32 loses on the large ones.
    differences = np.abs(found.astype(np.float64) - expected)[rows]
    difference = float(np.max(differences, initial=0.0) / scale)
    if not difference <= tolerance:  # also catches NaN
        raise _differs(source, name, f"to {tolerance}", f"a difference of {difference:.3g}")
    return difference


def _differs(source, name, how, received):
    return ParityError(
        f"`{source}` must return `{name}` as the Keras model does, {how}. "
        f"Received {received}; nothing was exported."
    )
