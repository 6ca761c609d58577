"""A picture with its labels as arrays, and the windows cut out of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Sample:
    """A picture and what is known of it; cropping and augmenting move all of it together.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        points: (N, 2) float (row, column) pixels.
        where: (H, W) bool, the region that counts.
        boxes: (M, 4) float xyxy half-open pixels; (0, 4) where no objects are boxed.

    Example:
        >>> Sample(np.zeros((4, 5, 3), np.uint8), np.zeros((0, 2)), np.ones((4, 5), bool)).size
        (4, 5)
    """

    image: np.ndarray
    points: np.ndarray
    where: np.ndarray
    boxes: np.ndarray = field(default_factory=lambda: np.zeros((0, 4)))

    @property
    def size(self) -> tuple[int, int]:
        """Height and width, in pixels."""
        return self.image.shape[:2]


def cut_window(sample: Sample, corner: tuple[int, int], size: tuple[int, int]) -> Sample:
    """Cut a window out of a sample; beyond the picture its border is repeated and nothing counts.

    Args:
        sample: what is cut.
        corner: (row, column) of the window's first pixel; negative outside the picture.
        size: (height, width) of the window, in pixels.

    Returns:
        The window's sample; its points and boxes may lie outside it.

    Example:
        >>> sample = Sample(np.zeros((4, 5, 3), np.uint8), np.ones((1, 2)), np.ones((4, 5), bool))
        >>> cut_window(sample, (-1, 0), (2, 5)).where.tolist()
        [[False, False, False, False, False], [True, True, True, True, True]]
    """
    places = [start + np.arange(length) for start, length in zip(corner, size, strict=True)]
    inside = [
        (0 <= place) & (place < length) for place, length in zip(places, sample.size, strict=True)
    ]
    rows, columns = (
        np.clip(place, 0, length - 1) for place, length in zip(places, sample.size, strict=True)
    )
    grid = np.ix_(rows, columns)
    where = sample.where[grid] & inside[0][:, np.newaxis] & inside[1]
    corner = np.asarray(corner, np.float64)
    boxes = sample.boxes - np.tile(corner[::-1], 2)
    return Sample(sample.image[grid], sample.points - corner, where, boxes)


def draw_corner(
    size: tuple[int, int], window: tuple[int, int], generator: np.random.Generator
) -> tuple[int, int]:
    """Draw where a window lies: inside the picture, or around it along an axis that is shorter.

    Args:
        size: (height, width) of the picture, in pixels.
        window: (height, width) of the window.
        generator: source of the draws.

    Returns:
        (row, column) of the window's first pixel.

    Example:
        >>> draw_corner((4, 5), (4, 5), np.random.default_rng(0))
        (0, 0)
    """
    corners = []
    for length, wanted in zip(size, window, strict=True):
        free = length - wanted
        corners.append(int(generator.integers(min(free, 0), max(free, 0), endpoint=True)))
    return tuple(corners)
