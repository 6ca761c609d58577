"""Measure the LCFCN loss against one scikit-image watershed of the whole map.

Run `python -m benchmarks.lcfcn_loss`. Every time is a median over rounds in which the candidates
take turns, so that other load on the machine weighs on all of them alike.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time

import numpy as np

from ops.cores import count_cores

SIZES = ((256, 256), (768, 1024))
NUM_POINTS = (20, 100, 500)
MEGABYTE = 2**20
# Milliseconds of the original implementation, as the project's specification records them.
ORIGINAL = {
    (256, 20): 26,
    (256, 100): 237,
    (256, 500): 1180,
    (768, 20): 700,
    (768, 100): 4100,
    (768, 500): 19500,
}


def draw_scene(height: int, width: int, num_points: int, seed: int = 0):
    """Draw logits of a half-trained network: noisy blobs at most points, many of them touching.

    Args:
        height: rows in pixels.
        width: columns in pixels.
        num_points: points, in pixels of their own.
        seed: of the random numbers.

    Returns:
        (1, H, W, 1) float32 points per pixel and (1, H, W, 1) float32 logits.

    Example:
        >>> draw_scene(32, 48, 5)[0].sum()
        np.float32(5.0)
    """
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    points = np.zeros(height * width, np.float32)
    points[rng.choice(points.size, num_points, replace=False)] = 1
    points = points.reshape(height, width)
    radius = 0.2 * np.sqrt(height * width / num_points)
    heat = gaussian_filter(points * (rng.random(points.shape) < 0.9), min(radius, 12))
    noise = gaussian_filter(rng.normal(size=points.shape), 2)
    logits = 14 * heat / np.percentile(heat[points > 0], 60) - 6 + 1.5 * noise / noise.std()
    return points[None, ..., None], logits[None, ..., None].astype(np.float32)


def make_step(batch: tuple):
    """Return a function that computes loss and gradient of a batch in a compiled step.

    Args:
        batch: what `draw_scene` returned, or several stacked.

    Returns:
        A function without arguments.

    Example:
        >>> make_step(draw_scene(32, 48, 5))()[1].shape
        (1, 32, 48, 1)
    """
    import tensorflow as tf

    from losses.lcfcn import LCFCN

    loss, (points, logits) = LCFCN(), map(tf.constant, batch)

    @tf.function
    def step(points, logits):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = loss(points, logits)
        return value, tape.gradient(value, logits)

    def run():
        value, gradient = step(points, logits)
        return float(value), gradient.numpy()

    return run


def measure(candidates: dict, rounds: int) -> dict:
    """Time functions in turns.

    Args:
        candidates: functions without arguments, by name.
        rounds: how often each is run, after one run that does not count.

    Returns:
        The median milliseconds of each, by name.

    Example:
        >>> list(measure({"nothing": lambda: None}, 3))
        ['nothing']
    """
    times = {name: [] for name in candidates}
    for i in range(rounds + 1):
        for name, function in candidates.items():
            start = time.perf_counter()
            function()
            if i:
                times[name].append(1000 * (time.perf_counter() - start))
    return {name: float(np.median(values)) for name, values in times.items()}


def _candidates(size, num_points):
    from skimage.segmentation import watershed

    from losses.lcfcn_targets import lcfcn_targets
    from ops.blobs import dark_valleys

    scenes = [draw_scene(*size, num_points, seed) for seed in range(4)]
    points, logits = scenes[0][0][0, ..., 0], scenes[0][1][0, ..., 0]
    probs = (1 / (1 + np.exp(-logits))).astype(np.float32)
    markers = np.zeros(points.shape, np.int32)
    markers[points > 0] = np.arange(1, num_points + 1)
    relief = dark_valleys(probs)
    singles = [make_step(scene) for scene in scenes]
    batch = make_step(tuple(np.concatenate(part) for part in zip(*scenes, strict=True)))
    return {
        "watershed": lambda: watershed(relief, markers),
        "targets": lambda: lcfcn_targets(points, probs),
        "step": singles[0],
        "four": lambda: [single() for single in singles],
        "batch": batch,
    }


def _peak_megabytes(size, num_points):
    """Return how much a step adds to a process that has run a small one before."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_grow, (size, num_points))


def _grow(size, num_points):
    make_step(draw_scene(64, 64, 20))()
    step = make_step(draw_scene(*size, num_points))
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # The peak starts again from what is held now.
    before = _resident()
    step()
    peak = _resident("VmHWM")
    return peak - before


def _resident(field="VmRSS"):
    with open("/proc/self/status") as file:
        line = next(line for line in file if line.startswith(field))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11, help="timed rounds (default 11)")
    rounds = parser.parse_args().rounds
    print(f"{count_cores()} cores; times in ms, medians of {rounds} rounds")
    print(
        "height width points watershed targets  step step/watershed original/step "
        "batch_of_4/4_singles extra_maps"
    )
    for size in SIZES:
        for num_points in NUM_POINTS:
            times = measure(_candidates(size, num_points), rounds)
            maps = _peak_megabytes(size, num_points) * MEGABYTE / (4 * size[0] * size[1])
            original = ORIGINAL[size[0], num_points] / times["step"]
            print(
                f"{size[0]:6d} {size[1]:5d} {num_points:6d} {times['watershed']:9.1f} "
                f"{times['targets']:7.2f} {times['step']:5.1f} "
                f"{times['step'] / times['watershed']:14.2f} {original:13.0f} "
                f"{times['batch'] / times['four']:19.2f} {maps:10.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
