"""The lattices of the dense CRF losses, built in the input pipeline from its pictures alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ops.graph_permutohedral import build_in_graph
from ops.lattice import Lattice, build_lattice, join_lattices


class JointLattice(NamedTuple):
    """A lattice over the pictures of each group, for groups of at least two.

    Attributes:
        lattice: of n * h * w points, group by group.
        members: (n,) int32, the place in the batch of each picture that has a group.
        owners: (n,) int32, its group: 0 to G - 1, rising.

    Example:
        >>> images = tf.zeros((3, 4, 5, 3))
        >>> joint = build_joint_colour_lattice(images, [7, 8, 7])
        >>> joint.members.numpy().tolist(), joint.owners.numpy().tolist()
        ([0, 2], [0, 0])
    """

    lattice: Lattice
    members: np.ndarray
    owners: np.ndarray


def build_bilateral_lattice(
    images: tf.Tensor, *, position: float = 100.0, colour: float = 15.0, scale: float = 1.0
) -> Lattice:
    """Build the lattice in which pixels are alike that are near and of one colour.

    In a pipeline, after batching: lattices differ in size from picture to picture, and are joined
    here. Python code runs in it. On one core a 224 x 224 photograph takes some 13 ms; at a scale
    of 1/2 some 4.

    Args:
        images: (B, H, W, 3) uint8, or float in [0, 1]; after augmentation, H and W known.
        position: deviation in place, in pixels of the pictures as they are.
        colour: deviation in colour, in grey levels of 0 to 255.
        scale: pictures are shrunk by it first (their nearest pixels), and `position` with them.

    Returns:
        Tensors of one lattice of B * h * w points, see `scaled_size`.

    Raises:
        ValueError: an argument is of another form or out of range.

    Example:
        >>> lattice = build_bilateral_lattice(tf.zeros((2, 8, 6, 3)), scale=0.5)
        >>> lattice.vertices.shape  # 2 pictures of 4 x 3, 5 features
        TensorShape([24, 6])

    References:
        Tang et al., "On Regularized Losses for Weakly-supervised CNN Segmentation", ECCV 2018.
    """
    return build_in_graph(
        list_bilateral_features(images, position=position, colour=colour, scale=scale)
    )


def list_bilateral_features(
    images: tf.Tensor, *, position: float = 100.0, colour: float = 15.0, scale: float = 1.0
) -> tf.Tensor:
    """List place and colour of every pixel, as `build_bilateral_lattice` compares them.

    Args:
        images: as there.
        position: as there.
        colour: as there.
        scale: as there.

    Returns:
        (B, h * w, 5) float32 (column, row, red, green, blue), each over its deviation.

    Raises:
        ValueError: an argument is of another form or out of range.

    Example:
        >>> list_bilateral_features(tf.zeros((2, 8, 6, 3)), scale=0.5).shape
        TensorShape([2, 12, 5])
    """
    _check_deviations(position=position, colour=colour)
    colours = _shrink(images, scale) / colour  # (B, h, w, 3)
    height, width = colours.shape[1:3]
    rows, columns = tf.meshgrid(tf.range(height), tf.range(width), indexing="ij")
    places = tf.cast(tf.stack([columns, rows], axis=-1), tf.float32) / (position * scale)
    places = tf.tile(places[None], [tf.shape(colours)[0], 1, 1, 1])
    features = tf.concat([places, colours], axis=-1)
    return tf.reshape(features, [-1, height * width, 5])


def list_colour_features(
    images: tf.Tensor, *, colour: float = 15.0, scale: float = 1.0
) -> tf.Tensor:
    """List the colour of every pixel, as `build_joint_colour_lattice` compares them.

    Args:
        images: as there.
        colour: as there.
        scale: as there.

    Returns:
        (B, h * w, 3) float32 red, green, blue, each over its deviation.

    Raises:
        ValueError: an argument is of another form or out of range.

    Example:
        >>> list_colour_features(tf.zeros((2, 8, 6, 3)), scale=0.5).shape
        TensorShape([2, 12, 3])
    """
    _check_deviations(colour=colour)
    colours = _shrink(images, scale) / colour
    return tf.reshape(colours, [-1, colours.shape[1] * colours.shape[2], 3])


def build_joint_colour_lattice(
    images: tf.Tensor, groups: tf.Tensor, *, colour: float = 15.0, scale: float = 1.0
) -> JointLattice:
    """Build a lattice per group of pictures in which pixels of one colour are alike, wherever.

    For frames of one shot: an object's colour stays while its place does not.

    Args:
        images: (B, H, W, 3) uint8, or float in [0, 1]; H and W known.
        groups: (B,) integers, equal for pictures of one group; a group of one takes no part.
        colour: deviation in colour, in grey levels of 0 to 255.
        scale: pictures are shrunk by it first (their nearest pixels).

    Returns:
        Tensors; without any group of two, of no point.

    Raises:
        ValueError: an argument is of another form or out of range.

    Example:
        >>> # see `JointLattice`

    References:
        Belharbi et al., "CoLo-CAM", arXiv 2303.09044.
    """
    colours = list_colour_features(images, colour=colour, scale=scale)
    types = (tf.int32, tf.float32, tf.int32, tf.int32, tf.int32)
    arrays = tf.numpy_function(_build_groups, [colours, groups], types, stateful=False)
    for array, shape in zip(
        arrays, ((None, 4), (None, 4), (4, 2, None), (None,), (None,)), strict=True
    ):
        array.set_shape(shape)
    return JointLattice(Lattice(*arrays[:3]), *arrays[3:])


def scaled_size(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """Return the size of the pictures and maps that a dense CRF loss compares.

    Args:
        size: (height, width) in pixels.
        scale: in (0, 1].

    Returns:
        (h, w) rounded down, 1 pixel at least.

    Raises:
        ValueError: `scale` is out of range.

    Example:
        >>> scaled_size((225, 224), 0.5)
        (112, 112)
    """
    if not 0 < scale <= 1:
        raise ValueError(f"`scale` must be in (0, 1]. Received {scale}.")
    return tuple(max(1, int(scale * side)) for side in size)


def _shrink(images, scale):
    """Return (B, h, w, 3) float32 grey levels."""
    images = tf.convert_to_tensor(images)
    levels = 1.0 if images.dtype.is_integer else 255.0
    images = levels * tf.cast(images, tf.float32)
    shape = images.shape
    if shape.rank != 4 or shape[3] != 3 or None in shape[1:3]:
        raise ValueError(
            f"`images` must be (B, H, W, 3) with H and W known. Received shape {shape}."
        )
    size = scaled_size(tuple(shape[1:3]), scale)
    return images if size == tuple(shape[1:3]) else tf.image.resize(images, size, "nearest")


def _build_groups(colours, groups):
    lattices, members, owners = [], [], []
    for group in np.unique(groups):
        frames = np.flatnonzero(groups == group)
        if len(frames) > 1:
            owners += [len(lattices)] * len(frames)
            members += frames.tolist()
            lattices.append(build_lattice(colours[frames].reshape(-1, 3)))
    joined = join_lattices(lattices or [build_lattice(np.zeros((0, 3)))])
    return *joined, np.array(members, np.int32), np.array(owners, np.int32)


def _check_deviations(**deviations):
    for name, deviation in deviations.items():
        if not deviation > 0:
            raise ValueError(f"`{name}` must be a deviation above 0. Received {deviation}.")
