"""Sort the pixels of a relief by value, for any number of floods over it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ops.compiling import compile_loop


class Ranking(NamedTuple):
    """The pixels of a relief in the order of their values, and the queue that a flood runs on.

    Pixels are numbered row by row in the relief with a border of one pixel around it. Every pixel
    owns a place in the queue: that of its value in sorted order. Pixels of one value share a run
    of places and take them in the order in which they are reached. As water never sinks, a flood
    goes through the places once, from low to high.

    Attributes:
        place: ((H + 2) * (W + 2),) int32, the place of a pixel whose value no other has; for any
            other the bitwise complement of its run's first place.
        queue: (H * W,) int32, the pixel at each place.
        fill: (H * W,) int32, at a run's first place the places taken; 0 between floods.
        words: (H * W // 64 + 1,) int64, a bit for each place or run taken; 0 between floods.
        wave: (H * W,) int32, scratch: the pixels reached at the water's present height.

    Example:
        >>> rank_pixels(np.array([[3.0, 1.0, 1.0]], np.float32)).place[6:9]
        array([ 2, -1, -1], dtype=int32)
    """

    place: np.ndarray
    queue: np.ndarray
    fill: np.ndarray
    words: np.ndarray
    wave: np.ndarray


def rank_pixels(relief: np.ndarray) -> Ranking:
    """Sort the pixels of a relief by value, once for any number of floods over it.

    Args:
        relief: (H, W) numbers, no NaN. float32 is sorted directly, other types by way of their
            distinct values, which takes longer.

    Returns:
        What `flood_region` needs. One ranking serves one flood at a time.

    Example:
        >>> rank_pixels(np.array([[3.0, 1.0, 2.0]], np.float32)).queue  # Row 1 of 3, width 5.
        array([7, 8, 6], dtype=int32)
    """
    if relief.dtype != np.float32:
        relief = np.unique(relief, return_inverse=True)[1].astype(np.float32).reshape(relief.shape)
    place, queue, fill, wave = _sort(np.ascontiguousarray(relief).view(np.uint32))
    return Ranking(place, queue, fill, np.zeros((relief.size >> 6) + 1, np.int64), wave)


@compile_loop
def _sort(keys):
    """Sort padded pixel numbers by the bits of float32 keys: eleven bits a pass, stable."""
    height, width = keys.shape
    size = height * width
    sorted_keys, spare_keys = np.empty(size, np.uint32), np.empty(size, np.uint32)
    queue, spare_queue = np.empty(size, np.int32), np.empty(size, np.int32)
    counts = np.zeros((3, 2048), np.int64)
    i = 0
    for row in range(height):
        for column in range(width):
            key = keys[row, column]
            if key == np.uint32(0x80000000):  # -0 equals 0.
                key = np.uint32(0)
            # Bits of floats grow with their value; those of negative ones the other way round.
            key = key ^ np.uint32(0xFFFFFFFF if key >> np.uint32(31) else 0x80000000)
            sorted_keys[i] = key
            queue[i] = (row + 1) * (width + 2) + column + 1
            for k in range(3):
                counts[k, (key >> np.uint32(11 * k)) & np.uint32(2047)] += 1
            i += 1
    for k in range(3):
        total = 0
        for digit in range(2048):
            total, counts[k, digit] = total + counts[k, digit], total
        for i in range(size):
            digit = (sorted_keys[i] >> np.uint32(11 * k)) & np.uint32(2047)
            spare_keys[counts[k, digit]] = sorted_keys[i]
            spare_queue[counts[k, digit]] = queue[i]
            counts[k, digit] += 1
        sorted_keys, spare_keys = spare_keys, sorted_keys
        queue, spare_queue = spare_queue, queue
    place = np.zeros((height + 2) * (width + 2), np.int32)
    first = 0
    for i in range(size):
        if sorted_keys[i] != sorted_keys[first]:
            first = i
        alone = first == i and (i + 1 == size or sorted_keys[i + 1] != sorted_keys[i])
        place[queue[i]] = i if alone else ~first
    fill = spare_keys.view(np.int32)  # The scratch serves on: a large map is dear.
    fill[:] = 0
    return place, queue, fill, spare_queue
