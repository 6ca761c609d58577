"""Small shots of one patterned shape that moves over a moving ground, with boxes and masks."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from datasets.frame_boxes import box_mask
from datasets.patterned_shapes import (
    SHAPES,
    PatternedShape,
    draw_contrasting_colour,
    draw_ground,
    draw_pattern,
    fill_shape,
    sample_colour,
)
from datasets.scene_backgrounds import octave_noise
from ops.opencv import cv2

SHOTS_VERSION = 1  # grows when the same seed draws other frames
_KEY = 9  # of the stream that draws these shots
_CAM_KEY = 10  # of the stream that simulates activation maps
_HUE_SPREAD = 0.05
_FASTEST = 2.4 / 64  # pixels a frame, as a share of the shorter side


@dataclass(frozen=True)
class DrawnShot:
    """A shot of one object.

    Attributes:
        frames: (T, H, W, 3) uint8 RGB.
        masks: (T, H, W) bool, the object.
        boxes: (T, 4) float64 xyxy, half-open, around it.
        tag: its class, from 1 to K.

    Example:
        >>> shot = moving_shots(1, num_frames=2, image_size=(32, 40))[0]
        >>> shot.frames.shape, shot.boxes.shape, shot.name
        ((2, 32, 40, 3), (2, 4), 'disc')
    """

    frames: np.ndarray
    masks: np.ndarray
    boxes: np.ndarray
    tag: int

    @property
    def name(self) -> str:
        """The name of the class."""
        return SHAPES[self.tag - 1]


def moving_shots(
    num: int,
    *,
    num_frames: int = 8,
    image_size: tuple[int, int] = (72, 96),
    num_classes: int = 3,
    seed: int = 0,
    first: int = 0,
) -> list[DrawnShot]:
    """Draw shots; shot i is of class 1 + i modulo K.

    See `draw_moving_shot`.

    Args:
        num: shots, N.
        num_frames: frames of each, T, at least 1.
        image_size: (height, width) of a frame, at least (16, 16) pixels.
        num_classes: K, 1 to 3.
        seed: not negative.
        first: number of the first shot; each number is another shot.

    Returns:
        N shots.

    Raises:
        ValueError: an argument is out of range.

    Example:
        >>> [shot.tag for shot in moving_shots(4, num_frames=1, image_size=(32, 32))]
        [1, 2, 3, 1]
    """
    if not 1 <= num_classes <= len(SHAPES):
        raise ValueError(f"`num_classes` must be 1 to {len(SHAPES)}. Received {num_classes}.")
    return [
        draw_moving_shot(
            seed, index, index % num_classes, num_frames=num_frames, image_size=image_size
        )
        for index in range(first, first + num)
    ]


def draw_moving_shot(
    seed: int,
    index: int,
    kind: int,
    *,
    num_frames: int = 8,
    image_size: tuple[int, int] = (72, 96),
) -> DrawnShot:
    """Draw one shot: a shape crosses a textured ground that a slower camera pans over.

    Discs are reddish with rings, squares greenish with checks, triangles bluish with stripes. A
    shape moves 1.4 to 2.4 pixels a frame at a side of 64, turns slowly, changes its size a little
    and turns back at the border, so that its centre stays in sight. The ground has a texture and up
    to four plain specks of any colour that are of no class; light and noise change from frame to
    frame.

    Args:
        seed: not negative.
        index: not negative; number of the shot.
        kind: place of the class in `datasets.patterned_shapes.SHAPES`.
        num_frames: frames, T, at least 1.
        image_size: (height, width), at least (16, 16) pixels.

    Returns:
        The shot.

    Raises:
        ValueError: an argument is out of range.

    Example:
        >>> draw_moving_shot(0, 4, 1, num_frames=3).frames.shape
        (3, 72, 96, 3)
    """
    if num_frames < 1 or min(image_size) < 16:
        raise ValueError(
            "`num_frames` must be at least 1 and `image_size` at least (16, 16) pixels. Received "
            f"{num_frames} and {tuple(image_size)}."
        )
    rng = np.random.default_rng([seed, index, _KEY])
    shapes = _sample_track(rng, kind, num_frames, image_size)
    base = sample_colour(rng, rng.random(), (0.0, 0.35), (0.25, 0.8))
    colour = draw_contrasting_colour(rng, kind, base, spread=_HUE_SPREAD)
    grounds = _pan(rng, base, num_frames, image_size)
    contrast, blur, noise = rng.uniform(0.3, 0.5), rng.uniform(0.4, 0.8), rng.uniform(2, 7)
    grain = 0.08 * octave_noise(rng, image_size)
    frames, masks = [], []
    for shape, ground in zip(shapes, grounds, strict=True):
        inside = fill_shape(shape, image_size)
        light = 1 + contrast * draw_pattern(shape, image_size) + grain
        ground[inside] = (light[..., np.newaxis] * colour)[inside]
        frame = cv2.GaussianBlur(ground * np.float32(rng.uniform(0.93, 1.07)), (0, 0), blur)
        frame += rng.normal(0, noise, frame.shape).astype(np.float32)
        frames.append(np.clip(frame, 0, 255).astype(np.uint8))
        masks.append(inside)
    boxes = np.concatenate([box_mask(mask) for mask in masks])
    return DrawnShot(np.stack(frames), np.stack(masks), boxes, kind + 1)


def simulated_cams(
    shot: DrawnShot, *, cells: int = 16, seed: int = 0, index: int = 0
) -> np.ndarray:
    """Simulate what a classifier's activation maps look like: one lit part of the object, noise.

    In each frame a blob lies half way between the object's centre and its border, in another
    direction each time, so that neighbouring frames light other parts. At 64 x 64 pixels the best
    box of single maps finds about two thirds of the objects (IoU .5), that of the maximum with the
    frame before about three quarters, and that with five frames before fewer again.

    Args:
        shot: a drawn shot.
        cells: side of the maps, pixels of them.
        seed: not negative.
        index: number of the shot.

    Returns:
        (T, cells, cells) float32 in [0, 1]; the largest value of each map is 1.

    Example:
        >>> shot = moving_shots(1, num_frames=2, image_size=(32, 32))[0]
        >>> cams = simulated_cams(shot, cells=8)
        >>> cams.shape, float(cams.max())
        ((2, 8, 8), 1.0)
    """
    rng = np.random.default_rng([seed, index, _CAM_KEY])
    height, width = shot.masks.shape[1:]
    rows, cols = (np.indices((cells, cells)) + 0.5) / cells  # of the cells' centres, shares
    maps = []
    for x0, y0, x1, y1 in shot.boxes / [width, height, width, height]:
        angle = rng.uniform(0, 2 * np.pi)
        row = (y0 + y1) / 2 + 0.27 * (y1 - y0) * np.sin(angle)
        col = (x0 + x1) / 2 + 0.27 * (x1 - x0) * np.cos(angle)
        spread = rng.uniform(0.24, 0.34)
        squares = ((rows - row) / (y1 - y0)) ** 2 + ((cols - col) / (x1 - x0)) ** 2
        cam = np.exp(-squares / (2 * spread**2)) + rng.uniform(0, 0.35, squares.shape)
        maps.append((cam - cam.min()) / (cam.max() - cam.min()))
    return np.stack(maps).astype(np.float32)


def _sample_track(
    rng: np.random.Generator, kind: int, num_frames: int, size: tuple[int, int]
) -> list[PatternedShape]:
    """Return the shape in each frame."""
    side = min(size)
    radius = rng.uniform(0.14, 0.22) * side
    place = np.array([rng.uniform(0.8 * radius, each - 0.8 * radius) for each in size])
    heading, speed = rng.uniform(0, 2 * np.pi), rng.uniform(0.58, 1.0) * _FASTEST * side
    step = speed * np.array([np.sin(heading), np.cos(heading)])
    turn, growth = rng.uniform(-0.08, 0.08), rng.uniform(-0.015, 0.015)
    shape = PatternedShape(
        kind, 0.0, 0.0, radius, rng.uniform(0, 2 * np.pi), rng.uniform(0.06, 0.1) * side
    )
    track = []
    for number in range(num_frames):
        scale = 1 + growth * number
        now = replace(shape, row=float(place[0]), col=float(place[1]), radius=radius * scale)
        track.append(replace(now, angle=shape.angle + turn * number, period=shape.period * scale))
        ahead = place + step
        margin = 0.7 * now.radius
        step = np.where((ahead < margin) | (ahead > np.array(size) - margin), -step, step)
        place = np.clip(place + step, 0, np.array(size) - 1)
    return track


def _pan(rng: np.random.Generator, base: np.ndarray, num_frames: int, size: tuple[int, int]):
    """Yield the ground of each frame, (H, W, 3) float32 to draw on."""
    step = rng.uniform(-0.5, 0.5, 2) * _FASTEST * min(size)
    offsets = np.outer(np.arange(num_frames), step)  # (T, 2), row and column
    offsets = np.round(offsets - offsets.min(axis=0)).astype(int)
    height, width = (np.array(size) + offsets.max(axis=0)).tolist()
    ground = draw_ground(rng, base, (height, width))
    for row, col in offsets.tolist():
        yield ground[row : row + size[0], col : col + size[1]].copy()
