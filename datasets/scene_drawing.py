"""Painting of drawn scenes: objects back to front, their shadows, and the light on it all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from datasets.scene_clutter import clutter_polygons
from datasets.scene_outlines import person_polygons
from ops.opencv import cv2

SUPERSAMPLING = 2  # objects are painted on a canvas this many times larger
_SHIFT = 4  # fractional bits of OpenCV's fixed-point vertices


@dataclass(frozen=True)
class Light:
    """How a scene is lit; drawn without regard to how many people stand in it.

    Attributes:
        side: where the light comes from, -1 left to 1 right.
        shadow: darkness of shadows, 0 to 1.
        shadow_reach: (x, y) of a shadow's tip from the feet, in body heights; y points up.
        haze: share of the far colour mixed into the farthest objects.
        gains: exposure times colour cast, RGB.
        gamma: exponent of the tone curve.
        vignette: darkening of the corners, 0 to 1.
        blur: sigma of the lens blur in pixels of a picture 192 high.
        noise: amplitude of the sensor noise, in grey levels.

    Example:
        >>> sample_light(np.random.default_rng(0)).noise > 0
        True
    """

    side: float
    shadow: float
    shadow_reach: tuple[float, float]
    haze: float
    gains: tuple[float, float, float]
    gamma: float
    vignette: float
    blur: float
    noise: float


class PaintedObject(NamedTuple):
    """One object, outlined and ready to paint.

    Attributes:
        label: 1..N for people, 0 for clutter.
        row: row of the foot, pixels; larger is nearer.
        polygons: (V, 2) int32 vertices of each part, in OpenCV's fixed point.
        colours: (P, 3) RGB of each part.
        corners: [left, top, right, bottom] around a person, pixels; None for clutter.

    Example:
        >>> PaintedObject(0, 3.0, [], np.zeros((0, 3)), None).label
        0
    """

    label: int
    row: float
    polygons: Sequence[np.ndarray]
    colours: np.ndarray
    corners: list[int] | None


def sample_light(rng: np.random.Generator) -> Light:
    """Draw a light.

    Args:
        rng: source of the draws.

    Returns:
        The light.

    Example:
        >>> 0 <= sample_light(np.random.default_rng(1)).shadow <= 0.6
        True
    """
    side = float(rng.uniform(-1, 1))
    gains = rng.uniform(0.62, 1.2) * rng.uniform(0.9, 1.1, 3)
    return Light(
        side=side,
        shadow=float(rng.uniform(0.1, 0.55)),
        shadow_reach=(-side * float(rng.uniform(0.2, 0.9)), float(rng.uniform(-0.12, 0.3))),
        haze=float(rng.uniform(0, 0.4)),
        gains=tuple(float(gain) for gain in gains),
        gamma=float(rng.uniform(0.8, 1.25)),
        vignette=float(rng.uniform(0, 0.35)),
        blur=float(max(rng.uniform(-0.5, 0.75), 0)),
        noise=float(rng.uniform(1, 10)),
    )


def painted_objects(people: np.ndarray, clutter: np.ndarray, side: float) -> list[PaintedObject]:
    """Outline all objects in painting order: the farthest, whose foot is highest, first.

    Args:
        people: (N,) of `PERSON`.
        clutter: (M,) of `CLUTTER`.
        side: `Light.side`.

    Returns:
        The objects. Labels are 1..N for people, in the order of `people`, and 0 for clutter.

    Example:
        >>> from datasets.scene_clutter import CLUTTER
        >>> from datasets.scene_people import PERSON
        >>> painted_objects(np.zeros(0, PERSON), np.zeros(0, CLUTTER), 0.0)
        []
    """
    objects = []
    if len(people):
        polygons, colours, present = person_polygons(people, side)
        lows, highs = polygons.min(axis=2), polygons.max(axis=2)  # (N, P, 2)
        corners = np.concatenate([lows.min(axis=1), highs.max(axis=1)], axis=1)  # (N, 4)
        corners = np.maximum(np.rint(corners + [-1, -1, 2, 2]), 0).astype(int).tolist()
        vertices = _fixed(polygons)
        for index, shown in enumerate(present):
            polygon, colour = vertices[index][shown], colours[index][shown]
            row = float(people["row"][index])
            objects.append(PaintedObject(index + 1, row, polygon, colour, corners[index]))
    for thing in clutter:
        polygons, colours = zip(*clutter_polygons(thing), strict=True)
        fixed = [_fixed(polygon) for polygon in polygons]
        objects.append(PaintedObject(0, float(thing["row"]), fixed, np.array(colours), None))
    return sorted(objects, key=lambda item: item.row)


def _fixed(polygons: np.ndarray, scale: float = SUPERSAMPLING) -> np.ndarray:
    """Turn x, y pixels into OpenCV's fixed-point vertices on a canvas `scale` times larger."""
    # Ours counts from the corner of the first pixel, OpenCV's from its centre: hence the half.
    return np.rint((polygons * scale - 0.5) * (1 << _SHIFT)).astype(np.int32)


def paint_objects(
    background: np.ndarray,
    objects: list[PaintedObject],
    hazes: np.ndarray,
    haze_colour: np.ndarray,
) -> np.ndarray:
    """Paint objects over a background, edges smoothed.

    Args:
        background: (H, W, 3) uint8 RGB.
        objects: from `painted_objects`.
        hazes: (K,) share of `haze_colour` in each object, 0 to 1.
        haze_colour: (3,) RGB of what is far.

    Returns:
        (H, W, 3) uint8 RGB.

    Example:
        >>> paint_objects(np.zeros((4, 6, 3), np.uint8), [], np.zeros(0), np.zeros(3)).shape
        (4, 6, 3)
    """
    height, width = background.shape[:2]
    canvas = cv2.resize(background, (width * SUPERSAMPLING, height * SUPERSAMPLING))
    for item, haze in zip(objects, hazes, strict=True):
        mixed = np.clip(item.colours * (1 - haze) + haze_colour * haze, 0, 255).tolist()
        for polygon, colour in zip(item.polygons, mixed, strict=True):
            cv2.fillConvexPoly(canvas, polygon, colour, cv2.LINE_AA, _SHIFT)
    return cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)


def paint_labels(
    size: tuple[int, int], objects: list[PaintedObject], num: int
) -> tuple[np.ndarray, np.ndarray]:
    """Paint each person's number; nearer objects cover farther ones.

    Args:
        size: (height, width), pixels.
        objects: from `painted_objects`.
        num: number of people.

    Returns:
        label_map (H, W) int32, 0 where no person is seen; full (N,) pixels that each person would
        cover inside the frame if nothing stood in front.

    Example:
        >>> paint_labels((4, 6), [], 0)[0].shape
        (4, 6)
    """
    height, width = size
    canvas = np.zeros((height * SUPERSAMPLING, width * SUPERSAMPLING), np.int32)
    samples = canvas[::SUPERSAMPLING, ::SUPERSAMPLING]
    full = np.zeros(num, np.int64)
    for item in objects:
        for polygon in item.polygons:
            cv2.fillConvexPoly(canvas, polygon, item.label, cv2.LINE_8, _SHIFT)
        if item.label:
            left, top, right, bottom = item.corners
            full[item.label - 1] = np.count_nonzero(samples[top:bottom, left:right] == item.label)
    return np.ascontiguousarray(samples), full


def shade_ground(background: np.ndarray, feet: np.ndarray, light: Light) -> np.ndarray:
    """Darken the ground where objects stand and where their shadows fall.

    Args:
        background: (H, W, 3) uint8 RGB.
        feet: (K, 3) x, y and height of each object, pixels.
        light: the scene's light.

    Returns:
        (H, W, 3) uint8 RGB.

    Example:
        >>> light = sample_light(np.random.default_rng(0))
        >>> shade_ground(np.zeros((4, 6, 3), np.uint8), np.zeros((0, 3)), light).shape
        (4, 6, 3)
    """
    shadow = np.zeros(background.shape[:2], np.uint8)
    reach = np.array([light.shadow_reach[0], -light.shadow_reach[1]])
    across = np.array([[-0.11, 0], [0.11, 0], [0.07, 0], [-0.07, 0]])
    for x, y, height in feet:
        strip = across + np.array([[0, 0], [0, 0], reach, reach])
        patch = _fixed(np.array([x, y - 0.01 * height]) + strip * height, 1)
        cv2.fillConvexPoly(shadow, patch, 170, cv2.LINE_AA, _SHIFT)
    for x, y, height in feet:
        centre = (int((x - 0.5) * 16), int((y - 0.02 * height) * 16))
        axes = (int(2.6 * height), int(0.75 * height))  # sixteenths: 0.16 and 0.05 heights
        cv2.ellipse(shadow, centre, axes, 0, 0, 360, 255, -1, cv2.LINE_AA, _SHIFT)
    soft = cv2.GaussianBlur(shadow, (3, 3), 0)
    kept = 255 - cv2.convertScaleAbs(soft, alpha=light.shadow)
    return cv2.multiply(background, cv2.merge([kept] * 3), scale=1 / 255)


def develop(picture: np.ndarray, light: Light, rng: np.random.Generator) -> np.ndarray:
    """Apply exposure, colour cast, tone curve, vignette, blur and noise.

    Args:
        picture: (H, W, 3) uint8 RGB.
        light: the scene's light.
        rng: source of the noise; as many draws whatever the picture shows.

    Returns:
        (H, W, 3) uint8 RGB.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> develop(np.zeros((4, 6, 3), np.uint8), sample_light(rng), rng).shape
        (4, 6, 3)
    """
    height, width = picture.shape[:2]
    levels = (np.arange(256) / 255)[:, None] ** light.gamma * np.array(light.gains)
    curve = np.clip(255 * levels, 0, 255).astype(np.uint8)
    picture = cv2.LUT(picture, curve[:, None])
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)
    fall = 1 - light.vignette * (x * x + y * y) / 2
    picture = cv2.multiply(picture, cv2.merge([fall] * 3), dtype=cv2.CV_8U)
    if light.blur > 0.2:
        picture = cv2.GaussianBlur(picture, (0, 0), light.blur * height / 192)
    # Two uniform draws add up to a triangle: close enough to a bell and much cheaper.
    grains = rng.integers(0, 256, (2, height, width, 3), np.uint8)
    weight = light.noise / 128
    picture = cv2.addWeighted(picture, 1, grains[0], weight, -weight * 127.5)
    return cv2.addWeighted(picture, 1, grains[1], weight, -weight * 127.5)
