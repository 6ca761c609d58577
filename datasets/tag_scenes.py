"""Small scenes of discs, squares and triangles with patterns on a textured ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from datasets.patterned_shapes import (
    SHAPES,
    PatternedShape,
    draw_contrasting_colour,
    draw_ground,
    draw_pattern,
    fill_shape,
    measure_shape,
    sample_colour,
)
from datasets.scene_backgrounds import octave_noise
from datasets.scene_pictures import DrawnScene
from ops.opencv import cv2

TAGS_VERSION = 1  # grows when the same seed draws another picture
_HUE_SPREAD = 0.16  # so wide that a colour alone is often of another class
_MIN_VISIBLE = 0.6  # share of a shape that others and the border may not hide
_TRIES = 20
_KEY = 8  # of the stream that draws these scenes


@dataclass(frozen=True)
class DrawnTags:
    """A picture of one to three shapes, each of another class.

    Attributes:
        drawn: the picture; its `label_map` numbers the shapes.
        names: the class of each shape.
        classes: (H, W) uint8, 0 ground, else the place of the class in `SHAPES`, from 1.

    Example:
        >>> len(draw_tag_scene(0, 1).names) in (1, 2, 3)
        True
    """

    drawn: DrawnScene
    names: tuple[str, ...]
    classes: np.ndarray


def draw_tag_scene(seed: int, index: int, *, image_size: tuple[int, int] = (128, 128)) -> DrawnTags:
    """Draw a scene.

    Number, classes, places, sizes, turns and colours of the shapes are drawn apart. Discs have
    rings, squares checks, triangles stripes; a class's hue is drawn around its own, so wide that
    colour alone misleads. Shapes may touch and hide each other by up to 40 %. The ground is
    textured, and carries up to four plain specks of any colour that are of no class.

    Args:
        seed: not negative.
        index: not negative; number of the scene.
        image_size: (height, width), pixels.

    Returns:
        The picture with its labels.

    Example:
        >>> scene = draw_tag_scene(0, 1)
        >>> scene.drawn.image.shape, scene.classes.shape
        ((128, 128, 3), (128, 128))
    """
    rng = np.random.default_rng([seed, index, _KEY])
    shapes, labels = _sample_shapes(rng, image_size)
    base = sample_colour(rng, rng.random(), (0.0, 0.35), (0.25, 0.8))
    ground = draw_ground(rng, base, image_size)
    for number, shape in enumerate(shapes, start=1):
        colour = draw_contrasting_colour(rng, shape.kind, base, spread=_HUE_SPREAD)
        pattern = draw_pattern(shape, image_size)
        light = 1 + rng.uniform(0.3, 0.5) * pattern + 0.08 * octave_noise(rng, image_size)
        inside = labels == number
        ground[inside] = (light[..., np.newaxis] * colour)[inside]
    image = cv2.GaussianBlur(ground, (0, 0), rng.uniform(0.4, 0.8))
    image += rng.normal(0, rng.uniform(2, 7), image.shape).astype(np.float32)
    classes = np.array([0, *(shape.kind + 1 for shape in shapes)], np.uint8)[labels]
    return DrawnTags(
        _describe(np.clip(image, 0, 255).astype(np.uint8), labels),
        tuple(SHAPES[shape.kind] for shape in shapes),
        classes,
    )


def _sample_shapes(
    rng: np.random.Generator, size: tuple[int, int]
) -> tuple[list[PatternedShape], np.ndarray]:
    """Return shapes, the farthest first, and (H, W) int32: which of them, from 1, is seen."""
    kinds = rng.permutation(len(SHAPES))[: rng.choice([1, 2, 3], p=[0.4, 0.4, 0.2])]
    for attempt in range(_TRIES):
        shapes = [_sample_shape(rng, int(kind), size) for kind in kinds]
        inside = [fill_shape(shape, size) for shape in shapes]
        labels = np.zeros(size, np.int32)
        for number, mask in enumerate(inside, start=1):
            labels[mask] = number
        whole = [measure_shape(shape) for shape in shapes]
        seen = np.bincount(labels.ravel(), minlength=len(shapes) + 1)[1:]
        if (seen >= _MIN_VISIBLE * np.array(whole)).all():
            return shapes, labels
        if attempt >= _TRIES // 2:
            kinds = kinds[:1]  # one shape finds room anywhere
    raise RuntimeError(f"No shape fits into a picture of {size[0]} x {size[1]} pixels.")


def _sample_shape(rng: np.random.Generator, kind: int, size: tuple[int, int]) -> PatternedShape:
    radius = rng.uniform(0.13, 0.23) * min(size)
    row, col = (rng.uniform(0.8 * radius, side - 0.8 * radius) for side in size)
    angle = rng.uniform(0, 2 * np.pi)
    return PatternedShape(kind, row, col, radius, angle, rng.uniform(0.045, 0.075) * min(size))


def _describe(image: np.ndarray, labels: np.ndarray) -> DrawnScene:
    boxes = [
        [columns.start, rows.start, columns.stop, rows.stop]
        for rows, columns in ndimage.find_objects(labels)
    ]
    boxes = np.array(boxes, np.float64)
    return DrawnScene(image, (boxes[:, :2] + boxes[:, 2:])[:, ::-1] / 2, boxes, labels)
