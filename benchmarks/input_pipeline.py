"""How many pictures a second the input pipeline gives, beside a plain Pillow + NumPy loop.

`python -m benchmarks.input_pipeline` writes noisy 1024 x 768 JPEGs to a temporary folder, reads
them both ways in turn, and prints the medians with their ratio.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image
from scipy.ndimage import gaussian_filter

from datasets.image_source import ImageSource
from datasets.pipeline import make_ranked_sample_loader, make_sample_dataset
from datasets.records import RankedRecord

ROUNDS = 5


def write_pictures(folder: Path, num_pictures: int) -> list[Path]:
    """Write photo-like JPEGs: smooth colour with fine grain, quality 90.

    Args:
        folder: where they go.
        num_pictures: how many.

    Returns:
        Their paths.

    Example:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     len(write_pictures(Path(folder), 2))
        2
    """
    generator = np.random.default_rng(0)
    paths = [folder / f"{i:03d}.jpg" for i in range(num_pictures)]
    for path in paths:
        smooth = gaussian_filter(generator.normal(size=(768, 1024, 3)), (12, 12, 0)) * 1500 + 128
        grain = generator.normal(scale=8, size=smooth.shape)
        pixels = np.clip(smooth + grain, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(path, quality=90)
    return paths


def read_serially(paths: list[Path], size: tuple[int, int]) -> int:
    """Read with Pillow and NumPy, one picture after the other.

    Args:
        paths: pictures.
        size: (height, width) of the result.

    Returns:
        How many were read.
    """
    batch = []
    for path in paths:
        with Image.open(path) as image:
            resized = image.convert("RGB").resize(size[::-1], Image.Resampling.BILINEAR)
            batch.append(np.asarray(resized, np.float32) / 255.0)
    return len(np.stack(batch))


def read_with_pipeline(paths: list[Path], size: tuple[int, int], **options) -> Callable[[], int]:
    """Make the training pipeline over the pictures.

    Args:
        paths: pictures.
        size: (height, width) of the result.
        options: of `ImageSource`.

    Returns:
        A function that reads one epoch and returns how many pictures it gave.
    """
    records = [
        RankedRecord((first, second)) for first, second in zip(paths[::2], paths[1::2], strict=True)
    ]
    source = ImageSource(paths, size, max_pixels=10_000_000, **options)
    load = make_ranked_sample_loader(records, source)

    def read() -> int:
        batches = make_sample_dataset(
            len(records), load, batch_size=4, steps_per_epoch=len(records) // 4, epochs=1, seed=0
        )
        return sum(int(tf.shape(images)[0]) * 2 for images, _ in batches)

    return read


def time_rate(read: Callable[[], int]) -> float:
    """Time one reading.

    Args:
        read: reads pictures and returns how many.

    Returns:
        Pictures a second.
    """
    started = time.perf_counter()
    return read() / (time.perf_counter() - started)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=64)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = write_pictures(Path(folder), args.pictures)
        for size in ((96, 128), (384, 512), (640, 853)):
            readers = {
                "Pillow + NumPy, serial": lambda size=size: read_serially(paths, size),
                "pipeline": read_with_pipeline(paths, size, cache="none"),
                "pipeline, reduced decode": read_with_pipeline(
                    paths, size, cache="none", reduced_decode=True
                ),
                "pipeline, memory cache": read_with_pipeline(paths, size, cache="memory"),
            }
            print_rates(size, readers)


def print_rates(size: tuple[int, int], readers: dict[str, Callable[[], int]]) -> None:
    """Time the readers in turn and print a row each.

    Args:
        size: (height, width) of the result.
        readers: name -> reader; the first is the reference.
    """
    for read in readers.values():
        read()
    rates = {name: [] for name in readers}
    for _ in range(ROUNDS):
        for name, read in readers.items():
            rates[name].append(time_rate(read))
    reference = statistics.median(next(iter(rates.values())))
    print(f"\n1024 x 768 JPEG -> {size[1]} x {size[0]}")
    for name, values in rates.items():
        rate = statistics.median(values)
        print(f"  {name:26s} {rate:8.1f} pictures/s   x {rate / reference:.2f}")


if __name__ == "__main__":
    main()
