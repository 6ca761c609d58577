"""Regions that keep to the edges of the picture: the dense CRF as a loss without labels."""

from __future__ import annotations

import tensorflow as tf

from ops.graph_lattices import scaled_size
from ops.graph_permutohedral import filter_in_graph
from ops.lattice import Lattice


def dense_crf_loss(
    probabilities, lattice: Lattice, *, scale: float = 1.0, normalised: bool = False
) -> tf.Tensor:
    """Compute how badly regions cut through what is near and of one colour, per picture.

    L_b = - sum_k S_k^T W S_k, the relaxed Potts energy without its constant: negative, and lowest
    for regions that change where colours do. W_ij = exp(-|x_i - x_j|^2 / (2 place^2) -
    |I_i - I_j|^2 / (2 colour^2)), i = j included, by the permutohedral lattice that the pipeline
    built; the gradient, -(W + W^T) S, is that of the lattice's own W, which is not quite
    symmetric. All is in float32, whatever comes: take the softmax in float32 too.

    What a factor lambda of the batch's mean means hangs on the kernel and the scale:

    - The lattice's values are .43 to .55 of the exact kernel's. The published 2e-9 is for the
      lattice at scale 1 and 224 x 224 pixels; for the exact kernel it would be about 1e-9.
    - The sum has N^2 terms. At scale s it has s^4 as many: 1/16 at 1/2, so lambda x 16.
    - With `normalised` it is divided by N^2, N = h * w of the scaled map, and a weight w then
      means the same at every size and scale: - w mean_b(sum_k S_k^T W S_k / N^2). 2e-9 at
      224 x 224 is w = 5.04, from lambda N^2.

    A 224 x 224 photograph takes some 5 ms of two cores with its gradient; at scale 1/2 some 2.
    XLA does not compile it: compile the model with `jit_compile=False`.

    Args:
        probabilities: (B, H, W, K), softmax of the regions; H and W known.
        lattice: of `ops.graph_lattices.build_bilateral_lattice` on the same pictures at the same
            scale.
        scale: probabilities are shrunk by it (bilinear), as the pictures were.
        normalised: divide by the square of the number of pixels.

    Returns:
        (B,) float32 energies, not above 0; NaN for a picture with a NaN.

    Raises:
        ValueError: `probabilities` is not (B, H, W, K) with H and W known, `scale` is out of
            range, or the lattice is known to be of other pictures.

    Example:
        >>> from ops.graph_lattices import build_bilateral_lattice
        >>> lattice = build_bilateral_lattice(tf.zeros((1, 8, 8, 3)))
        >>> ones, half = tf.constant([[[[1.0, 0.0]]]]), tf.fill((1, 1, 1, 2), 0.5)
        >>> clear, unsure = (dense_crf_loss(tf.tile(each, (1, 8, 8, 1)), lattice, normalised=True)
        ...                  for each in (ones, half))
        >>> round(float(clear[0] / unsure[0]), 3)
        2.0

    References:
        Tang et al., "On Regularized Losses for Weakly-supervised CNN Segmentation", ECCV 2018.
        Belharbi et al., "TCAM", WACV 2023, arXiv 2208.14542; sbelharbi/tcam-wsol-video. Upstream
        takes -2 W S for the gradient, which differs by up to 7 % of the largest, and filters on
        the CPU, once per step.
    """
    rows, size = flatten_maps(probabilities, scale)
    num_points = size[0] * size[1]
    energies = -tf.reduce_sum(rows * filter_in_graph(lattice, rows), axis=1)  # (B * h * w,)
    energies = tf.reduce_sum(tf.reshape(energies, [-1, num_points]), axis=1)
    return energies / float(num_points) ** 2 if normalised else energies


def flatten_maps(probabilities, scale: float) -> tuple[tf.Tensor, tuple[int, int]]:
    """Shrink maps as the pictures of a lattice were, and make every pixel a row.

    Args:
        probabilities: (B, H, W, K), H and W known.
        scale: in (0, 1].

    Returns:
        ((B * h * w, K) float32, (h, w)).

    Raises:
        ValueError: `probabilities` is of another form, or `scale` out of range.

    Example:
        >>> rows, size = flatten_maps(tf.zeros((2, 8, 6, 2)), 0.5)
        >>> rows.shape, size
        (TensorShape([24, 2]), (4, 3))
    """
    maps = tf.cast(probabilities, tf.float32)
    shape = maps.shape
    if shape.rank != 4 or None in shape[1:]:
        raise ValueError(
            f"`probabilities` must be (B, H, W, K), all but B known. Received shape {shape}."
        )
    size = scaled_size(tuple(shape[1:3]), scale)
    if size != tuple(shape[1:3]):
        maps = tf.image.resize(maps, size, "bilinear")
    return tf.reshape(maps, [-1, shape[3]]), size
