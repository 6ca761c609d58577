"""How many pictures a second evaluation counts, beside `predict` called patch by patch.

`python -m benchmarks.evaluation` writes JPEGs to a temporary folder and counts them both ways in
turn, decoding included: all patches of a batch in one pass, as `eval.py` does, and one
`predict` per patch, as upstream does.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import keras
import numpy as np
from PIL import Image

from benchmarks.timing import time_in_turn
from datasets.images import read_image
from datasets.pipeline import make_patch_dataset
from datasets.records import CountRecord
from models.counter import build_patch_counter
from models.encoders import build_encoder
from ops.patches import cut_patches

MAX_PIXELS = 10**8
# (height, width) of pictures and network input -> (pictures, rounds).
SIZES = {(96, 128): (64, 5), (640, 853): (8, 3)}


def write_pictures(folder: Path, size: tuple[int, int], num_pictures: int) -> list[CountRecord]:
    """Write JPEGs of noise.

    Args:
        folder: where they go.
        size: (height, width), pixels.
        num_pictures: how many.

    Returns:
        A record each, its count 0.
    """
    generator = np.random.default_rng(0)
    records = []
    for number in range(num_pictures):
        path = folder / f"{size[0]}_{number:03d}.jpg"
        Image.fromarray(generator.integers(0, 256, (*size, 3), np.uint8)).save(path)
        records.append(CountRecord(path, 0))
    return records


def count_patch_by_patch(
    records: list[CountRecord],
    patch_counter: keras.Model,
    *,
    size: tuple[int, int],
    num_patches: int,
) -> np.ndarray:
    """Count with one `predict` per patch.

    Args:
        records: pictures.
        patch_counter: see `models.counter.build_patch_counter`.
        size: (height, width) of the network's input.
        num_patches: N, patches along each axis.

    Returns:
        (num_pictures,) counts.
    """
    counts = []
    for record in records:
        image = read_image(record.image, max_pixels=MAX_PIXELS)[np.newaxis] / np.float32(255)
        patches = cut_patches(image, num_patches, size).numpy()[0]  # (N * N, h, w, 3)
        one_by_one = (
            patch_counter.predict(patch[np.newaxis, np.newaxis], verbose=0)["count"][0]
            for patch in patches
        )
        counts.append(sum(one_by_one))
    return np.array(counts)


def count_in_batches(
    records: list[CountRecord],
    patch_counter: keras.Model,
    *,
    size: tuple[int, int],
    num_patches: int,
    batch_size: int,
) -> np.ndarray:
    """Count with all patches of a batch in one pass.

    Args:
        records: pictures.
        patch_counter: see `models.counter.build_patch_counter`.
        size: (height, width) of the network's input.
        num_patches: N, patches along each axis.
        batch_size: pictures per pass.

    Returns:
        (num_pictures,) counts.
    """
    batches = make_patch_dataset(
        records, size, num_patches=num_patches, batch_size=batch_size, max_pixels=MAX_PIXELS
    )
    return patch_counter.predict(batches, verbose=0)["count"]


def measure(folder: Path, size: tuple[int, int], args: argparse.Namespace) -> dict[str, float]:
    """Time both ways and check that they agree.

    Args:
        folder: where the pictures go.
        size: (height, width) of the pictures and of the network's input.
        args: the command line's `N` and `batch_size`.

    Returns:
        name -> pictures a second; patch by patch comes first.
    """
    num_pictures, rounds = SIZES[size]
    records = write_pictures(folder, size, num_pictures)
    encoder = build_encoder("mobilenet_v2", (*size, 3), alpha=0.35)
    patch_counter = build_patch_counter(encoder, weights=np.ones(1280))
    options = {"size": size, "num_patches": args.N}
    counts = {}

    def one_by_one():
        counts["one"] = count_patch_by_patch(records, patch_counter, **options)

    def in_batches():
        batches = {**options, "batch_size": args.batch_size}
        counts["all"] = count_in_batches(records, patch_counter, **batches)

    seconds = time_in_turn({"patch by patch": one_by_one, "batches": in_batches}, rounds)
    np.testing.assert_allclose(counts["all"], counts["one"], rtol=1e-3)
    return {name: num_pictures / value for name, value in seconds.items()}


def main() -> None:
    """Print a table per size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--N", type=int, default=2, help="patches along each axis")
    parser.add_argument("--batch_size", type=int, default=16, help="pictures per pass")
    args = parser.parse_args()
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            rates = measure(Path(folder), size, args)
        reference = rates["patch by patch"]
        print(f"\n{size[0]} x {size[1]} (height x width), N = {args.N}, batch {args.batch_size}")
        for name, rate in rates.items():
            print(f"  {name:16s} {rate:8.2f} pictures/s   x {rate / reference:.2f}")


if __name__ == "__main__":
    main()
