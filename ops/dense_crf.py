"""Sharpen label probabilities along a picture's edges: mean-field inference in a dense CRF."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from ops.compiling import compile_loop
from ops.lattice import Lattice, build_lattice
from ops.permutohedral import add_slice, filter_factor, normalize_lattice, splat_and_blur
from ops.pixel_features import bilateral_features, position_features
from ops.threads import ThreadTeam


class _Kernel(NamedTuple):
    """A weighted, symmetrically normalised Gaussian between all pairs of pixels."""

    lattice: Lattice
    factor: np.float32


def dense_crf(
    image: np.ndarray,
    unary: np.ndarray,
    *,
    bilateral: tuple[float, float, float] = (4, 121, 5),
    gaussian: tuple[float, float] = (3, 3),
    iterations: int = 10,
    scale_factor: float = 1.0,
    num_threads: int | None = None,
) -> np.ndarray:
    """Infer label probabilities that follow a picture's edges.

    Every two pixels prefer one label, the more the nearer they are in place and colour
    (`bilateral`) and in place alone (`gaussian`). From Q = softmax(-unary), each iteration sets
    Q = softmax(-unary + sum_k w_k A_k Q), with A_k the symmetrically normalised Gaussian k (Potts
    compatibility; j = i included). Both lattices are built once and filter all labels together.

    Use it on a network's scores with `unary` = -log of the softmax. At 321 x 321 with 21 labels it
    takes SPEED; beside its result it holds about MEMORY.

    Args:
        image: (H, W, 3) uint8, or float in 0..255; not 0..1.
        unary: (H, W, L) energies, L >= 1, lower is likelier; +inf rules a label out.
        bilateral: weight, deviation in place in pixels, deviation in colour in grey levels. The
            defaults are DeepLab's; (10, 80, 13) are usual for seeds. Weight 0 leaves it out.
        gaussian: weight and deviation in place in pixels; weight 0 leaves it out.
        iterations: of the mean field; 0 gives the softmax.
        scale_factor: both deviations in place are divided by it: how many times smaller the
            picture is than the one the deviations are meant for.
        num_threads: 1 where pictures already have a process each; None takes one a core. The
            result is the same.

    Returns:
        (H, W, L) float32 probabilities, 1 in sum over the labels of a pixel. One label has 1
        everywhere; an empty picture gives an empty array.

    Raises:
        ValueError: shapes do not fit, an energy is NaN or -inf, a pixel has no finite one, the
            picture is not finite, a weight is negative, a deviation or `scale_factor` is not above
            0, `iterations` is below 0, or a deviation is far too small for the lattice.

    Example:
        >>> image = np.zeros((3, 3, 3), np.uint8)
        >>> unary = np.zeros((3, 3, 2))
        >>> unary[..., 1], unary[1, 1] = 0.5, [1.0, 0.0]  # All prefer label 0 but the middle.
        >>> int(dense_crf(image, unary).argmax(axis=2).sum())
        0

    References:
        Kraehenbuehl and Koltun, "Efficient Inference in Fully Connected CRFs with Gaussian Edge
        Potentials", 2011, algorithm 1; Adams, Baek and Davis, 2010, for the filter.
    """
    image, energies = _check_arrays(image, unary)
    _check_options(bilateral, gaussian, iterations, scale_factor)
    if energies.size == 0:
        return energies
    potentials = -energies.reshape(-1, energies.shape[2])
    with ThreadTeam(num_threads) as team:
        kernels = _build_kernels(image, bilateral, gaussian, scale_factor, team)
        marginals = np.empty_like(potentials)
        team.share(partial(_update, potentials, marginals, []), len(potentials))
        for _ in range(iterations):
            messages = [
                (kernel, splat_and_blur(kernel.lattice, marginals, team=team)) for kernel in kernels
            ]
            team.share(partial(_update, potentials, marginals, messages), len(potentials))
    return marginals.reshape(energies.shape)


def _build_kernels(image, bilateral, gaussian, scale_factor, team):
    kernels = []
    weight, position, colour = bilateral
    if weight:
        features = bilateral_features(
            image, position_deviation=position / scale_factor, colour_deviation=colour
        )
        kernels.append(_build_kernel(features, weight, team))
    weight, position = gaussian
    if weight:
        features = position_features(image.shape[:2], position / scale_factor)
        kernels.append(_build_kernel(features, weight, team))
    return kernels


def _build_kernel(features, weight, team):
    lattice = normalize_lattice(build_lattice(features, team=team), team=team)
    return _Kernel(lattice, np.float32(weight) * filter_factor(lattice))


def _update(potentials, marginals, messages, start, stop):
    """Set the marginals of the pixels `start` to `stop` from their potentials and messages."""
    part = marginals[start:stop]
    part[:] = potentials[start:stop]
    for (lattice, factor), on_vertices in messages:
        add_slice(lattice.vertices, lattice.weights, on_vertices, factor, marginals, start, stop)
    _subtract_largest(part)
    np.exp(part, out=part)  # NumPy's is vectorised; Numba's is not without an Intel library.
    _divide_by_sum(part)


@compile_loop
def _subtract_largest(rows):
    for n in range(rows.shape[0]):
        largest = rows[n, 0]
        for c in range(1, rows.shape[1]):
            largest = max(largest, rows[n, c])
        for c in range(rows.shape[1]):
            rows[n, c] -= largest


@compile_loop
def _divide_by_sum(rows):
    for n in range(rows.shape[0]):
        total = np.float32(0)
        for c in range(rows.shape[1]):
            total += rows[n, c]
        scale = np.float32(1) / total
        for c in range(rows.shape[1]):
            rows[n, c] *= scale


def _check_arrays(image, unary):
    image, energies = np.asarray(image), np.ascontiguousarray(unary, np.float32)
    if image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"`image` must be (H, W, 3). Received shape {image.shape}.")
    if energies.ndim != 3 or energies.shape[:2] != image.shape[:2] or energies.shape[2] < 1:
        raise ValueError(
            f"`unary` must be (H, W, L) with L >= 1 and the picture's {image.shape[:2]}. Received "
            f"shape {energies.shape}; resize it, labels last."
        )
    # NaN and -inf are a pixel's smallest energy, and so is +inf where it has nothing else.
    if not np.isfinite(energies.min(axis=2)).all():
        raise ValueError(
            "`unary` must hold numbers, a finite one for every pixel. Received NaN, -inf, or a "
            "pixel whose labels are all +inf; clip the probabilities before the logarithm."
        )
    return image, energies


def _check_options(bilateral, gaussian, iterations, scale_factor):
    if len(bilateral) != 3 or len(gaussian) != 2:
        raise ValueError(
            "`bilateral` must be (weight, position, colour) and `gaussian` (weight, position). "
            f"Received {bilateral} and {gaussian}."
        )
    if not (bilateral[0] >= 0 and gaussian[0] >= 0):
        raise ValueError(
            f"Weights must be at least 0. Received `bilateral` {bilateral}, `gaussian` {gaussian}."
        )
    if not scale_factor > 0:
        raise ValueError(f"`scale_factor` must be above 0. Received {scale_factor}.")
    if iterations < 0:
        raise ValueError(f"`iterations` must be at least 0. Received {iterations}.")
