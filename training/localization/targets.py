"""What a localizer learns from a box and a class, by output."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import keras
import numpy as np

from config.errors import InputError
from ops.box_targets import draw_box_mask, draw_heat, encode_grid

HEAT_SIGMA = 1.0  # cells; the width of a true heat map's bump
Targets = Callable[[np.ndarray, int], dict[str, np.ndarray]]


def make_target_maker(localizer: keras.Model, outputs: Collection[str]) -> Targets:
    """Make the function that draws the targets of a localizer.

    Args:
        localizer: what `models.localizer.build_localizer` returned.
        outputs: names of its outputs that have a target.

    Returns:
        (box (4,) xyxy fractions of the picture, class from 1) -> {output: float32 array, without
        the batch}. `box` is the box itself; `raw_box` (4,) x0, y0, width, height in pixels of the
        input; `mask`, `grid` and `heat` as `ops.box_targets` draws them, in the output's size;
        `class_logits` (K,) one-hot.

    Raises:
        InputError: an output is none of the localizer's, or has no target.

    Example:
        >>> image = keras.Input((32, 32, 3))
        >>> x = keras.layers.Dense(4, name="raw")(keras.layers.GlobalAveragePooling2D()(image))
        >>> make = make_target_maker(keras.Model(image, {"raw_box": x}), ["raw_box"])
        >>> make(np.array([0.25, 0.5, 1.0, 1.0]), 1)["raw_box"].tolist()
        [8.0, 16.0, 24.0, 16.0]
    """
    size = localizer.input.shape[1:3]
    draw: Mapping[str, Callable] = {
        "box": lambda box, number, shape: box,
        "raw_box": lambda box, number, shape: _to_pixels(box, size),
        "mask": lambda box, number, shape: draw_box_mask(
            box, shape[:2], rounding=localizer.get_layer("decode_mask").rounding
        ),
        "grid": lambda box, number, shape: encode_grid(box, shape[0]),
        "heat": lambda box, number, shape: draw_heat(box, shape[:2], HEAT_SIGMA),
        "class_logits": lambda box, number, shape: np.eye(shape[0])[number - 1],
    }
    known = {name: item.shape[1:] for name, item in localizer.output.items() if name in draw}
    unknown = sorted(set(outputs) - set(known))
    if unknown:
        raise InputError(
            f"`loss` must be on outputs of this localizer: {', '.join(known)}. Received "
            f"`{unknown[0]}`; null chooses those of the head."
        )
    shapes = {name: known[name] for name in outputs}

    def make(box: np.ndarray, number: int) -> dict[str, np.ndarray]:
        return {
            name: np.asarray(draw[name](box, number, shape), np.float32)
            for name, shape in shapes.items()
        }

    return make


def _to_pixels(box: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return x0, y0, width, height in pixels of a picture of `size` (height, width)."""
    height, width = size
    x0, y0, x1, y1 = box * [width, height, width, height]
    return np.array([x0, y0, x1 - x0, y1 - y0])
