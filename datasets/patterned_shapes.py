"""Discs with rings, squares with checks, triangles with stripes, and the ground they lie on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from datasets.scene_backgrounds import octave_noise
from ops.opencv import cv2

SHAPES = ("disc", "square", "triangle")  # sorted, as readers number them
_HUES = (0.03, 0.36, 0.66)  # what each class's own hue is drawn around
_MIN_CONTRAST = 55.0  # RGB distance of a shape from the ground
_TRIES = 20


@dataclass(frozen=True)
class PatternedShape:
    """A shape in a picture.

    Attributes:
        kind: place of its class in `SHAPES`.
        row: of its centre, pixels.
        col: likewise.
        radius: of its corners, or rim, pixels.
        angle: its turn, radians.
        period: of its pattern, pixels.

    Example:
        >>> SHAPES[PatternedShape(0, 8.0, 8.0, 4.0, 0.0, 3.0).kind]
        'disc'
    """

    kind: int
    row: float
    col: float
    radius: float
    angle: float
    period: float


def fill_shape(shape: PatternedShape, size: tuple[int, int]) -> np.ndarray:
    """Tell which pixels lie inside a shape.

    Args:
        shape: the shape.
        size: (height, width) of the picture, pixels.

    Returns:
        (H, W) bool.

    Example:
        >>> int(fill_shape(PatternedShape(0, 2.0, 2.0, 1.0, 0.0, 3.0), (5, 5)).sum())
        5
    """
    along, across = _place(shape, size)
    if SHAPES[shape.kind] == "disc":
        return along**2 + across**2 <= shape.radius**2
    if SHAPES[shape.kind] == "square":
        return np.maximum(abs(along), abs(across)) <= 0.88 * shape.radius
    # Equilateral: every side is half of the corners' radius away from the middle.
    sides = (along, *(-0.5 * along + sign * np.sqrt(0.75) * across for sign in (-1, 1)))
    return np.max(sides, axis=0) <= 0.62 * shape.radius


def measure_shape(shape: PatternedShape) -> float:
    """Give the area of a whole shape.

    Args:
        shape: the shape.

    Returns:
        Square pixels.

    Example:
        >>> round(measure_shape(PatternedShape(0, 0.0, 0.0, 1.0, 0.0, 3.0)), 4)
        3.1416
    """
    factor = {"disc": np.pi, "square": 1.76**2, "triangle": 3 * np.sqrt(3) * 0.62**2}
    return factor[SHAPES[shape.kind]] * shape.radius**2


def draw_pattern(shape: PatternedShape, size: tuple[int, int]) -> np.ndarray:
    """Draw the pattern of a shape's class over the whole picture.

    Args:
        shape: the shape.
        size: (height, width) of the picture, pixels.

    Returns:
        (H, W) in -1..1: rings, checks or stripes that move and turn with the shape.

    Example:
        >>> draw_pattern(PatternedShape(1, 2.0, 2.0, 1.0, 0.0, 3.0), (4, 5)).shape
        (4, 5)
    """
    along, across = (2 * np.pi * axis / shape.period for axis in _place(shape, size))
    if SHAPES[shape.kind] == "disc":
        return np.sin(np.hypot(along, across))
    if SHAPES[shape.kind] == "square":
        return np.sign(np.sin(along / 2) * np.sin(across / 2))
    return np.sin(across)


def draw_ground(rng: np.random.Generator, base: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Draw a texture around a colour, with up to four plain specks of any colour.

    Args:
        rng: source of the draws.
        base: (3,) RGB, 0 to 255.
        size: (height, width), pixels.

    Returns:
        (H, W, 3) float32.

    Example:
        >>> draw_ground(np.random.default_rng(0), np.full(3, 99.0), (8, 9)).shape
        (8, 9, 3)
    """
    noise = rng.uniform(0.12, 0.3) * octave_noise(rng, size, finest=int(rng.choice([1, 2, 4])))
    ground = (1 + noise[..., np.newaxis]) * base
    rows, cols = np.indices(size)
    for _ in range(rng.integers(0, 5)):
        radius = rng.uniform(0.015, 0.035) * min(size)
        row, col = rng.uniform(0, size)
        speck = np.hypot(rows - row, cols - col) <= radius
        ground[speck] = sample_colour(rng, rng.random(), (0.2, 0.9), (0.3, 1.0))
    return ground.astype(np.float32)


def draw_contrasting_colour(
    rng: np.random.Generator, kind: int, base: np.ndarray, *, spread: float
) -> np.ndarray:
    """Draw a colour around the hue of a class, again while it is too near the ground's.

    Args:
        rng: source of the draws.
        kind: place of the class in `SHAPES`.
        base: (3,) RGB of the ground.
        spread: standard deviation of the hue, in turns.

    Returns:
        (3,) float32 RGB, 0 to 255.

    Example:
        >>> base = np.full(3, 99.0)
        >>> red, *_ = draw_contrasting_colour(np.random.default_rng(0), 0, base, spread=0.0)
        >>> bool(red > 55)
        True
    """
    for _ in range(_TRIES):
        hue = _HUES[kind] + spread * rng.standard_normal()
        colour = sample_colour(rng, hue, (0.35, 0.85), (0.3, 0.85))
        if np.linalg.norm(colour - base) >= _MIN_CONTRAST:
            break
    return colour


def sample_colour(
    rng: np.random.Generator,
    hue: float,
    saturation: tuple[float, float],
    value: tuple[float, float],
) -> np.ndarray:
    """Draw a colour of a hue.

    Args:
        rng: source of the draws.
        hue: in turns.
        saturation: lowest and highest, 0 to 1.
        value: likewise.

    Returns:
        (3,) float32 RGB, 0 to 255.

    Example:
        >>> sample_colour(np.random.default_rng(0), 0.0, (1.0, 1.0), (1.0, 1.0)).tolist()
        [255.0, 0.0, 0.0]
    """
    hsv = np.array([[[360 * (hue % 1), rng.uniform(*saturation), rng.uniform(*value)]]], np.float32)
    return 255 * cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0]


def _place(shape: PatternedShape, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return each pixel's place along and across the shape's own axis, (H, W) pixels each."""
    rows, cols = np.indices(size, np.float32)
    rows, cols = rows - shape.row, cols - shape.col
    cos, sin = np.cos(shape.angle), np.sin(shape.angle)
    return cos * rows + sin * cols, cos * cols - sin * rows
