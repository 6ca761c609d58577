"""Build the permutohedral lattice of a set of points: the sparse grid a Gaussian filter runs on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ops.lattice_loops import (
    find_bounds,
    find_neighbours,
    locate_points,
    number_vertices,
)

_MAX_KEYS = 2.0**62
_MAX_CELLS = 2.0**17  # float32 then still tells a sixty-fourth of a cell


class Lattice(NamedTuple):
    """A permutohedral lattice: N points, each in a cell with D + 1 of the M vertices as corners.

    `vertices` with `weights` is the (N, M) interpolation matrix, D + 1 entries to a row. Number M
    stands for every vertex that no point uses: its value is always 0, its neighbours are itself.

    Attributes:
        vertices: (N, D + 1) int32, the corners of each point's cell.
        weights: (N, D + 1) float32 barycentric weights; those of a point sum to 1.
        neighbours: (D + 1, 2, M + 1) int32, along each axis the vertex behind and the one ahead.

    Example:
        >>> build_lattice(np.zeros((4, 2), np.float32)).neighbours.shape
        (3, 2, 4)
    """

    vertices: np.ndarray
    weights: np.ndarray
    neighbours: np.ndarray


def build_lattice(features: np.ndarray) -> Lattice:
    """Build the lattice of points in feature space, once for any number of filters over them.

    A point is placed in the cell of the lattice that holds it. A vertex is told by one 64-bit
    number, in which a step along an axis is the addition of a constant; only corners of cells in
    use are kept, in the order in which the points reach them.

    Args:
        features: (N, D) numbers, D >= 1, each divided by the Gaussian's standard deviation along
            it: a distance of 1 is one deviation.

    Returns:
        The lattice; without any point it has no vertex.

    Raises:
        ValueError: `features` is not (N, D), holds NaN or infinity, or spans so many deviations
            that the vertices cannot be numbered (for D = 5 some thousands on every axis).

    Example:
        >>> build_lattice(np.array([[0.0], [0.5]])).vertices
        array([[0, 1],
               [0, 1]], dtype=int32)

    References:
        Adams, Baek and Davis, "Fast High-Dimensional Filtering Using the Permutohedral Lattice",
        2010, section 3.
    """
    features = _check_features(features)
    elevation = _elevation(features.shape[1])
    numbering = _number_keys(*_find_spans(features), elevation)
    keys = np.empty((len(features), elevation.shape[1]), np.int64)
    weights = np.empty(keys.shape, np.float32)
    locate_points(features, elevation, numbering, keys, weights)
    vertices, found, table = number_vertices(keys)
    neighbours = np.empty((keys.shape[1], 2, found.size + 1), np.int32)
    find_neighbours(found, table, numbering[2], neighbours)
    return Lattice(vertices, weights, neighbours)


def join_lattices(lattices: Sequence[Lattice]) -> Lattice:
    """Put lattices side by side: one filter then runs over the points of all, each by itself.

    For a batch of pictures, whose lattices differ in size.

    Args:
        lattices: one or more, all of the same D.

    Returns:
        A lattice of all points, in the order given.

    Raises:
        ValueError: there is no lattice, or they differ in D.

    Example:
        >>> lattice = build_lattice(np.zeros((4, 2)))
        >>> join_lattices([lattice, lattice]).vertices[[0, 4]]
        array([[0, 1, 2],
               [3, 4, 5]], dtype=int32)
    """
    axes = {lattice.vertices.shape[1] for lattice in lattices}
    if len(axes) != 1:
        raise ValueError(
            "`lattices` must be one or more of the same number of dimensions. Received "
            f"{len(lattices)} of {sorted(num_axes - 1 for num_axes in axes)} dimensions."
        )
    counts = [lattice.neighbours.shape[2] - 1 for lattice in lattices]
    total, first = sum(counts), 0
    vertices, neighbours = [], []
    for lattice, count in zip(lattices, counts, strict=True):
        vertices.append(lattice.vertices + np.int32(first))
        own = lattice.neighbours[:, :, :count]
        neighbours.append(np.where(own < count, own + np.int32(first), np.int32(total)))
        first += count
    neighbours.append(np.full((axes.pop(), 2, 1), total, np.int32))
    return Lattice(
        vertices=np.concatenate(vertices),
        weights=np.concatenate([lattice.weights for lattice in lattices]),
        neighbours=np.concatenate(neighbours, axis=2),
    )


def _check_features(features):
    features = np.ascontiguousarray(features, np.float32)
    if features.ndim != 2 or features.shape[1] < 1:
        raise ValueError(
            f"`features` must be (N, D) with D >= 1. Received shape {features.shape}; make every "
            "point a row."
        )
    return features


def _find_spans(features):
    """Return the (D,) lowest and highest features; 0 without any point."""
    low, high = find_bounds(features)
    if not len(features):
        return np.zeros_like(low), np.zeros_like(high)
    if not (np.isfinite(low) & np.isfinite(high)).all():
        raise ValueError("`features` must be finite. Received NaN or infinity; replace it first.")
    return low, high


def _elevation(dimensions):
    """Return the (D, D + 1) matrix onto the plane of the lattice, in cells of D + 1.

    Its scale gives splat, blur and slice together the variance of the unit Gaussian
    (section 3.1); the columns are orthogonal to (1, ..., 1), so that coordinates sum to 0.
    """
    axes = np.arange(1, dimensions + 1)
    matrix = np.tri(dimensions, dimensions + 1)  # column i takes the features from i on,
    matrix[axes - 1, axes] = -axes  # and i times the one before from them
    scale = np.sqrt(2 / 3) / np.sqrt(axes * (axes + 1))
    return (scale[:, np.newaxis] * matrix).astype(np.float32)


def _number_keys(low, high, elevation):
    """Return how vertices are numbered: lowest coordinates, their strides, the axes' steps.

    A vertex v, whose coordinates are equal modulo D + 1 and sum to 0, is told by v_0 and the whole
    numbers (v_i - v_0) / (D + 1) with 0 < i < D. A step ahead along axis j adds 1 to every
    coordinate and takes D + 1 from v_j.
    """
    num_axes = elevation.shape[1]
    spans = elevation[:, :-1].astype(np.float64)
    spans = np.hstack([spans[:, :1] * num_axes, spans[:, 1:] - spans[:, :1]])  # (D, D)
    ends = np.stack([low[:, np.newaxis] * spans, high[:, np.newaxis] * spans])  # (2, D, D)
    # Rounding moves v_0 by D + 1 at most and the corners by as much; a neighbour is a step on.
    margin = np.full(num_axes - 1, 5.0)
    margin[0] *= num_axes
    lowest = np.floor(ends.min(axis=0).sum(axis=0)) - margin
    sizes = np.ceil(ends.max(axis=0).sum(axis=0)) + margin - lowest + 1
    reach = np.abs(elevation).T @ np.maximum(np.abs(low), np.abs(high)).astype(np.float64)
    if np.prod(sizes) > _MAX_KEYS or reach.max() > _MAX_CELLS:
        raise ValueError(
            "`features` must span fewer deviations, or the vertices cannot be numbered. Received "
            f"{low.tolist()} to {high.tolist()}; use larger deviations."
        )
    strides = np.cumprod(np.append(1, sizes[:-1]).astype(np.int64))
    steps = np.ones(num_axes, np.int64)
    steps[1:-1] -= strides[1:]
    steps[0] += strides[1:].sum() - num_axes
    return lowest.astype(np.int64), strides, steps
