"""Place points in the cells of a permutohedral lattice and number the vertices in use."""

from __future__ import annotations

import numpy as np

from ops.compiling import compile_loop

_FIRST_VERTICES = 1024  # room to start with; it doubles whenever it is full
_HASH = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio: spreads keys that lie side by side


@compile_loop
def find_bounds(features):
    """Find the smallest and the largest value of each column; NaN where a column holds it.

    Args:
        features: (N, D) float32.

    Returns:
        (D,) float32 lows and highs; (inf, -inf) without any row.

    Example:
        >>> find_bounds(np.array([[1.0, 7.0], [3.0, 5.0]], np.float32))
        (array([1., 5.], dtype=float32), array([3., 7.], dtype=float32))
    """
    low = np.full(features.shape[1], np.inf, np.float32)
    high = np.full(features.shape[1], -np.inf, np.float32)
    for n in range(features.shape[0]):
        for i in range(features.shape[1]):
            value = features[n, i]
            # Nothing is below or above a NaN: once in, it stays.
            if value < low[i] or np.isnan(value):
                low[i] = value
            if value > high[i] or np.isnan(value):
                high[i] = value
    return low, high


@compile_loop
def locate_points(features, elevation, numbering, keys, weights):
    """Write the keys of each point's D + 1 corners and its barycentric weights.

    Args:
        features: (N, D) float32.
        elevation: (D, D + 1) float32, the matrix onto the lattice's plane, in cells.
        numbering: three arrays: the (D,) int64 lowest coordinates, their (D,) int64 strides and
            the (D + 1,) int64 step of a key along each axis.
        keys: (N, D + 1) int64, written.
        weights: (N, D + 1) float32, written.
    """
    lowest, strides, steps = numbering
    num_axes = elevation.shape[1]
    cell, order = np.empty(num_axes, np.int64), np.empty(num_axes, np.int64)
    rest, falling = np.empty(num_axes, np.float32), np.empty(num_axes, np.float32)
    for n in range(features.shape[0]):
        for i in range(num_axes):
            place = np.float32(0)
            # Column i of the matrix holds nothing above the row i - 1.
            for j in range(max(i - 1, 0), num_axes - 1):
                place += features[n, j] * elevation[j, i]
            cell[i] = np.int64(np.floor(place + np.float32(0.5)))
            rest[i] = place - np.float32(cell[i])
        _order_axes(cell, rest, order, falling)
        key = cell[0] * num_axes - lowest[0]
        for i in range(1, num_axes - 1):
            key += (cell[i] - cell[0] - lowest[i]) * strides[i]
        keys[n, 0] = key
        weights[n, 0] = np.float32(1) + falling[num_axes - 1] - falling[0]
        for k in range(1, num_axes):
            key += steps[order[num_axes - k]]
            keys[n, k] = key
            weights[n, k] = falling[num_axes - k - 1] - falling[num_axes - k]


@compile_loop
def _order_axes(cell, rest, order, falling):
    """Order the axes by what rounding left, largest first, and bring the cells onto the plane."""
    num_axes = cell.size
    excess = 0
    for i in range(num_axes):
        excess += cell[i]
    for i in range(num_axes):
        # Of two that are equal the earlier goes first.
        rank = excess
        for j in range(num_axes):
            rank += (rest[j] > rest[i]) | ((rest[j] == rest[i]) & (j < i))
        # The coordinates must sum to 0: `excess` cells too many are taken back where least was
        # left, too few are added where most was left, which turns the order.
        turn = 0
        if rank < 0:
            turn = 1
        elif rank >= num_axes:
            turn = -1
        cell[i] += turn
        order[rank + turn * num_axes] = i
        falling[rank + turn * num_axes] = rest[i] - np.float32(turn)


@compile_loop
def number_vertices(keys):
    """Number the distinct keys in the order in which they first appear.

    Args:
        keys: (N, D + 1) int64.

    Returns:
        (N, D + 1) int32 numbers, the (M,) int64 key of each number, and the hash table that leads
        from key to number.

    Example:
        >>> number_vertices(np.array([[70, 50], [50, 90]]))[:2]
        (array([[0, 1],
               [1, 2]], dtype=int32), array([70, 50, 90]))
    """
    vertices = np.empty(keys.shape, np.int32)
    found = np.empty(_FIRST_VERTICES, np.int64)
    table = _make_table(found, 0)
    count = 0
    for n in range(keys.shape[0]):
        for k in range(keys.shape[1]):
            key = keys[n, k]
            if n > 0 and keys[n - 1, k] == key:  # Points side by side often share a corner.
                vertices[n, k] = vertices[n - 1, k]
                continue
            slot = _find_slot(table, key)
            if table[slot, 1] < 0:
                if count == found.size:
                    found = np.append(found, np.empty(count, np.int64))
                    table = _make_table(found, count)
                    slot = _find_slot(table, key)
                table[slot, 0], table[slot, 1] = key, count
                found[count] = key
                count += 1
            vertices[n, k] = table[slot, 1]
    return vertices, found[:count].copy(), table


@compile_loop
def _make_table(found, count):
    """Return a table of (key, number) rows with room for twice the keys of `found`."""
    table = np.empty((2 * found.size, 2), np.int64)
    table[:, 1] = -1
    for m in range(count):
        slot = _find_slot(table, found[m])
        table[slot, 0], table[slot, 1] = found[m], m
    return table


@compile_loop
def _find_slot(table, key):
    """Return the row that holds a key, or the free row where it belongs."""
    mask = table.shape[0] - 1  # The number of rows is a power of two.
    slot = np.int64((np.uint64(key) * np.uint64(_HASH)) >> np.uint64(32)) & mask
    while table[slot, 1] >= 0 and table[slot, 0] != key:
        slot = (slot + 1) & mask
    return slot


@compile_loop
def find_neighbours(found, table, steps, neighbours):
    """Write the vertices one step behind and one step ahead of every vertex along axes.

    Args:
        found: (M,) int64 keys, as `number_vertices` returned them.
        table: their hash table.
        steps: (A,) int64, the step of a key along each of some axes.
        neighbours: (A, 2, M + 1) int32, written; M where there is no vertex.
    """
    neighbours[:] = found.size
    for axis in range(steps.size):
        for m in range(found.size):
            ahead = table[_find_slot(table, found[m] + steps[axis]), 1]
            if ahead >= 0:
                neighbours[axis, 1, m] = ahead
                neighbours[axis, 0, ahead] = m
