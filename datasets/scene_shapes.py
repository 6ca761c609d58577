"""Outlines from which people and clutter are drawn, and the colours they wear."""

from __future__ import annotations

import numpy as np

from ops.opencv import cv2

NUM_VERTICES = 12
_HALF_TURNS = np.concatenate(
    [np.linspace(np.pi / 2, 3 * np.pi / 2, 6), np.linspace(-np.pi / 2, np.pi / 2, 6)],
    dtype=np.float32,
)
_FULL_TURN = np.arange(NUM_VERTICES) * (2 * np.pi / NUM_VERTICES)
# OpenCV's hues, 0..179: red, orange, yellow, green, blue and pink, as often as in a street.
_CLOTH_HUES = np.array([0, 2, 6, 12, 18, 26, 40, 70, 95, 105, 110, 115, 122, 150, 168, 176])
_CIRCLE = np.stack([np.cos(_FULL_TURN), np.sin(_FULL_TURN)], axis=-1).astype(np.float32)


def capsules(start: np.ndarray, end: np.ndarray, start_radius, end_radius) -> np.ndarray:
    """Outline limbs: two round ends and straight sides.

    Args:
        start: (N, 2) x, y of one end.
        end: (N, 2) x, y of the other.
        start_radius: number or (N,) radius at `start`.
        end_radius: number or (N,) radius at `end`.

    Returns:
        (N, 12, 2) polygons.

    Example:
        >>> limb = capsules(np.zeros((1, 2)), np.array([[0.0, 1.0]]), 0.5, 0.5)
        >>> [round(float(side), 2) for side in limb[0].max(axis=0)]
        [0.5, 1.48]
    """
    along = end - start
    angle = np.arctan2(along[:, 1], along[:, 0])[:, None] + _HALF_TURNS  # (N, 12)
    rim = np.empty((len(start), 2, NUM_VERTICES // 2, 2), np.float32)
    rim.reshape(-1, NUM_VERTICES, 2)[..., 0] = np.cos(angle)
    rim.reshape(-1, NUM_VERTICES, 2)[..., 1] = np.sin(angle)
    for side, (centre, radius) in enumerate(((start, start_radius), (end, end_radius))):
        rim[:, side] *= radius if np.isscalar(radius) else radius[:, None, None]
        rim[:, side] += centre[:, None]
    return rim.reshape(-1, NUM_VERTICES, 2)


def ellipses(centre: np.ndarray, radius_x, radius_y) -> np.ndarray:
    """Outline ellipses whose axes are upright.

    Args:
        centre: (N, 2) x, y.
        radius_x: number or (N,).
        radius_y: number or (N,).

    Returns:
        (N, 12, 2) polygons.

    Example:
        >>> ellipses(np.zeros((1, 2)), 2.0, 1.0)[0].max(axis=0)
        array([2., 1.])
    """
    radii = np.empty((len(centre), 1, 2), np.float32)
    radii[:, 0, 0], radii[:, 0, 1] = radius_x, radius_y
    return centre[:, None] + _CIRCLE * radii


def cloth_colours(rng: np.random.Generator, num: int) -> np.ndarray:
    """Draw colours that clothes and painted things have: a third greyish, the rest vivid.

    Args:
        rng: source of the draws.
        num: number of colours.

    Returns:
        (num, 3) float32 RGB in 0..255.

    Example:
        >>> cloth_colours(np.random.default_rng(0), 2).shape
        (2, 3)
    """
    hue = (_CLOTH_HUES[rng.integers(len(_CLOTH_HUES), size=num)] + rng.integers(-3, 4, num)) % 180
    vivid = rng.random(num) > 0.35
    saturation = np.where(vivid, rng.integers(90, 240, num), rng.integers(0, 50, num))
    value = np.where(vivid, rng.integers(90, 250, num), rng.integers(15, 250, num))
    hsv = np.stack([hue, saturation, value], axis=-1).astype(np.uint8)[None]  # (1, num, 3)
    if not num:
        return np.zeros((0, 3), np.float32)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0].astype(np.float32)
