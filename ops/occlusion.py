"""Which object is seen in each pixel while objects are laid over each other."""

from __future__ import annotations

import numpy as np


class OcclusionMap:
    """Takes objects from the farthest to the nearest, and refuses what would hide too much.

    Args:
        size: (height, width) of the picture, in pixels.
        min_visible: share of each object's pixels that must stay visible, 0 to 1; what lies outside
            the picture is not visible.

    Attributes:
        labels: (H, W) int32, 0 background, i + 1 where the i-th object taken is seen.

    Raises:
        ValueError: `min_visible` is out of range.

    Example:
        >>> seen = OcclusionMap((1, 6), min_visible=0.5)
        >>> row = np.ones((1, 3), bool)
        >>> seen.add(row, 0, 0), seen.add(row, 0, 1), seen.add(row, 0, 2)
        (True, False, True)
        >>> seen.labels.tolist(), seen.visible.round(2).tolist()
        ([[1, 1, 2, 2, 2, 0]], [0.67, 1.0])
    """

    def __init__(self, size: tuple[int, int], *, min_visible: float = 0.0):
        if not 0 <= min_visible <= 1:
            raise ValueError(f"`min_visible` must be between 0 and 1. Received {min_visible}.")
        self.labels = np.zeros(size, np.int32)
        self._min_visible = min_visible
        self._seen: list[int] = []
        self._areas: list[int] = []

    @property
    def visible(self) -> np.ndarray:
        """(N,) float64 visible shares of the objects taken."""
        return np.array(self._seen, np.float64) / np.array(self._areas, np.float64)

    def add(self, footprint: np.ndarray, top: int, left: int) -> bool:
        """Lay an object over those taken so far, unless one of them or it would be hidden too far.

        Args:
            footprint: (h, w) bool, its pixels.
            top: row of the footprint's first pixel in the picture; it may lie outside.
            left: its column.

        Returns:
            Whether it was taken. An empty footprint never is, nor one outside the picture.

        Example:
            >>> # see the class
        """
        place, part = overlap(footprint.shape, top, left, self.labels.shape)
        own, area = footprint[part], np.count_nonzero(footprint)
        seen = np.count_nonzero(own)
        if not seen or seen < self._min_visible * area:
            return False
        hidden = np.bincount(self.labels[place][own])
        for i in np.flatnonzero(hidden[1:]):
            if self._seen[i] - hidden[i + 1] < self._min_visible * self._areas[i]:
                return False
        for i in np.flatnonzero(hidden[1:]):
            self._seen[i] -= int(hidden[i + 1])
        self._seen.append(seen)
        self._areas.append(area)
        self.labels[place][own] = len(self._seen)
        return True


def overlap(
    shape: tuple[int, int], top: int, left: int, size: tuple[int, int]
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Find the part of a window that lies in a picture.

    Args:
        shape: (height, width) of the window, pixels.
        top: its first row in the picture.
        left: its first column.
        size: (height, width) of the picture.

    Returns:
        Slices of the picture and of the window; both empty where they do not meet.

    Example:
        >>> overlap((2, 3), -1, 4, (5, 6))
        ((slice(0, 1, None), slice(4, 6, None)), (slice(1, 2, None), slice(0, 2, None)))
    """
    place, part = [], []
    for side, first, end in zip(shape, (top, left), size, strict=True):
        start = min(max(first, 0), end)
        stop = max(min(first + side, end), start)
        place.append(slice(start, stop))
        part.append(slice(start - first, stop - first))
    return tuple(place), tuple(part)
