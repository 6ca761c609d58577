"""Draws the picture of a scene, with its points, boxes and masks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from datasets.scene_backgrounds import draw_background
from datasets.scene_drawing import (
    PaintedObject,
    develop,
    paint_labels,
    paint_objects,
    painted_objects,
    shade_ground,
)
from datasets.scene_people import head_points
from datasets.synthetic import Scene
from ops.opencv import cv2


@dataclass(frozen=True)
class DrawnScene:
    """A picture and its labels.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        points: (N, 2) float64 (row, column) of the head centres, in the picture, perhaps hidden.
        boxes: (N, 4) float64 xyxy half-open pixels around the VISIBLE part of each person.
        label_map: (H, W) int32, 0 background, i + 1 the visible part of person i.

    Example:
        >>> from datasets.synthetic import sample_scene
        >>> drawn = draw_scene(sample_scene(0, 3))
        >>> drawn.image.shape, drawn.count == drawn.label_map.max()
        ((192, 256, 3), np.True_)
    """

    image: np.ndarray
    points: np.ndarray
    boxes: np.ndarray
    label_map: np.ndarray

    @property
    def count(self) -> int:
        """The number of people."""
        return len(self.points)


def draw_scene(scene: Scene) -> DrawnScene:
    """Draw a scene and its labels.

    Args:
        scene: from `sample_scene` or `Scene.without`.

    Returns:
        Picture, head points, boxes and masks.

    Example:
        >>> from datasets.synthetic import sample_scene
        >>> scene = sample_scene(0, 3)
        >>> bool((draw_scene(scene).image == draw_scene(scene).image).all())
        True
    """
    objects = painted_objects(scene.people, scene.clutter, scene.light.side)
    labels, _ = paint_labels(scene.image_size, objects, scene.count)
    slices = ndimage.find_objects(labels, scene.count)
    boxes = [(cols.start, rows.start, cols.stop, rows.stop) for rows, cols in slices]
    return DrawnScene(
        image=draw_picture(scene, objects),
        points=head_points(scene.people),
        boxes=np.array(boxes, np.float64).reshape(-1, 4),
        label_map=labels,
    )


def draw_picture(scene: Scene, objects: list[PaintedObject]) -> np.ndarray:
    """Draw background, shadows and objects, and develop the picture.

    Args:
        scene: tells the place, the light, and where things cast shadows.
        objects: its people and clutter, outlined, the farthest first.

    Returns:
        (H, W, 3) uint8 RGB.

    Example:
        >>> from datasets.synthetic import sample_scene
        >>> draw_picture(sample_scene(0, 3), []).shape
        (192, 256, 3)
    """
    # Streams of their own: nothing here depends on how many people there are.
    background = draw_background(
        (scene.seed, scene.index, 1),
        scene.image_size,
        ground=scene.ground,
        skyline=scene.skyline,
        horizon=scene.horizon,
        slope=scene.slope,
    )
    things = (scene.people, scene.clutter)
    feet = [np.stack([t["col"], t["row"], t["height"]], axis=-1) for t in things]
    far_colour = np.array(cv2.mean(background[: max(int(scene.horizon), 8)])[:3])
    shaded = shade_ground(background, np.concatenate(feet), scene.light)
    rows = np.array([item.row for item in objects])
    nearness = (rows - scene.horizon) / (scene.image_size[0] - scene.horizon)
    hazes = scene.light.haze * np.clip(1 - nearness, 0, 1)
    picture = paint_objects(shaded, objects, hazes, far_colour)
    return develop(picture, scene.light, np.random.default_rng([scene.seed, scene.index, 2]))
