"""Things of a drawn scene that are not people, some of them easily taken for one."""

from __future__ import annotations

import numpy as np

from datasets.scene_shapes import capsules, cloth_colours, ellipses

CLUTTER = np.dtype(
    [
        ("kind", "i4"),  # index into CLUTTER_KINDS
        ("row", "f4"),  # of its foot, pixels
        ("col", "f4"),
        ("height", "f4"),  # height of an adult at that place, pixels
        ("mirror", "f4"),
        ("colour", "f4", 3),
        ("other", "f4", 3),
        ("shape", "f4", 8),  # draws in [0, 1) that the outline uses
    ]
)


def _disc(x, y, radius_x, radius_y) -> np.ndarray:
    return ellipses(np.array([[x, y]]), radius_x, radius_y)[0]


def _bar(x0, y0, x1, y1, radius) -> np.ndarray:
    return capsules(np.array([[x0, y0]]), np.array([[x1, y1]]), radius, radius)[0]


def _box(x0, y0, x1, y1) -> np.ndarray:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def _lamp(thing):
    tall = 1.6 + 1.4 * thing["shape"][0]
    metal = thing["colour"] * 0.4 + 30
    arm = 0.45 * (thing["shape"][1] > 0.5)
    globe = np.array([235, 232, 215.0]) if thing["shape"][2] > 0.3 else thing["other"]
    return [
        (_bar(0, 0, 0, tall, 0.028), metal),
        (_bar(0, tall, arm, tall + 0.03, 0.022), metal),
        (_box(-0.07, 0, 0.07, 0.22), metal * 0.8),
        (_disc(arm, tall, 0.1, 0.085), globe),
    ]


def _bin(thing):
    tall, wide = 0.45 + 0.2 * thing["shape"][0], 0.15 + 0.06 * thing["shape"][1]
    taper = np.array([[-wide * 0.8, 0], [wide * 0.8, 0], [wide, tall], [-wide, tall]])
    return [
        (taper, thing["colour"] * 0.8),
        (_box(0.2 * wide, 0.02, 0.8 * wide, tall), thing["colour"] * 0.62),
        (_disc(0, tall, wide * 1.08, 0.05), thing["other"] * 0.6),
    ]


def _bush(thing):
    draws = thing["shape"]
    green = np.array([48 + 50 * draws[0], 86 + 60 * draws[1], 40 + 20 * draws[2]])
    size = 0.24 + 0.2 * draws[3]
    blobs = []
    for step in range(7):
        x = (step - 3) * size * 0.42 * (0.7 + 0.6 * draws[step])
        y = size * (0.55 + 0.6 * draws[7 - step])
        radius = size * (0.5 + 0.35 * draws[(step + 3) % 8])
        blobs.append((_disc(x, y, radius, radius), green * (0.75 + 0.5 * draws[step])))
    return blobs


def _tree(thing):
    draws = thing["shape"]
    tall, green = 1.3 + 0.9 * draws[0], np.array([50 + 70 * draws[1], 90 + 50 * draws[2], 42])
    trunk = np.array([86, 66, 48.0])
    parts = [(_bar(0, 0, 0.05, tall, 0.06), trunk), (_box(0.01, 0, 0.06, tall), trunk * 0.7)]
    for step in range(8):
        angle = step * 2.4
        reach = 0.32 * np.sqrt(step / 4)
        x, y = reach * np.cos(angle), tall + 0.25 + reach * 0.8 * np.sin(angle)
        radius = 0.22 + 0.16 * draws[step]
        parts.append((_disc(x, y, radius, radius), green * (0.7 + 0.5 * draws[7 - step])))
    return parts


def _crate(thing):
    wide, tall = 0.18 + 0.3 * thing["shape"][0], 0.2 + 0.5 * thing["shape"][1]
    depth = 0.12
    top = np.array([[-wide, tall], [wide, tall], [wide + depth, tall + depth],
                    [-wide + depth, tall + depth]])  # fmt: skip
    side = np.array([[wide, 0], [wide + depth, depth], [wide + depth, tall + depth], [wide, tall]])
    return [
        (_box(-wide, 0, wide, tall), thing["colour"] * 0.85),
        (side, thing["colour"] * 0.6),
        (top, np.minimum(thing["colour"] * 1.1 + 12, 255)),
        (_box(-wide, tall * 0.45, wide, tall * 0.55), thing["other"]),
    ]


def _bench(thing):
    wide, wood = 0.45 + 0.25 * thing["shape"][0], thing["colour"] * 0.4 + np.array([80, 55, 30])
    return [
        (_box(-wide, 0, -wide + 0.07, 0.3), wood * 0.5),
        (_box(wide - 0.07, 0, wide, 0.3), wood * 0.5),
        (_box(-wide, 0.26, wide, 0.33), wood),
        (_box(-wide, 0.4, wide, 0.46), wood * 0.9),
        (_box(-wide, 0.5, wide, 0.56), wood * 0.9),
    ]


def _bird(thing):
    grey = np.full(3, 60 + 170 * thing["shape"][0])
    lift = 0.9 * (thing["shape"][1] > 0.7)
    return [
        (_bar(-0.09, lift + 0.08, 0.06, lift + 0.1, 0.05), grey),
        (_bar(-0.16, lift + 0.07, -0.05, lift + 0.1, 0.02), grey * 0.7),
        (_disc(0.1, lift + 0.16, 0.035, 0.035), grey * 0.8),
        (_bar(0, lift, 0, lift + 0.05, 0.01), np.array([170, 90, 50.0])),
    ]


def _bollard(thing):
    tall = 0.45 + 0.6 * thing["shape"][0]
    ball = np.array([214, 178, 140.0]) if thing["shape"][1] > 0.5 else thing["other"]
    return [
        (_bar(0, 0.04, 0, tall, 0.06), thing["colour"] * 0.7),
        (_disc(0, tall + 0.08, 0.075, 0.08), ball),
    ]


def _cone(thing):
    cone = np.array([[-0.13, 0.03], [0.13, 0.03], [0.025, 0.42], [-0.025, 0.42]])
    band = np.array([[-0.09, 0.17], [0.09, 0.17], [0.062, 0.27], [-0.062, 0.27]])
    return [
        (_box(-0.18, 0, 0.18, 0.05), np.array([190, 80, 30.0])),
        (cone, np.array([228, 96, 36.0])),
        (band, np.array([235, 235, 228.0])),
    ]


def _parasol(thing):
    wide = 0.45 + 0.3 * thing["shape"][0]
    dome = _disc(0, 1.12, wide, 0.3)
    dome[:, 1] = np.maximum(dome[:, 1], 1.08)
    half = dome.copy()
    half[:, 0] = np.clip(half[:, 0], -wide / 3, wide / 3)
    return [
        (_bar(0, 0, 0, 1.1, 0.02), np.array([205, 200, 190.0])),
        (_disc(0, 0.48, 0.26, 0.05), np.array([222, 216, 205.0])),
        (dome, thing["colour"]),
        (half, thing["other"]),
    ]


def _sign(thing):
    tall = 1.0 + 0.7 * thing["shape"][0]
    post = (_bar(0, 0, 0, tall, 0.025), np.array([120, 122, 126.0]))
    if thing["shape"][1] > 0.5:
        return [post, (_disc(0, tall, 0.17, 0.17), thing["colour"]),
                (_disc(0, tall, 0.11, 0.11), np.array([238, 238, 232.0]))]  # fmt: skip
    return [
        post,
        (_box(-0.3, tall - 0.15, 0.3, tall + 0.2), thing["colour"]),
        (_box(-0.24, tall, 0.2, tall + 0.06), thing["other"]),
    ]


def _car(thing):
    paint = thing["colour"] * 0.9 + 10
    cabin = np.array([[-0.62, 0.5], [0.55, 0.5], [0.32, 0.82], [-0.4, 0.82]])
    glass = np.array([[-0.5, 0.52], [0.43, 0.52], [0.27, 0.77], [-0.34, 0.77]])
    return [
        (_box(-1.1, 0.14, 1.1, 0.5), paint),
        (_box(-1.1, 0.14, 1.1, 0.26), paint * 0.65),
        (cabin, paint),
        (glass, np.array([58, 74, 88.0])),
        (_disc(-0.65, 0.16, 0.17, 0.16), np.array([28, 28, 30.0])),
        (_disc(0.65, 0.16, 0.17, 0.16), np.array([28, 28, 30.0])),
        (_box(0.98, 0.34, 1.1, 0.43), np.array([242, 232, 190.0])),
    ]


def _ball(thing):
    radius = 0.09 + 0.13 * thing["shape"][0]
    return [
        (_disc(0, radius, radius, radius), thing["colour"]),
        (_disc(0.1 * radius, 1.2 * radius, radius * 0.5, radius * 0.5), thing["other"]),
    ]


# name -> (outline, how common)
CLUTTER_KINDS = {
    "lamp": (_lamp, 1.0),
    "bin": (_bin, 1.3),
    "bush": (_bush, 1.3),
    "tree": (_tree, 0.6),
    "crate": (_crate, 1.3),
    "bench": (_bench, 1.0),
    "bird": (_bird, 1.3),
    "bollard": (_bollard, 1.3),
    "cone": (_cone, 0.8),
    "parasol": (_parasol, 0.5),
    "sign": (_sign, 0.8),
    "car": (_car, 0.35),
    "ball": (_ball, 0.8),
}


def sample_clutter(
    rng: np.random.Generator, rows: np.ndarray, cols: np.ndarray, heights: np.ndarray
) -> np.ndarray:
    """Draw which things stand at given places, and their shapes and colours.

    Args:
        rng: source of the draws.
        rows: (M,) row of each foot, pixels.
        cols: (M,) column of each foot, pixels.
        heights: (M,) height of an adult at that place, pixels.

    Returns:
        (M,) structured array of `CLUTTER`.

    Example:
        >>> place = np.array([50.0])
        >>> sample_clutter(np.random.default_rng(0), place, place, place).shape
        (1,)
    """
    num = len(rows)
    weights = np.array([weight for _, weight in CLUTTER_KINDS.values()])
    clutter = np.zeros(num, CLUTTER)
    clutter["kind"] = rng.choice(len(weights), num, p=weights / weights.sum())
    clutter["row"], clutter["col"], clutter["height"] = rows, cols, heights
    clutter["mirror"] = rng.choice([-1, 1], num)
    clutter["colour"], clutter["other"] = cloth_colours(rng, num), cloth_colours(rng, num)
    clutter["shape"] = rng.random((num, 8))
    return clutter


def clutter_polygons(thing: np.void) -> list[tuple[np.ndarray, np.ndarray]]:
    """Outline one thing, in the order in which its parts are painted.

    Args:
        thing: one element of a `CLUTTER` array.

    Returns:
        (polygon (V, 2) x, y pixels, colour (3,) RGB) of each part.

    Example:
        >>> place = np.array([50.0])
        >>> thing = sample_clutter(np.random.default_rng(0), place, place, place)[0]
        >>> clutter_polygons(thing)[0][0].shape[1]
        2
    """
    outline = list(CLUTTER_KINDS.values())[thing["kind"]][0]
    scale = np.array([thing["height"] * thing["mirror"], -thing["height"]])
    foot = np.array([thing["col"], thing["row"]])
    return [(polygon * scale + foot, colour) for polygon, colour in outline(thing)]
