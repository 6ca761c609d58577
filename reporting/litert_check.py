"""Runs LiteRT files, and compares them with the Keras model that they were made from."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from models.locator import find_settled
from reporting.parity import Comparison, ParityError, require_compared

# Of the largest difference in float32, of the mean one where the weights are rounded.
LIMITS = {"none": 1e-3, "float16": 0.02, "int8": 0.15}
WARN_ABOVE = 0.03  # of the mean one: on real pictures the mean IoU then falls
NUM_PICTURES = 8

logger = logging.getLogger(__name__)


class LiteRTModel:
    """A LiteRT file with one signature, ready to run.

    Args:
        path: the `.tflite` file.
        num_threads: threads of its kernels.

    Raises:
        ValueError: the file is no LiteRT model.

    Example:
        >>> # see `reporting.litert.export_litert`
    """

    def __init__(self, path: str | Path, *, num_threads: int = 1):
        interpreter = Interpreter(str(path), num_threads=num_threads)
        self._run = interpreter.get_signature_runner()

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Run it.

        Args:
            images: (B, ...) any B; another one than before costs a new plan of the memory.

        Returns:
            {output: array with B rows}.

        Example:
            >>> # see the class
        """
        return self._run(images=images)


def compare_litert(
    model: keras.Model,
    localizer: keras.Model,
    path: Path,
    *,
    quantize: str,
    pictures: np.ndarray | None = None,
    tolerance: float | None = None,
) -> dict[str, dict[str, float]]:
    """Run a LiteRT file and its model on pictures, in one batch and the first one alone.

    With float32 weights no number may differ by more than 1e-3. With rounded weights single
    pictures do, so the mean difference of each output is bounded: .02 for "float16", .15 for
    "int8", which tells a broken file from a rounded one and no more: measure the rest on
    annotated pictures (`benchmarks.localizer`), as the log says above .03. Boxes are compared
    where no choice of cell or area is within 1e-3 of another (`models.locator.find_settled`).

    Args:
        model: the Keras model that the file was made from.
        localizer: what it holds.
        path: the `.tflite` file.
        quantize: key of `LIMITS`.
        pictures: (N, S, S, 3) uint8; None for seeded random ones.
        tolerance: bound in place of that of `LIMITS`.

    Returns:
        {output: {"largest": ..., "mean": ...}} difference, how many pictures were "compared", and
        the number of "pictures" given.

    Raises:
        ParityError: an output differs by more, or is NaN.
        InputError: no picture could be compared.

    Example:
        >>> # see `reporting.litert.export_litert`
    """
    if pictures is None:
        pictures = draw_pictures(NUM_PICTURES, model.input.shape[1:3])
    expected = model.predict(pictures, verbose=0)
    run = LiteRTModel(path)
    answer = run(pictures)
    alone = run(pictures[:1])
    settled = find_settled(localizer, pictures / np.float32(255), LIMITS["none"])["box"]
    rows = {name: settled if name in ("box", "score") else settled | True for name in expected}
    compared = {name: int(kept.sum()) for name, kept in rows.items()}
    told = Comparison(dict.fromkeys(expected, 0.0), compared, len(pictures))
    require_compared(told, "litert", cure="give other `--pictures`")
    found = {}
    for name, value in expected.items():
        differences = np.abs(answer[name] - value)[rows[name]].ravel()
        single = np.abs(alone[name] - value[:1])[rows[name][:1]].ravel()
        bounded = _bound(name, np.concatenate([differences, single]), quantize, tolerance)
        found[name] = {**bounded, "compared": compared[name], "pictures": len(pictures)}
    return found


def draw_pictures(number: int, size: tuple[int, int]) -> np.ndarray:
    """Draw seeded random pictures with coarse patches and fine grain.

    Args:
        number: how many.
        size: (height, width), pixels.

    Returns:
        (number, height, width, 3) uint8.

    Example:
        >>> draw_pictures(2, (40, 50)).shape
        (2, 40, 50, 3)
    """
    generator = np.random.default_rng(0)
    height, width = size
    side = max(1, min(size) // 4)
    coarse = generator.integers(0, 200, (number, -(-height // side), -(-width // side), 3))
    coarse = coarse.repeat(side, axis=1).repeat(side, axis=2)[:, :height, :width]
    return (coarse + generator.integers(0, 56, coarse.shape)).astype(np.uint8)


def _bound(
    name: str, differences: np.ndarray, quantize: str, tolerance: float | None = None
) -> Mapping[str, float]:
    found = {"largest": float(differences.max()), "mean": float(differences.mean())}
    kind = "largest" if quantize == "none" else "mean"
    limit = LIMITS[quantize] if tolerance is None else tolerance
    if not found[kind] <= limit:  # also catches NaN
        raise ParityError(
            f"the LiteRT file must return `{name}` as the Keras model does, the {kind} difference "
            f"at most {limit}. Received {found[kind]:.3g}; nothing was exported."
        )
    if found["mean"] > WARN_ABOVE:
        logger.warning(
            "`%s` of the %s file differs from the Keras model's by %.3f in the mean; compare both "
            "on annotated pictures with `python -m benchmarks.localizer --model RUN --format ...`, "
            "or take `--quantize float16`.",
            name,
            quantize,
            found["mean"],
        )
    return found
