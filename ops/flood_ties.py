"""Order markers of one value as scikit-image does: by the moves of its heap."""

from __future__ import annotations

import numpy as np

from ops.compiling import compile_loop

# A key holds the water's height above the age, which is below 2 ** 32.
_AGE_BITS = 32
_AGE_MASK = (1 << _AGE_BITS) - 1
_LAST = np.iinfo(np.int64).max


@compile_loop
def flood_ties(ranking, labels, markers, stride):
    """Flood by a heap until all markers of one value are gone, and queue the rest.

    Every marker has the age 0, so the heap's moves alone order those of one value.

    Args:
        ranking: the `Ranking` of the relief; its queue and wave receive what is left.
        labels: ((H + 2) * (W + 2),) int32 labels, as for `flood_region`.
        markers: (M,) int64 numbers of the markers' pixels, ascending.
        stride: W + 2.

    Returns:
        The water's height and the number of pixels that wait in the wave at that height; -1 and 0
        where no two markers share a value.

    Example:
        >>> from ops.ranking import rank_pixels
        >>> labels = np.array([-1] * 5 + [-1, 1, 0, 2, -1] + [-1] * 5, np.int32)
        >>> ranking = rank_pixels(np.array([[1.0, 1.0, 1.0]], np.float32))
        >>> flood_ties(ranking, labels, np.array([6, 8]), 5)
        (0, 1)
    """
    place = ranking.place
    values = np.empty(markers.size, np.int64)
    for i in range(markers.size):
        values[i] = max(place[markers[i]], ~place[markers[i]])
    tied = _num_until_last_tie(values)
    if tied == 0:
        for pixel in markers:
            enqueue(ranking.place, ranking.queue, ranking.fill, ranking.words, pixel)
        return -1, 0
    keys = np.empty(4 * markers.size + 64, np.int64)
    pixels = np.empty(keys.size, np.int64)
    for i in range(markers.size):
        _push(keys, pixels, i, values[i] << _AGE_BITS, markers[i])
    size, age, height = markers.size, 0, -1
    while tied > 0:
        height, pixel = keys[0] >> _AGE_BITS, pixels[0]
        tied -= (keys[0] & _AGE_MASK) == 0
        size -= 1
        _pop(keys, pixels, size)
        if size + 4 > keys.size:
            keys = np.concatenate((keys, np.empty_like(keys)))
            pixels = np.concatenate((pixels, np.empty_like(pixels)))
        for step in (-stride, -1, 1, stride):
            reached = pixel + step
            if labels[reached] == 0:
                labels[reached] = labels[pixel]
                age += 1
                value = max(height, max(place[reached], ~place[reached]))
                _push(keys, pixels, size, (value << _AGE_BITS) + age, reached)
                size += 1
    return height, _queue_by_age(ranking, keys[:size], pixels, height, age)


@compile_loop
def enqueue(place, queue, fill, words, pixel):
    """Put a pixel in the queue at its own place; the arrays are those of `Ranking`.

    Example:
        >>> from ops.ranking import rank_pixels
        >>> ranking = rank_pixels(np.array([[3.0, 1.0, 1.0]], np.float32))
        >>> enqueue(ranking.place, ranking.queue, ranking.fill, ranking.words, 8)
        >>> ranking.queue[0], ranking.fill[0], ranking.words[0]
        (np.int32(8), np.int32(1), np.int64(1))
    """
    slot = np.int64(place[pixel])
    if slot < 0:
        slot = ~slot
        queue[slot + fill[slot]] = pixel
        fill[slot] += 1
    words[slot >> 6] |= np.int64(1) << (slot & 63)


@compile_loop
def _num_until_last_tie(values):
    ordered = np.sort(values)
    for i in range(ordered.size - 1, 0, -1):
        if ordered[i] == ordered[i - 1]:
            return i + 1
    return 0


@compile_loop
def _queue_by_age(ranking, keys, pixels, height, oldest):
    rows = np.full(oldest + 1, -1, np.int32)
    for i in range(keys.size):
        if keys[i] & _AGE_MASK == 0:
            enqueue(ranking.place, ranking.queue, ranking.fill, ranking.words, pixels[i])
        else:
            rows[keys[i] & _AGE_MASK] = i
    end = 0
    for i in rows:
        if i >= 0 and keys[i] >> _AGE_BITS == height:
            ranking.wave[end] = pixels[i]
            end += 1
        elif i >= 0:
            enqueue(ranking.place, ranking.queue, ranking.fill, ranking.words, pixels[i])
    return end


@compile_loop
def _push(keys, pixels, size, key, pixel):
    child = size
    while child > 0:
        parent = (child - 1) >> 1
        if key >= keys[parent]:
            break
        keys[child], pixels[child] = keys[parent], pixels[parent]
        child = parent
    keys[child], pixels[child] = key, pixel


@compile_loop
def _pop(keys, pixels, size):
    """Drop the root, put the last of `size` + 1 rows in its stead and sift it down."""
    key, pixel = keys[size], pixels[size]
    keys[size] = _LAST  # Spares the test whether a right child is there.
    parent, child = 0, 1
    while child < size:
        child += keys[child + 1] < keys[child]
        if keys[child] >= key:
            break
        keys[parent], pixels[parent] = keys[child], pixels[child]
        parent, child = child, 2 * child + 1
    keys[parent], pixels[parent] = key, pixel
