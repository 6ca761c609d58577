"""Lattices of a batch as rows that can be cut apart, and joined again where they are used."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ops.graph_lattices import JointLattice
from ops.lattice import Lattice, build_lattice


class LatticeRows(NamedTuple):
    """The lattices of a batch, a row each, filled up to the most vertices of one.

    Each array's first axis is the batch's, so that a batch may be cut into the parts in which a
    step is computed, or handed to several devices.

    Attributes:
        vertices: (B, N, D + 1) int32, as `ops.lattice.Lattice` has them; M for none.
        weights: (B, N, D + 1) float32.
        neighbours: (B, M, D + 1, 2) int32.

    Example:
        >>> rows = build_lattice_rows(tf.zeros((2, 4, 5)))
        >>> rows.vertices.shape, rows.neighbours.shape[0], rows.neighbours.shape[2:]
        (TensorShape([2, 4, 6]), 2, TensorShape([6, 2]))
    """

    vertices: tf.Tensor
    weights: tf.Tensor
    neighbours: tf.Tensor


def build_lattice_rows(features: tf.Tensor) -> LatticeRows:
    """Build the lattices of a batch inside `tf.data` or another graph.

    Python code runs in it, so it cannot be saved with a model.

    Args:
        features: (B, N, D) float, each divided by the Gaussian's standard deviation along it; N
            and D must be known.

    Returns:
        The lattices.

    Raises:
        ValueError: `features` is known not to be (B, N, D), or is what
            `ops.lattice.build_lattice` refuses.
        tf.errors.InvalidArgumentError: the latter, inside a graph.

    Example:
        >>> # see `LatticeRows`
    """
    shape = features.shape
    if shape.rank != 3 or None in shape[1:]:
        raise ValueError(
            f"`features` must be (B, N, D) with N and D known. Received shape {shape}."
        )
    arrays = tf.numpy_function(
        _build, [tf.cast(features, tf.float32)], (tf.int32, tf.float32, tf.int32), stateful=False
    )
    batch, points, axes = shape[0], shape[1], shape[2] + 1
    known = ((batch, points, axes), (batch, points, axes), (batch, None, axes, 2))
    for array, each in zip(arrays, known, strict=True):
        array.set_shape(each)
    return LatticeRows(*arrays)


def join_lattice_rows(rows: LatticeRows) -> Lattice:
    """Join the lattices of rows to one over all their points, in their order.

    Args:
        rows: of any number, in graph.

    Returns:
        A lattice of B * N points for `ops.graph_permutohedral.filter_in_graph`.

    Example:
        >>> rows = build_lattice_rows(tf.zeros((2, 4, 5)))
        >>> join_lattice_rows(rows).vertices.shape
        TensorShape([8, 6])
    """
    vertices, weights, neighbours = (tf.convert_to_tensor(each) for each in rows)
    num_axes = vertices.shape[2]
    batch, most = tf.shape(neighbours)[0], tf.shape(neighbours)[1]
    total = batch * most
    starts = tf.range(batch) * most

    def number(values: tf.Tensor, rank: int) -> tf.Tensor:
        """Count the vertices through all rows; what is none becomes the joined lattice's none."""
        first = tf.reshape(starts, [-1] + [1] * (rank - 1))
        return tf.where(values < most, values + first, total)

    ahead = tf.transpose(number(neighbours, 4), (2, 3, 0, 1))  # (D + 1, 2, B, M)
    ahead = tf.reshape(ahead, [num_axes, 2, total])
    return Lattice(
        tf.reshape(number(vertices, 3), [-1, num_axes]),
        tf.reshape(weights, [-1, num_axes]),
        tf.concat([ahead, tf.fill([num_axes, 2, 1], total)], axis=2),
    )


def join_groups(rows: LatticeRows, group_size: int) -> JointLattice:
    """Join the lattices of groups of pictures, all of one size, to one.

    Args:
        rows: a row a group, over the points of all its pictures.
        group_size: pictures of a group, at least 2.

    Returns:
        The lattice of the groups, and whose each picture is: the first `group_size` are those of
        the first group.

    Example:
        >>> joint = join_groups(build_lattice_rows(tf.zeros((2, 6, 3))), 3)
        >>> joint.members.numpy().tolist(), joint.owners.numpy().tolist()
        ([0, 1, 2, 3, 4, 5], [0, 0, 0, 1, 1, 1])
    """
    num_pictures = tf.shape(rows.vertices)[0] * group_size
    members = tf.range(num_pictures)
    return JointLattice(join_lattice_rows(rows), members, members // group_size)


def _build(features):
    lattices = [build_lattice(each) for each in features]
    counts = [each.neighbours.shape[2] - 1 for each in lattices]
    most, num_axes = max(counts, default=0), features.shape[2] + 1
    neighbours = np.full((len(lattices), most, num_axes, 2), most, np.int32)
    vertices = np.empty((*features.shape[:2], num_axes), np.int32)
    weights = np.empty(vertices.shape, np.float32)
    for number, (lattice, count) in enumerate(zip(lattices, counts, strict=True)):
        own = np.moveaxis(lattice.neighbours[:, :, :count], 2, 0)
        neighbours[number, :count] = np.where(own < count, own, most)
        vertices[number], weights[number] = lattice.vertices, lattice.weights
    return vertices, weights, neighbours
