"""Measure the video system: the CRF loss's lattice, a frame's box, a training step.

Run `python -m benchmarks.tcam`. The aims are 100 ms for a lattice of 224 x 224 pixels and 10 ms
for a filter over it; a frame from pixels to its box in at most 1.6 times the classifier's own pass
with ResNet50; and a step that takes no longer for the lattices that its pipeline builds. The
candidates take turns, so that other load on the machine weighs on all alike. Against an exact
kernel, which has 2.5 thousand million entries at that size, values are checked at 48 x 48 pixels.
"""

from __future__ import annotations

import argparse

import numpy as np
import tensorflow as tf

from benchmarks.dense_crf import draw_case
from benchmarks.tcam_decoder import print_inference, print_training
from benchmarks.timing import time_in_turn
from losses.dense_crf import dense_crf_loss
from ops.graph_lattices import build_bilateral_lattice
from ops.graph_permutohedral import filter_in_graph
from ops.pixel_features import bilateral_features

SIZE = 224
SMALL_SIZE = 48
PARTS = ("lattice", "inference", "training")
SCALES = (1.0, 0.5)
NOISES = {"smooth": 4.0, "rough": 25.0, "noise": 120.0}  # deviation in grey levels
DEVIATIONS = {"position": 100.0, "colour": 15.0}


def make_candidates(image: np.ndarray, scale: float) -> dict:
    """Make the functions that are timed.

    Args:
        image: (H, W, 3) uint8.
        scale: of the loss.

    Returns:
        name -> function without arguments: `build`, `filter`, `loss` and `gradient` (with the
        loss).

    Example:
        >>> list(make_candidates(np.zeros((8, 8, 3), np.uint8), 1.0))
        ['build', 'filter', 'loss', 'gradient']
    """
    images = tf.constant(image[np.newaxis])
    build = tf.function(lambda: build_bilateral_lattice(images, scale=scale, **DEVIATIONS))
    lattice = build()
    maps = tf.random.stateless_uniform((1, *image.shape[:2], 2), [0, 0])
    rows = tf.random.stateless_uniform((len(lattice.vertices), 2), [0, 1])

    @tf.function
    def differentiate():
        with tf.GradientTape() as tape:
            tape.watch(maps)
            value = dense_crf_loss(maps, lattice, scale=scale)
        return tape.gradient(value, maps)

    return {
        "build": build,
        "filter": tf.function(lambda: filter_in_graph(lattice, rows)),
        "loss": tf.function(lambda: dense_crf_loss(maps, lattice, scale=scale)),
        "gradient": differentiate,
    }


def compare_with_kernel(image: np.ndarray) -> tuple[float, float]:
    """Compare the filter with the sum over all pairs of pixels.

    Args:
        image: (H, W, 3) uint8, small.

    Returns:
        Correlation of the filtered values, and how large they are on average, as a share of the
        exact ones.

    Example:
        >>> compare_with_kernel(draw_case((12, 12), 4, noise=4)[0])[0] > 0.9
        True
    """
    features = bilateral_features(image, **DEVIATIONS).astype(np.float64)
    distances = ((features[:, np.newaxis] - features) ** 2).sum(axis=2)
    values = np.random.default_rng(0).random((len(features), 2))
    exact = np.exp(-distances / 2) @ values
    lattice = build_bilateral_lattice(tf.constant(image[np.newaxis]), **DEVIATIONS)
    own = filter_in_graph(lattice, tf.constant(values)).numpy()
    return float(np.corrcoef(own.ravel(), exact.ravel())[0, 1]), float(own.sum() / exact.sum())


def print_lattice(rounds: int) -> None:
    """Print what the CRF loss costs a picture, and how near its filter is to the exact kernel.

    Args:
        rounds: timed rounds.

    Example:
        >>> # see `main`
    """
    print(f"One picture of {SIZE} x {SIZE}, two regions; ms, medians of {rounds} rounds")
    print(f"{'picture':8} scale vertices   build  filter    loss  with_gradient")
    for name, noise in NOISES.items():
        image = draw_case((SIZE, SIZE), 8, noise=noise)[0]
        for scale in SCALES:
            candidates = make_candidates(image, scale)
            times = time_in_turn(candidates, rounds)
            num_vertices = candidates["build"]().neighbours.shape[2] - 1
            cells = [1000 * times[each] for each in candidates]
            form = "{:8} {:5.1f} {:8d} {:7.1f} {:7.1f} {:7.1f} {:14.1f}"
            print(form.format(name, scale, num_vertices, *cells), flush=True)
    print(f"Against the exact kernel at {SMALL_SIZE} x {SMALL_SIZE}")
    print(f"{'picture':8} correlation  size")
    for name, noise in NOISES.items():
        image = draw_case((SMALL_SIZE, SMALL_SIZE), 8, noise=noise)[0]
        print("{:8} {:11.3f} {:5.2f}".format(name, *compare_with_kernel(image)), flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="timed rounds (default 15)")
    parser.add_argument("--steps", type=int, default=10, help="timed training steps (default 10)")
    parser.add_argument("--batch_size", type=int, default=8, help="frames a call (default 8)")
    parser.add_argument(
        "--part", choices=PARTS, nargs="+", default=PARTS, help="tables to print (default all)"
    )
    args = parser.parse_args()
    if "lattice" in args.part:
        print_lattice(args.rounds)
    if "inference" in args.part:
        print_inference(args.rounds, args.batch_size)
    if "training" in args.part:
        print_training(args.steps, args.batch_size)


if __name__ == "__main__":
    main()
