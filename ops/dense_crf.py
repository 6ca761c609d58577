"""Sharpen label probabilities along a picture's edges: mean-field inference in a dense CRF."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import NamedTuple

import numpy as np

from ops.compiling import compile_loop
from ops.cores import count_cores
from ops.lattice import Lattice, build_lattice
from ops.permutohedral import (
    add_slice,
    filter_factor,
    make_buffers,
    normalize_lattice,
    splat_and_blur,
)
from ops.pixel_features import bilateral_features, position_features

_PART = 4096  # pixels updated at a time: with 21 labels they stay in a core's cache


class _Kernel(NamedTuple):
    """A weighted, symmetrically normalised Gaussian between all pairs of pixels."""

    lattice: Lattice
    factor: np.float32
    buffers: np.ndarray  # (2, M + 1, L)


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

    Use it on a network's scores with `unary` = -log of the softmax. Marginals equal those of
    pydensecrf2 to 3e-3 at .75 to .95 of its processor time and .6 to 1.3 of its memory
    (`benchmarks/dense_crf.py`): at 321 x 321 with 21 labels .15 s and 37 MB for smooth areas, 1.1 s
    and 104 MB under heavy noise, where every pixel has vertices of its own.

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
            picture or a weight is not finite, a weight is negative, a deviation or `scale_factor`
            is not above 0, `iterations` is below 0, `num_threads` below 1, or a deviation is far
            too small for the picture.

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
    num_threads = count_cores() if num_threads is None else num_threads
    if num_threads < 1:
        raise ValueError(f"`num_threads` must be at least 1, or None. Received {num_threads}.")
    if energies.size == 0:
        return np.empty_like(energies)
    potentials = -energies.reshape(-1, energies.shape[2])
    with ExitStack() as stack:
        run = map
        if num_threads > 1:
            run = stack.enter_context(ThreadPoolExecutor(num_threads)).map
        features = _find_features(image, bilateral, gaussian, scale_factor)
        kernels = list(run(partial(_build_kernel, energies.shape[2]), features))
        return _infer(potentials, kernels, iterations, run).reshape(energies.shape)


def _infer(potentials, kernels, iterations, run):
    """Return the (N, L) marginals; `run` maps a function over kernels or parts of the pixels."""
    marginals = np.empty_like(potentials)
    starts = range(0, len(potentials), _PART)
    parts = [slice(start, start + _PART) for start in starts]
    deque(run(partial(_update, potentials, marginals, []), parts), maxlen=0)
    for _ in range(iterations):
        on_vertices = run(partial(_spread, marginals), kernels)
        messages = list(zip(kernels, on_vertices, strict=True))
        deque(run(partial(_update, potentials, marginals, messages), parts), maxlen=0)
    return marginals


def _find_features(image, bilateral, gaussian, scale_factor):
    """Yield the features and the weight of each kernel that has one."""
    weight, position, colour = bilateral
    if weight:
        position /= scale_factor
        yield bilateral_features(image, position=position, colour=colour), weight
    weight, position = gaussian
    if weight:
        yield position_features(image.shape[:2], position / scale_factor), weight


def _build_kernel(num_labels, features_and_weight):
    features, weight = features_and_weight
    lattice = normalize_lattice(build_lattice(features))
    factor = np.float32(weight) * filter_factor(lattice)
    return _Kernel(lattice, factor, make_buffers(lattice, num_labels))


def _spread(marginals, kernel):
    return splat_and_blur(kernel.lattice, marginals, kernel.buffers)


def _update(potentials, marginals, messages, points):
    """Set the marginals of some pixels from their potentials and what the kernels spread."""
    part = marginals[points]
    part[:] = potentials[points]
    for kernel, on_vertices in messages:
        add_slice(kernel.lattice, on_vertices, kernel.factor, marginals, points)
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
    if not (0 <= bilateral[0] < np.inf and 0 <= gaussian[0] < np.inf):
        raise ValueError(
            "Weights must be finite, at least 0. Received `bilateral` "
            f"{bilateral}, `gaussian` {gaussian}."
        )
    if not scale_factor > 0:
        raise ValueError(f"`scale_factor` must be above 0. Received {scale_factor}.")
    if iterations < 0:
        raise ValueError(f"`iterations` must be at least 0. Received {iterations}.")
