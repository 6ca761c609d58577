"""Small scenes of discs, squares and triangles with patterns on a textured ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from datasets.scene_backgrounds import octave_noise
from datasets.scene_pictures import DrawnScene
from ops.opencv import cv2

TAGS_VERSION = 1  # grows when the same seed draws another picture
SHAPES = ("disc", "square", "triangle")  # sorted, as readers number them
_HUES = (0.03, 0.36, 0.66)  # what each class's own hue is drawn around
_HUE_SPREAD = 0.16  # so wide that a colour alone is often of another class
_MIN_VISIBLE = 0.6  # share of a shape that others and the border may not hide
_MIN_CONTRAST = 55.0  # RGB distance of a shape from the ground
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


@dataclass(frozen=True)
class _Shape:
    kind: int  # place in SHAPES
    row: float
    col: float
    radius: float
    angle: float
    period: float


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
    base = _sample_colour(rng, rng.random(), (0.0, 0.35), (0.25, 0.8))
    ground = _draw_ground(rng, base, image_size)
    for number, shape in enumerate(shapes, start=1):
        colour = _contrasting_colour(rng, shape.kind, base)
        pattern = _draw_pattern(shape, image_size)
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
) -> tuple[list[_Shape], np.ndarray]:
    """Return shapes, the farthest first, and (H, W) int32: which of them, from 1, is seen."""
    kinds = rng.permutation(len(SHAPES))[: rng.choice([1, 2, 3], p=[0.4, 0.4, 0.2])]
    for attempt in range(_TRIES):
        shapes = [_sample_shape(rng, int(kind), size) for kind in kinds]
        inside = [_fill(shape, size) for shape in shapes]
        labels = np.zeros(size, np.int32)
        for number, mask in enumerate(inside, start=1):
            labels[mask] = number
        whole = [_area(shape) for shape in shapes]
        seen = np.bincount(labels.ravel(), minlength=len(shapes) + 1)[1:]
        if (seen >= _MIN_VISIBLE * np.array(whole)).all():
            return shapes, labels
        if attempt >= _TRIES // 2:
            kinds = kinds[:1]  # one shape finds room anywhere
    raise RuntimeError(f"No shape fits into a picture of {size[0]} x {size[1]} pixels.")


def _sample_shape(rng: np.random.Generator, kind: int, size: tuple[int, int]) -> _Shape:
    radius = rng.uniform(0.13, 0.23) * min(size)
    row, col = (rng.uniform(0.8 * radius, side - 0.8 * radius) for side in size)
    angle = rng.uniform(0, 2 * np.pi)
    return _Shape(kind, row, col, radius, angle, rng.uniform(0.045, 0.075) * min(size))


def _place(shape: _Shape, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return each pixel's place along and across the shape's own axis, (H, W) pixels each."""
    rows, cols = np.indices(size, np.float32)
    rows, cols = rows - shape.row, cols - shape.col
    cos, sin = np.cos(shape.angle), np.sin(shape.angle)
    return cos * rows + sin * cols, cos * cols - sin * rows


def _fill(shape: _Shape, size: tuple[int, int]) -> np.ndarray:
    along, across = _place(shape, size)
    if SHAPES[shape.kind] == "disc":
        return along**2 + across**2 <= shape.radius**2
    if SHAPES[shape.kind] == "square":
        return np.maximum(abs(along), abs(across)) <= 0.88 * shape.radius
    # Equilateral: every side is half of the corners' radius away from the middle.
    sides = (along, *(-0.5 * along + sign * np.sqrt(0.75) * across for sign in (-1, 1)))
    return np.max(sides, axis=0) <= 0.62 * shape.radius


def _area(shape: _Shape) -> float:
    factor = {"disc": np.pi, "square": 1.76**2, "triangle": 3 * np.sqrt(3) * 0.62**2}
    return factor[SHAPES[shape.kind]] * shape.radius**2


def _draw_pattern(shape: _Shape, size: tuple[int, int]) -> np.ndarray:
    """Return (H, W) in -1..1: rings, checks or stripes."""
    along, across = (2 * np.pi * axis / shape.period for axis in _place(shape, size))
    if SHAPES[shape.kind] == "disc":
        return np.sin(np.hypot(along, across))
    if SHAPES[shape.kind] == "square":
        return np.sign(np.sin(along / 2) * np.sin(across / 2))
    return np.sin(across)


def _draw_ground(rng: np.random.Generator, base: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return (H, W, 3) float32: a texture around a colour, with plain specks."""
    noise = rng.uniform(0.12, 0.3) * octave_noise(rng, size, finest=int(rng.choice([1, 2, 4])))
    ground = (1 + noise[..., np.newaxis]) * base
    rows, cols = np.indices(size)
    for _ in range(rng.integers(0, 5)):
        radius = rng.uniform(0.015, 0.035) * min(size)
        row, col = rng.uniform(0, size)
        speck = np.hypot(rows - row, cols - col) <= radius
        ground[speck] = _sample_colour(rng, rng.random(), (0.2, 0.9), (0.3, 1.0))
    return ground.astype(np.float32)


def _contrasting_colour(rng: np.random.Generator, kind: int, base: np.ndarray) -> np.ndarray:
    """Draw a class's colour, again while it is too near the ground's."""
    for _ in range(_TRIES):
        hue = _HUES[kind] + _HUE_SPREAD * rng.standard_normal()
        colour = _sample_colour(rng, hue, (0.35, 0.85), (0.3, 0.85))
        if np.linalg.norm(colour - base) >= _MIN_CONTRAST:
            break
    return colour


def _sample_colour(rng: np.random.Generator, hue: float, saturation, value) -> np.ndarray:
    """Return (3,) float32 RGB, 0 to 255, of a hue in turns."""
    hsv = np.array([[[360 * (hue % 1), rng.uniform(*saturation), rng.uniform(*value)]]], np.float32)
    return 255 * cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0]


def _describe(image: np.ndarray, labels: np.ndarray) -> DrawnScene:
    boxes = [
        [columns.start, rows.start, columns.stop, rows.stop]
        for rows, columns in ndimage.find_objects(labels)
    ]
    boxes = np.array(boxes, np.float64)
    return DrawnScene(image, (boxes[:, :2] + boxes[:, 2:])[:, ::-1] / 2, boxes, labels)
