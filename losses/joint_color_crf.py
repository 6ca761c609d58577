"""Regions alike in all frames of a shot: the dense CRF over colours of several pictures."""

from __future__ import annotations

import tensorflow as tf

from losses.dense_crf import flatten_maps
from ops.graph_lattices import JointLattice
from ops.graph_permutohedral import filter_in_graph


def joint_color_crf_loss(
    probabilities, joint: JointLattice, *, scale: float = 1.0, normalised: bool = False
) -> tf.Tensor:
    """Compute how badly regions differ between pixels of one colour, per group of pictures.

    `losses.dense_crf.dense_crf_loss` over all pixels of a group's pictures at once, with
    W_ij = exp(-|I_i - I_j|^2 / (2 colour^2)): places do not count, so it reaches from frame to
    frame. What its factor lambda means hangs on kernel and scale as there, and on the number of
    frames: the sum has (n N)^2 terms for n frames of N pixels, by which `normalised` divides.

    Args:
        probabilities: (B, H, W, K), softmax of the regions of all pictures; H and W known.
        joint: of `ops.graph_lattices.build_joint_colour_lattice` on the same batch at the same
            scale.
        scale: probabilities are shrunk by it (bilinear), as the pictures were.
        normalised: divide by the square of the group's number of pixels.

    Returns:
        (G,) float32 energies of the groups of two or more; see `mean_or_zero`.

    Raises:
        ValueError: `probabilities` is not (B, H, W, K) with H and W known, or `scale` is out of
            range.

    Example:
        >>> from ops.graph_lattices import build_joint_colour_lattice
        >>> joint = build_joint_colour_lattice(tf.zeros((3, 4, 4, 3)), [1, 2, 1])
        >>> joint_color_crf_loss(tf.fill((3, 4, 4, 2), 0.5), joint, normalised=True).shape
        TensorShape([1])

    References:
        Belharbi et al., "CoLo-CAM", arXiv 2303.09044; sbelharbi/tcam-wsol-video. Upstream divides
        by 0 where no group has two.
    """
    rows, (height, width) = flatten_maps(probabilities, scale)
    num_points = height * width
    maps = tf.reshape(rows, [-1, num_points, rows.shape[1]])
    rows = tf.reshape(tf.gather(maps, joint.members), [-1, rows.shape[1]])
    energies = -tf.reduce_sum(rows * filter_in_graph(joint.lattice, rows), axis=1)
    energies = tf.reduce_sum(tf.reshape(energies, [-1, num_points]), axis=1)  # a number a picture
    groups = tf.math.segment_sum(energies, joint.owners)
    if not normalised:
        return groups
    num_pixels = num_points * tf.math.segment_sum(tf.ones_like(energies), joint.owners)
    return groups / num_pixels**2


def mean_or_zero(values) -> tf.Tensor:
    """Average values of which there may be none.

    Args:
        values: (G,) float.

    Returns:
        Their mean; 0 for none, NaN where one is NaN.

    Example:
        >>> float(mean_or_zero(tf.zeros(0))), float(mean_or_zero(tf.constant([1.0, 3.0])))
        (0.0, 2.0)
    """
    return tf.reduce_sum(values) / tf.cast(tf.maximum(tf.size(values), 1), values.dtype)
