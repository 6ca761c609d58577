"""People of a drawn scene: who stands where, in which pose and clothes."""

from __future__ import annotations

import numpy as np

from datasets.scene_shapes import cloth_colours

PERSON = np.dtype(
    [
        ("row", "f4"),  # of the feet, pixels
        ("col", "f4"),
        ("height", "f4"),  # from feet to crown when standing, pixels
        ("turn", "f4"),  # 0 faces the camera, pi shows the back
        ("mirror", "f4"),  # 1 or -1
        ("build", "f4"),  # width, 1 is average
        ("head", "f4"),  # head size, 1 is an adult's
        ("legs", "f4"),  # 1 stands, less sits or squats
        ("stride", "f4"),  # distance of the feet, heights
        ("arms", "f4", 4),  # shoulder and elbow angle of the far arm, then of the near one
        ("skin", "f4", 3),
        ("hair", "f4", 3),
        ("top", "f4", 3),
        ("bottom", "f4", 3),
        ("bag", "f4", 3),
        ("wears", "f4", 8),  # one draw in [0, 1) for each thing of WEARS
    ]
)
WEARS = ("skirt", "hat", "backpack", "handbag", "long_hair", "umbrella", "stripe", "coat")
_SKINS = np.array(
    [
        [244, 208, 177], [236, 188, 150], [224, 172, 126], [198, 134, 84],
        [168, 108, 66], [141, 85, 50], [105, 62, 38], [76, 46, 32],
    ],
    np.float32,
)  # fmt: skip
_HAIRS = np.array(
    [
        [24, 20, 18], [40, 28, 22], [66, 44, 30], [104, 70, 40],
        [152, 108, 60], [206, 170, 104], [150, 66, 34], [176, 174, 172],
    ],
    np.float32,
)  # fmt: skip


def sample_people(
    rng: np.random.Generator, rows: np.ndarray, cols: np.ndarray, heights: np.ndarray
) -> np.ndarray:
    """Draw poses, builds and clothes for people who stand at given places.

    Args:
        rng: source of the draws.
        rows: (N,) row of each one's feet, pixels.
        cols: (N,) column of each one's feet, pixels.
        heights: (N,) height of an adult at that place, pixels.

    Returns:
        (N,) structured array of `PERSON`.

    Example:
        >>> place = np.array([50.0])
        >>> sample_people(np.random.default_rng(0), place, place, place).shape
        (1,)
    """
    num = len(rows)
    people = np.zeros(num, PERSON)
    child = rng.random(num) < 0.12
    seated = rng.random(num) < 0.08
    walking = rng.random(num) < 0.5
    size = np.where(child, rng.uniform(0.55, 0.75, num), rng.normal(1, 0.05, num).clip(0.88, 1.12))
    people["row"], people["col"], people["height"] = rows, cols, heights * size
    people["turn"] = rng.uniform(0, 2 * np.pi, num)
    people["mirror"] = rng.choice([-1, 1], num)
    people["build"] = rng.normal(1, 0.13, num).clip(0.78, 1.4)
    people["head"] = np.where(child, rng.uniform(1.2, 1.35, num), rng.uniform(0.95, 1.12, num))
    people["legs"] = np.where(seated, rng.uniform(0.25, 0.5, num), 1)
    people["stride"] = np.where(walking, rng.uniform(0.1, 0.26, num), rng.uniform(0, 0.06, num))
    people["arms"] = _sample_arms(rng, num)
    people["skin"] = _SKINS[rng.integers(len(_SKINS), size=num)]
    people["hair"] = _HAIRS[rng.integers(len(_HAIRS), size=num)]
    people["top"] = cloth_colours(rng, num)
    people["bottom"] = cloth_colours(rng, num) * np.array([0.6, 0.62, 0.75], np.float32)
    people["bag"] = cloth_colours(rng, num)
    people["wears"] = rng.random((num, len(WEARS)))
    return people


def _sample_arms(rng: np.random.Generator, num: int) -> np.ndarray:
    """Draw arm angles, hanging for most and raised for some, (num, 4) radians."""
    raised = rng.random((num, 2)) < 0.09
    hanging = rng.normal(0.12, 0.25, (num, 2))
    shoulder = np.where(raised, rng.uniform(1.8, 2.9, (num, 2)), hanging)
    elbow = rng.uniform(0, 1.0, (num, 2)) ** 2 * 1.7
    return np.stack([shoulder[:, 0], elbow[:, 0], shoulder[:, 1], elbow[:, 1]], axis=-1)


def head_points(people: np.ndarray) -> np.ndarray:
    """Say where the heads are.

    Args:
        people: (N,) of `PERSON`.

    Returns:
        (N, 2) float64 (row, column) of the head centres, pixels; a pixel's centre is at .5.

    Example:
        >>> person = np.zeros(1, PERSON)
        >>> person["row"], person["height"], person["legs"] = 100, 50, 1
        >>> head_points(person).round(1).tolist()
        [[53.9, 0.0]]
    """
    rows = people["row"] - _head_height(people) * people["height"]
    return np.stack([rows, people["col"]], axis=-1).astype(np.float64)


def _head_height(people: np.ndarray) -> np.ndarray:
    """Height of the head centre above the feet, (N,) in body heights."""
    return 0.923 - 0.475 * (1 - people["legs"])
