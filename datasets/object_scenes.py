"""Scenes with one large person, car or tree among clutter, each with its box."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from datasets.scene_backgrounds import GROUNDS, SKYLINES
from datasets.scene_clutter import CLUTTER, CLUTTER_KINDS, clutter_polygons, sample_clutter
from datasets.scene_drawing import PaintedObject, paint_labels, painted_objects, sample_light
from datasets.scene_outlines import person_polygons
from datasets.scene_people import PERSON, sample_people
from datasets.scene_pictures import DrawnScene, draw_picture
from datasets.scene_places import sample_places
from datasets.synthetic import Scene

OBJECTS_VERSION = 1  # grows when the same seed draws another picture
CLASSES = ("car", "person", "tree")  # sorted, as readers number them
_MIN_VISIBLE = 0.6  # share of what lies inside the picture that clutter may not hide
_BEYOND = 0.1  # share of the object that may lie beyond each edge of the picture
_TRIES = 8
_KEY = 6  # of the stream that draws these scenes; crowds take none


@dataclass(frozen=True)
class ObjectScene:
    """Geometry of a scene with one object.

    Attributes:
        scene: place, light and clutter; the object is its only person or its last piece of clutter.
        class_name: one of `CLASSES`.

    Example:
        >>> sample_object_scene(0, 1).class_name in CLASSES
        True
    """

    scene: Scene
    class_name: str

    def outline(self) -> list[PaintedObject]:
        """Outline all things, the farthest first; the object has label 1, all others 0.

        Returns:
            What `scene_drawing` paints.

        Example:
            >>> [item.label for item in sample_object_scene(0, 1).outline()].count(1)
            1
        """
        scene = self.scene
        is_thing = 1 - len(scene.people)
        rest, thing = np.split(scene.clutter, [len(scene.clutter) - is_thing])
        (target,) = painted_objects(scene.people, thing, scene.light.side)
        height, width = scene.image_size
        target = target._replace(label=1, corners=[0, 0, width, height])
        others = painted_objects(scene.people[:0], rest, scene.light.side)
        return sorted([*others, target], key=lambda item: item.row)


def sample_object_scene(
    seed: int, index: int, *, image_size: tuple[int, int] = (192, 256)
) -> ObjectScene:
    """Draw the geometry of a scene with one object.

    Class, size, place, pose, ground, light and clutter are drawn apart. The object takes .45 to 1
    of the largest size that fits the picture, and up to 10 % of it lies beyond an edge.
    Clutter holds no other object of the three classes; what would hide more than 40 % of the
    object is drawn again, and left out after eight attempts.

    Args:
        seed: not negative.
        index: not negative; number of the scene.
        image_size: (height, width), at least (32, 32) pixels.

    Returns:
        The scene.

    Example:
        >>> sample_object_scene(0, 1).scene.image_size
        (192, 256)
    """
    rng = np.random.default_rng([seed, index, _KEY])
    class_name = str(rng.choice(CLASSES))
    target = _sample_target(rng, class_name, image_size)
    row, tall = float(target["row"][0]), float(target["height"][0])
    horizon = min(rng.uniform(-0.6, 0.45) * image_size[0], row - 0.3 * tall)
    is_person = class_name == "person"
    bare = Scene(
        seed=seed,
        index=index,
        image_size=tuple(image_size),
        horizon=float(horizon),
        slope=float(tall / (row - horizon)),
        ground=str(rng.choice(list(GROUNDS))),
        skyline=str(rng.choice(SKYLINES)),
        light=sample_light(rng),
        people=target if is_person else np.zeros(0, PERSON),
        clutter=np.zeros(0, CLUTTER) if is_person else target,
    )
    num_things = int(rng.choice([0, 2, 5]))
    for _ in range(_TRIES):
        clutter = _sample_other_things(rng, bare, num_things)
        cluttered = replace(bare, clutter=np.concatenate([clutter, bare.clutter]))
        scene = ObjectScene(cluttered, class_name)
        if _is_visible(scene):
            return scene
    return ObjectScene(bare, class_name)


def draw_object_scene(drawn: ObjectScene) -> DrawnScene:
    """Draw a scene with one object, and its labels.

    Args:
        drawn: from `sample_object_scene`.

    Returns:
        Picture, box and mask of the object's visible part; its point is the middle of the box.

    Example:
        >>> drawn = draw_object_scene(sample_object_scene(0, 1))
        >>> drawn.image.shape, drawn.boxes.shape, drawn.label_map.max()
        ((192, 256, 3), (1, 4), np.int32(1))
    """
    objects = drawn.outline()
    labels, _ = paint_labels(drawn.scene.image_size, objects, 1)
    rows, columns = ndimage.find_objects(labels)[0]
    box = np.array([columns.start, rows.start, columns.stop, rows.stop], np.float64)
    return DrawnScene(
        image=draw_picture(drawn.scene, objects),
        points=(box[:2] + box[2:])[np.newaxis, ::-1] / 2,
        boxes=box[np.newaxis],
        label_map=labels,
    )


def _sample_target(
    rng: np.random.Generator, class_name: str, image_size: tuple[int, int]
) -> np.ndarray:
    """Draw one object and move it to a size and a place: (1,) of `PERSON` or `CLUTTER`."""
    zero, one = np.zeros(1), np.ones(1)
    if class_name == "person":
        target = sample_people(rng, zero, zero, one)
    else:
        target = sample_clutter(rng, zero, zero, one)
        target["kind"] = list(CLUTTER_KINDS).index(class_name)
    low, high = _find_extent(target)  # x, y of an object whose adults are one pixel tall
    picture = np.array(image_size[::-1], np.float64)
    scale = rng.uniform(0.45, 1.0) * (picture / (high - low)).min()
    size = (high - low) * scale
    corner = rng.uniform(-_BEYOND * size, picture - (1 - _BEYOND) * size)
    target["col"], target["row"] = corner - low * scale
    target["height"] = target["height"] * scale
    return target


def _find_extent(target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and the highest x, y of an object's outline."""
    if target.dtype == PERSON:
        polygons, _, present = person_polygons(target, 0.0)
        places = polygons[present].reshape(-1, 2)
    else:
        places = np.concatenate([polygon for polygon, _ in clutter_polygons(target[0])])
    return places.min(axis=0), places.max(axis=0)


def _sample_other_things(rng: np.random.Generator, scene: Scene, num: int) -> np.ndarray:
    """Draw clutter that stands in the picture and is of no class."""
    camera = scene.horizon, scene.slope
    rows, columns = sample_places(rng, scene.image_size, camera, num, grouped=0.0)
    things = sample_clutter(rng, rows, columns, scene.slope * (rows - scene.horizon))
    of_a_class = [i for i, name in enumerate(CLUTTER_KINDS) if name in CLASSES]
    inside = things["row"] < 1.1 * scene.image_size[0]
    return things[inside & ~np.isin(things["kind"], of_a_class)]


def _is_visible(scene: ObjectScene) -> bool:
    labels, full = paint_labels(scene.scene.image_size, scene.outline(), 1)
    return np.count_nonzero(labels) >= _MIN_VISIBLE * full[0]
