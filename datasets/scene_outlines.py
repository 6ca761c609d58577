"""Outlines of the people of a drawn scene: one polygon a part, in the order of painting."""

from __future__ import annotations

import numpy as np

from datasets.scene_people import WEARS
from datasets.scene_shapes import NUM_VERTICES, capsules, ellipses

# Share of the people who wear a thing.
_SHARE = {
    "skirt": 0.16,
    "hat": 0.2,
    "backpack": 0.16,
    "handbag": 0.14,
    "long_hair": 0.4,
    "umbrella": 0.03,
    "stripe": 0.2,
    "coat": 0.14,
}
_TORSO_Y = np.array([0.85, 0.825, 0.78, 0.66, 0.57, 0.475])


def person_polygons(people: np.ndarray, light: float) -> tuple[np.ndarray, ...]:
    """Outline every part of every person, in the order in which the parts are painted.

    Args:
        people: (N,) of `PERSON`.
        light: side from which the light comes, -1 left to 1 right.

    Returns:
        polygons (N, P, 12, 2) x, y pixels; colours (N, P, 3) RGB in 0..255; present (N, P) bool.

    Example:
        >>> from datasets.scene_people import PERSON
        >>> person_polygons(np.zeros(0, PERSON), 0.5)[0].shape[2:]
        (12, 2)
    """
    parts = [*_legs(people), *_body(people, light), *_head(people), *_near_side(people)]
    outlines, colours, present = zip(*parts, strict=True)
    polygons = np.stack(outlines, axis=1)  # (N, P, 12, 2)
    raised = polygons[..., 1] - 0.475
    drop = (1 - people["legs"])[:, None, None]
    # Who sits keeps the trunk and folds the legs: only what is below the hip is squeezed.
    polygons[..., 1] -= drop * np.minimum(polygons[..., 1], 0.475)
    polygons[..., 0] *= np.where(raised < 0, 1 + 0.4 * drop, 1) * people["mirror"][:, None, None]
    scale = people["height"][:, None, None]
    polygons[..., 0] = people["col"][:, None, None] + scale * polygons[..., 0]
    polygons[..., 1] = people["row"][:, None, None] - scale * polygons[..., 1]
    shown = np.empty((len(people), len(parts)), bool)
    for part, worn in enumerate(present):
        shown[:, part] = worn
    return polygons, np.stack(colours, axis=1), shown


def _worn(people: np.ndarray, thing: str) -> np.ndarray:
    """Who wears a thing, (N,) bool."""
    return people["wears"][:, WEARS.index(thing)] < _SHARE[thing]


def _sideways(people: np.ndarray) -> np.ndarray:
    """How far each one is turned to the side, (N,) from 0 (front, back) to 1."""
    return np.abs(np.sin(people["turn"]))


def _at(x, y, num: int) -> np.ndarray:
    """Points (num, 2) from numbers or (num,) arrays."""
    points = np.empty((num, 2), np.float32)
    points[:, 0], points[:, 1] = x, y
    return points


def _legs(people: np.ndarray) -> list[tuple]:
    """Shoes, shins and thighs: the far leg darker, then the near one."""
    num, side = len(people), _sideways(people)
    bare = np.where(_worn(people, "skirt")[:, None], people["skin"], people["bottom"])
    parts = []
    for sign, shade in ((-1, 0.72), (1, 1.0)):
        hip = _at(sign * 0.045 * (1 - 0.6 * side), 0.48, num)
        spread = sign * (people["stride"] * (0.35 + 0.65 * side) + 0.05 * (1 - side))
        foot = _at(spread, 0.03 + 0.03 * (sign < 0) * side, num)
        knee = (hip + foot) / 2 + _at(0.25 * people["stride"] * side, 0.01, num)
        thick = 0.052 * people["build"]
        shoe = capsules(foot, foot + _at(0.05 * (0.4 + side), -0.012, num), 0.026, 0.02)
        parts.append((shoe, people["hair"] * 0.7 * shade, True))
        parts.append((capsules(foot, knee, 0.028, 0.038), bare * shade, True))
        parts.append((capsules(knee, hip, 0.042, thick), bare * shade, True))
    return parts


def _trunk(half_widths: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Outline a trunk (N, 12, 2) from half widths (N, 6) at six heights (6,), top first."""
    left = np.stack([-half_widths, np.broadcast_to(heights, half_widths.shape)], axis=-1)
    right = np.stack([half_widths, np.broadcast_to(heights, half_widths.shape)], axis=-1)
    return np.concatenate([left, right[:, ::-1]], axis=1)


def _arm(people: np.ndarray, sign: int, shade: float) -> list[tuple]:
    """Upper arm, forearm and hand at one side; `sign` is -1 for the far arm."""
    num, side = len(people), _sideways(people)
    first = 0 if sign < 0 else 2
    shoulder_angle = people["arms"][:, first] * sign
    lower_angle = shoulder_angle + people["arms"][:, first + 1] * np.where(side > 0.5, 1, sign)
    shoulder = _at(sign * 0.115 * people["build"] * (1 - 0.75 * side), 0.795, num)
    elbow = shoulder + 0.17 * _at(np.sin(shoulder_angle), -np.cos(shoulder_angle), num)
    hand = elbow + 0.155 * _at(np.sin(lower_angle), -np.cos(lower_angle), num)
    sleeve = np.where(people["wears"][:, 6:7] > 0.55, people["skin"], people["top"] * 0.9)
    return [
        (capsules(shoulder, elbow, 0.042, 0.034), people["top"] * 0.86 * shade, True),
        (capsules(elbow, hand, 0.033, 0.025), sleeve * shade, True),
        (ellipses(hand, 0.028, 0.028), people["skin"] * shade, True),
    ]


def _body(people: np.ndarray, light: float) -> list[tuple]:
    """Far arm, skirt or coat, neck, trunk with its dark side, and a stripe."""
    num, side = len(people), _sideways(people)
    width = people["build"] * (1 - 0.36 * side)
    trunk = _trunk(width[:, None] * np.array([0.06, 0.115, 0.132, 0.105, 0.098, 0.094]), _TORSO_Y)
    flare = _trunk(
        width[:, None] * np.array([0.085, 0.1, 0.115, 0.125, 0.14, 0.15]),
        np.array([0.56, 0.52, 0.45, 0.38, 0.32, 0.26]),
    )
    shade = trunk.copy()
    away = -light * people["mirror"]  # the side that the light does not reach
    shade[..., 0] = shade[..., 0] * 0.42 + (width * 0.06 * np.sign(away))[:, None]
    band = _trunk(
        width[:, None] * np.array([0.108, 0.107, 0.105, 0.104, 0.103, 0.101]),
        np.array([0.68, 0.67, 0.66, 0.64, 0.62, 0.6]),
    )
    skirt = np.where(_worn(people, "coat")[:, None], people["top"] * 0.95, people["bottom"])
    neck = capsules(_at(0, 0.83, num), _at(0, 0.88, num), 0.035, 0.035)
    return [
        *_arm(people, -1, 0.78),
        (flare, skirt, _worn(people, "skirt") | _worn(people, "coat")),
        (neck, people["skin"] * 0.82, True),
        (trunk, people["top"], True),
        (shade, people["top"] * (1 - 0.28 * abs(light)), True),
        (band, people["bag"], _worn(people, "stripe")),
    ]


def _head(people: np.ndarray) -> list[tuple]:
    """Long hair, face, hair and hat; who shows the back shows hair only."""
    num, side = len(people), _sideways(people)
    back = np.cos(people["turn"]) < -0.35
    radius_x = people["head"] * (0.06 + 0.008 * side)
    radius_y = people["head"] * 0.077
    centre = _at(0, 0.923, num)
    shift = np.where(back, 0, -0.4 * side)  # hair sits at the back of a head seen from the side
    cap_centre = centre + _at(shift * radius_x, np.where(back, 0.1, 0.55) * radius_y, num)
    cap_height = radius_y * np.where(back, 1, 0.56)
    long_hair = capsules(
        centre + _at(shift * radius_x, 0, num),
        centre + _at(1.3 * shift * radius_x, -0.085, num),
        radius_x * 1.08,
        radius_x * 0.9,
    )
    brim = np.where(side > 0.4, 0.05, 0)
    hat_centre = centre + _at(0, 0.62 * radius_y, num)
    hat = capsules(
        hat_centre - _at(radius_x * 0.5, 0, num),
        hat_centre + _at(radius_x * 0.5 + brim, -0.25 * brim, num),
        radius_x * 0.72,
        np.where(brim > 0, 0.022, radius_x * 0.72),
    )
    return [
        (long_hair, people["hair"] * 0.85, _worn(people, "long_hair")),
        (ellipses(centre, radius_x, radius_y), people["skin"], True),
        (ellipses(cap_centre, radius_x * 1.04, cap_height), people["hair"], True),
        (hat, people["bag"], _worn(people, "hat")),
    ]


def _near_side(people: np.ndarray) -> list[tuple]:
    """What lies in front: near arm, backpack of who shows the back, handbag, umbrella."""
    num = len(people)
    back = np.cos(people["turn"]) < 0.2
    side = _sideways(people)
    pack = capsules(
        _at(-0.1 * side, 0.76, num), _at(-0.1 * side, 0.6, num), 0.085 * people["build"], 0.095
    )
    bag = capsules(_at(0.12, 0.48, num), _at(0.18, 0.48, num), 0.05, 0.05)
    grip, top = _at(0.08, 0.62, num), _at(0.05, 1.2, num)
    dome = np.repeat(np.zeros((1, NUM_VERTICES, 2)), num, axis=0)
    dome[:] = ellipses(np.array([[0.05, 1.1]]), 0.34, 0.17)
    dome[..., 1] = np.maximum(dome[..., 1], 1.07)
    umbrella = _worn(people, "umbrella")
    return [
        (pack, people["bag"] * 0.9, _worn(people, "backpack") & back),
        *_arm(people, 1, 1.0),
        (bag, people["bag"], _worn(people, "handbag")),
        (capsules(grip, top, 0.01, 0.01), np.full((num, 3), 60.0), umbrella),
        (dome, people["bag"], umbrella),
    ]
