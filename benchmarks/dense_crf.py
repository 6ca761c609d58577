"""Measure the dense CRF against pydensecrf2, in time, memory and agreement.

Run `python -m benchmarks.dense_crf`. The two take turns, so that other load on the machine weighs
on both alike; `cpu` is the time of all threads. Without pydensecrf2 (a test tool, no requirement:
`pip install pydensecrf2` needs a C++ compiler and Python 3.11 or 3.12) its columns are left out.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable

import numpy as np

from ops.dense_crf import dense_crf

SIZES = ((321, 321), (375, 500))
NUM_LABELS = (2, 21)
TEXTURES = ("smooth", "noisy")


def draw_case(size: tuple[int, int], num_labels: int, *, noise: float, seed: int = 0):
    """Draw a picture of coloured areas and energies that know the areas roughly.

    Args:
        size: (height, width) in pixels.
        num_labels: L, areas of a label and colour each.
        noise: deviation of the picture's noise in grey levels.
        seed: of the random numbers.

    Returns:
        (H, W, 3) uint8 picture and (H, W, L) float32 energies, whole sixteenths from 0 to 15.9.

    Example:
        >>> image, unary = draw_case((8, 9), 3, noise=5)
        >>> unary.shape, int(unary.min())
        ((8, 9, 3), 0)
    """
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    blur = min(size[0] + 4, size[1] + 4, 120) / 8
    fields = rng.normal(size=(num_labels, *size))
    fields = np.stack([gaussian_filter(field, blur, mode="wrap") for field in fields], axis=2)
    fields /= fields.std() + 1e-6
    colours = rng.uniform(30, 225, (num_labels, 3))
    image = colours[fields.argmax(axis=2)] + rng.normal(scale=noise, size=(*size, 3))
    scores = 1.5 * fields + 0.7 * rng.normal(size=fields.shape)
    unary = np.clip(scores.max(axis=2, keepdims=True) - scores, 0, 15.9)
    unary = np.round(16 * unary).astype(np.float32) / 16
    return np.clip(image, 0, 255).astype(np.uint8), unary


def infer_reference(
    image: np.ndarray,
    unary: np.ndarray,
    *,
    bilateral: tuple[float, float, float] = (4, 121, 5),
    gaussian: tuple[float, float] = (3, 3),
    iterations: int = 10,
    scale_factor: float = 1.0,
) -> np.ndarray:
    """Infer marginals with pydensecrf2; arguments as those of `dense_crf`.

    Args:
        image: (H, W, 3) uint8.
        unary: (H, W, L) energies.
        bilateral: weight, deviation in place, deviation in colour.
        gaussian: weight, deviation in place.
        iterations: of the mean field.
        scale_factor: divides the deviations in place.

    Returns:
        (H, W, L) float32.

    Raises:
        ImportError: pydensecrf2 is not installed.
    """
    from pydensecrf import densecrf

    height, width, num_labels = unary.shape
    crf = densecrf.DenseCRF2D(width, height, num_labels)
    crf.setUnaryEnergy(np.ascontiguousarray(unary.reshape(-1, num_labels).T, np.float32))
    kind = {
        "kernel": densecrf.DIAG_KERNEL,
        "normalization": densecrf.NORMALIZE_SYMMETRIC,
    }
    crf.addPairwiseGaussian(sxy=gaussian[1] / scale_factor, compat=gaussian[0], **kind)
    weight, place, colour = bilateral
    crf.addPairwiseBilateral(
        sxy=place / scale_factor,
        srgb=colour,
        rgbim=np.ascontiguousarray(image),
        compat=weight,
        **kind,
    )
    return np.array(crf.inference(iterations)).T.reshape(unary.shape)


def measure(candidates: dict[str, Callable], rounds: int) -> dict[str, tuple[float, float]]:
    """Time functions in turns.

    Args:
        candidates: functions without arguments, by name.
        rounds: how often each is run, after one run that does not count.

    Returns:
        name -> median milliseconds by the clock and of all threads' work.

    Example:
        >>> list(measure({"nothing": lambda: None}, 3))
        ['nothing']
    """
    times = {name: [] for name in candidates}
    for i in range(rounds + 1):
        for name, function in candidates.items():
            clock, work = time.perf_counter(), time.process_time()
            function()
            if i:
                now = (time.perf_counter() - clock, time.process_time() - work)
                times[name].append([1000 * seconds for seconds in now])
    return {
        name: tuple(statistics.median(column) for column in zip(*rows, strict=True))
        for name, rows in times.items()
    }


def _peak_megabytes(function, case):
    """Return how much a call adds to a fresh process that has run a small one before."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_grow, (function, *case))


def _grow(function, image, unary):
    function(image[:9, :9], unary[:9, :9])
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # The peak starts again from what is held now.
    before = _resident("VmRSS")
    function(image, unary)
    return _resident("VmHWM") - before


def _resident(field):
    with open("/proc/self/status") as file:
        line = next(line for line in file if line.startswith(field))
    return int(line.split()[1]) / 1024


def _compare(case, rounds, has_reference):
    """Return the cells of a row: own times and memory, then those of the reference."""
    candidates = {
        "one": lambda: dense_crf(*case, num_threads=1),
        "all": lambda: dense_crf(*case),
    }
    if has_reference:
        candidates["reference"] = lambda: infer_reference(*case)
    times = measure(candidates, rounds)
    cells = [*times["one"], times["all"][0], _peak_megabytes(dense_crf, case)]
    if has_reference:
        reference, own = infer_reference(*case), dense_crf(*case)
        clock, work = times["reference"]
        cells += [clock, work, _peak_megabytes(infer_reference, case)]
        cells += [times["all"][0] / clock, times["one"][1] / work]
        cells += [100 * (own.argmax(2) == reference.argmax(2)).mean()]
        cells += [np.abs(own - reference).max()]
    return cells


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="timed rounds (default 7)")
    rounds = parser.parse_args().rounds
    try:
        infer_reference(*draw_case((4, 4), 2, noise=5))
        has_reference = True
    except ImportError:
        has_reference = False
    print(f"10 iterations; times in ms, medians of {rounds} rounds; memory in MB beside the input")
    head = f"{'size':>9} labels {'picture':8} 1_thread      cpu all_cores  memory"
    if has_reference:
        head += "  reference      cpu  memory  all/ref  cpu/ref  argmax_% largest_difference"
    print(head)
    for size in SIZES:
        for num_labels in NUM_LABELS:
            for texture in TEXTURES:
                case = draw_case(size, num_labels, noise=4 if texture == "smooth" else 25)
                cells = _compare(case, rounds, has_reference)
                form = "{:8.0f} {:8.0f} {:9.0f} {:7.0f}"
                if has_reference:
                    form += "   {:8.0f} {:8.0f} {:7.0f} {:8.2f} {:8.2f} {:9.3f} {:18.1e}"
                name = f"{size[0]} x {size[1]}"
                print(f"{name:>9} {num_labels:6d} {texture:8} " + form.format(*cells), flush=True)


if __name__ == "__main__":
    main()
