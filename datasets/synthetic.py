"""Crowd scenes drawn from a seed, each with every kind of label.

A scene is geometry; `datasets.scene_pictures` draws its picture, points, boxes and masks.
`Scene.without` takes people out and leaves all else: a pair ranked without counting.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from datasets.scene_backgrounds import GROUNDS, SKYLINES
from datasets.scene_clutter import sample_clutter
from datasets.scene_drawing import (
    Light,
    paint_labels,
    painted_objects,
    sample_light,
)
from datasets.scene_people import PERSON, head_points, sample_people
from datasets.scene_places import sample_camera, sample_places

DRAWING_VERSION = 8  # grows when the same seed draws another picture
MIN_VISIBLE = 0.3
MIN_PIXELS = 6
_ROUNDS = 8  # attempts to replace people whom others hide


@dataclass(frozen=True)
class Scene:
    """Geometry of a crowd scene.

    Attributes:
        seed: first key of every draw.
        index: second key: the number of the scene.
        image_size: (height, width), pixels.
        horizon: row where people would have no height, pixels.
        slope: height of an adult per row below the horizon.
        ground: key of `scene_backgrounds.GROUNDS`.
        skyline: one of `scene_backgrounds.SKYLINES`.
        light: exposure, shadows, haze, noise.
        people: (N,) structured array of `scene_people.PERSON`.
        clutter: (M,) structured array of `scene_clutter.CLUTTER`.

    Example:
        >>> scene = sample_scene(0, 3)
        >>> scene.without([0]).count == scene.count - 1
        True
    """

    seed: int
    index: int
    image_size: tuple[int, int]
    horizon: float
    slope: float
    ground: str
    skyline: str
    light: Light
    people: np.ndarray
    clutter: np.ndarray

    @property
    def count(self) -> int:
        """The number of people."""
        return len(self.people)

    def without(self, indices) -> Scene:
        """Take people out; every other thing keeps its place, look and noise.

        Args:
            indices: positions in `people` to remove.

        Returns:
            The scene without them.

        Raises:
            ValueError: an index is not that of a person.

        Example:
            >>> scene = sample_scene(0, 3)
            >>> scene.without(range(scene.count)).count
            0
        """
        indices = np.asarray(list(indices), np.int64)
        if indices.size and not (0 <= indices.min() and indices.max() < self.count):
            raise ValueError(
                f"`indices` must lie in 0..{self.count - 1}, the people of this scene. "
                f"Received {indices.tolist()}."
            )
        return replace(self, people=np.delete(self.people, indices))

    def moved_to(self, other: Scene) -> Scene:
        """Put the people, under their own camera, into the place, clutter and light of another.

        Args:
            other: a scene of the same size.

        Returns:
            The scene; those whom the other place's clutter hides are missing from it.

        Example:
            >>> scene = sample_scene(0, 3)
            >>> scene.moved_to(sample_scene(0, 4)).count <= scene.count
            True
        """
        return _keep_visible(
            replace(
                self,
                index=other.index,
                ground=other.ground,
                skyline=other.skyline,
                light=other.light,
                clutter=other.clutter,
            )
        )


def sample_scene(
    seed: int,
    index: int,
    *,
    image_size: tuple[int, int] = (192, 256),
    max_count: int = 60,
    empty_fraction: float = 0.05,
) -> Scene:
    """Draw the geometry of one scene.

    Counts run from 0 to `max_count`, small ones somewhat more often. Camera, ground, clutter and
    light are drawn before the count, so that none of them betrays it. A place is rejected, and
    another tried, when nearer people or things hide more than 85 % of the person, or the head lies
    outside the picture. After eight attempts a full scene keeps the fewer people who fit.

    Args:
        seed: not negative; scenes of different seeds have nothing in common.
        index: not negative; number of the scene.
        image_size: (height, width), at least (32, 32) pixels.
        max_count: most people in a scene.
        empty_fraction: share of scenes without people, 0 to 1.

    Returns:
        The scene.

    Raises:
        ValueError: an argument is out of its range.

    Example:
        >>> sample_scene(0, 1, empty_fraction=1.0).count
        0
    """
    _check(seed, index, image_size, max_count, empty_fraction)
    rng = np.random.default_rng([seed, index])
    camera = sample_camera(rng, image_size)
    horizon, slope = camera
    scene = Scene(
        seed=seed,
        index=index,
        image_size=tuple(image_size),
        horizon=horizon,
        slope=slope,
        ground=str(rng.choice(list(GROUNDS))),
        skyline=str(rng.choice(SKYLINES)),
        light=sample_light(rng),
        people=np.zeros(0, PERSON),
        clutter=np.zeros(0),
    )
    num_things = rng.poisson(rng.choice([1, 5, 12]))
    rows, cols = sample_places(rng, image_size, camera, num_things, grouped=0.0)
    clutter = sample_clutter(rng, rows, cols, slope * (rows - horizon))
    scene = replace(scene, clutter=clutter)
    empty = rng.random() < empty_fraction
    wanted = min(1 + int(max_count * rng.random() ** 1.35), max_count)
    return scene if empty else _populate(rng, scene, wanted)


def _check(seed, index, image_size, max_count, empty_fraction) -> None:
    """Refuse arguments out of range."""
    if seed < 0 or index < 0:
        raise ValueError(f"`seed` and `index` must be 0 or more. Received {seed} and {index}.")
    if len(image_size) != 2 or min(image_size) < 32:
        raise ValueError(
            "`image_size` must be (height, width) of at least 32 pixels each. "
            f"Received {tuple(image_size)}."
        )
    if max_count < 1 or not 0 <= empty_fraction <= 1:
        raise ValueError(
            "`max_count` must be at least 1 and `empty_fraction` in 0..1. "
            f"Received {max_count} and {empty_fraction}."
        )


def _populate(rng: np.random.Generator, scene: Scene, wanted: int) -> Scene:
    """Add people until `wanted` can be seen or the attempts are used up."""
    height, width = scene.image_size
    camera = scene.horizon, scene.slope
    grouped = float(max(rng.uniform(-0.8, 0.9), 0))
    for _ in range(_ROUNDS):
        missing = wanted - scene.count
        if not missing:
            break
        # A third more than needed, as some turn out hidden: cheaper than another round.
        num = missing + missing // 3 + 1
        rows, cols = sample_places(rng, scene.image_size, camera, num, grouped=grouped)
        added = sample_people(rng, rows, cols, scene.slope * (rows - scene.horizon))
        heads = head_points(added)
        inside = ((heads >= 0) & (heads < [height, width])).all(axis=1)
        people = np.concatenate([scene.people, added[inside]])
        scene = _keep_visible(replace(scene, people=people))
        scene = replace(scene, people=scene.people[:wanted])
    return scene


def _keep_visible(scene: Scene) -> Scene:
    """Drop people of whom too little can be seen; nobody gets less visible by that."""
    objects = painted_objects(scene.people, scene.clutter, scene.light.side)
    labels, full = paint_labels(scene.image_size, objects, scene.count)
    seen = np.bincount(labels.ravel(), minlength=scene.count + 1)[1:]
    keep = (seen >= MIN_VISIBLE * full) & (seen >= MIN_PIXELS)
    return replace(scene, people=scene.people[keep])
