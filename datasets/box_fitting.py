"""Fits the boxes of an annotation to the picture as it is: size, border, sense."""

from __future__ import annotations

import logging
import math
from dataclasses import replace

import numpy as np

from config.errors import InputError
from datasets.box_flaws import describe_flaw, find_flaw
from datasets.images import read_header
from datasets.named_objects import NamedObjects

_SHAPE_TOLERANCE = 0.02
_LEAST_ROUNDED = 8  # pixels; of a smaller side a pixel is more than rounding
_logger = logging.getLogger(__name__)


def find_scale(said: tuple[int, int] | None, real: tuple[int, int]) -> tuple[float, float] | None:
    """Find the factor from the positions of an annotation to those of its picture.

    A picture that was made smaller or larger after it was annotated has kept its shape: sides that
    differ by factors within 2 % of each other, or, of 8 pixels at least, as far as a pixel's
    rounding explains: a picture of 1 x 2 pixels may come of any. Sides of another shape leave open
    where the boxes are.

    Args:
        said: (height, width) that the annotation says; None where it says none.
        real: (height, width) of the upright picture.

    Returns:
        Factors of (y, x), 1 where the sizes agree; None for another shape.

    Example:
        >>> find_scale((100, 200), (50, 100)), find_scale((100, 200), (200, 100))
        ((0.5, 0.5), None)
    """
    if said is None or tuple(said) == tuple(real):
        return 1.0, 1.0
    y, x = real[0] / said[0], real[1] / said[1]
    rounded = abs(said[0] * x - real[0]) <= 1 or abs(said[1] * y - real[1]) <= 1
    rounded &= min(real) >= _LEAST_ROUNDED
    return (y, x) if rounded or abs(y / x - 1) <= _SHAPE_TOLERANCE else None


def fit_boxes(picture: NamedObjects) -> NamedObjects:
    """Bring a picture's boxes into the pixels of the picture as it is.

    Only the header is read; a picture without a sound one keeps its boxes where they are. Boxes
    are scaled where the picture has another size but the same shape as the annotation says, and
    cut at the picture's border. Boxes that are empty, inverted or outside are left out and named
    in the log; so are objects without a box.

    Args:
        picture: a picture without a `problem`, with boxes as its file has them.

    Returns:
        The picture with `boxes` (N, 4) that all have an extent, and `points` in their middle; with
        a `problem` where its shape is not the one that the annotation says.

    Example:
        >>> boxes = np.array([[1.0, 1, 9, 3], [5, 5, 5, 6]])
        >>> fit_boxes(NamedObjects("absent.png", np.zeros((2, 2)), ("rat",) * 2, boxes=boxes)).boxes
        array([[1., 1., 9., 3.]])
    """
    try:
        header = read_header(picture.image)
    except InputError:  # told again, and counted, when the picture is decoded
        return _keep_sound(picture, (math.inf, math.inf))
    real = (header.height, header.width)
    scale = find_scale(picture.size, real)
    if scale is None:
        return replace(picture, problem=_describe_shape(picture, real, header.orientation))
    if scale != (1.0, 1.0):
        _logger.warning(
            "Scaled the boxes of %s: its annotation says %d x %d (width x height), it has %d x %d.",
            picture.image,
            *picture.size[::-1],
            *real[::-1],
        )
        picture = replace(picture, boxes=picture.boxes * (scale[::-1] * 2), size=real)
    return _keep_sound(picture, real)


def _keep_sound(picture: NamedObjects, size: tuple[float, float]) -> NamedObjects:
    kept = []
    for i, box in enumerate(picture.boxes):
        where = f"`{picture.image}` object {i} `{picture.names[i]}`"
        if np.isnan(box).any():
            _logger.warning("Left out %s, which has no box.", where)
        elif (kind := find_flaw(box, size)) in ("", "beyond"):
            kept.append(i)
        else:
            _logger.warning("Left out %s.", describe_flaw(kind, where).text)
    boxes = np.clip(picture.boxes[kept].reshape(-1, 4), 0, [size[1], size[0]] * 2)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2  # (N, 2) x, y
    names = tuple(picture.names[i] for i in kept)
    return replace(picture, boxes=boxes, points=centres[:, ::-1], names=names)


def _describe_shape(picture: NamedObjects, real: tuple[int, int], orientation: int) -> str:
    turned = orientation >= 5 and picture.size == real[::-1]
    cure = (
        "it was annotated without its EXIF rotation, so annotate it upright"
        if turned
        else "correct the annotation, or put the annotated picture back"
    )
    return (
        f"`{picture.image}` must have the shape of which its annotation says {picture.size[1]} x "
        f"{picture.size[0]} (width x height). It has {real[1]} x {real[0]}; {cure}."
    )
