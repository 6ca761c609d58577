"""How long one picture takes through an exported counter, beside Keras' `model.predict`.

`python -m benchmarks.export_latency` builds MobileNetV2 counters (alpha .35, random weights),
exports them, and prints the median of calls made in turn at batch 1.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf

from benchmarks.timing import time_in_turn
from models.counter import build_counter
from models.encoders import build_encoder
from reporting.export import export_saved_model

# (height, width) of picture and network input -> timed calls of each kind.
SIZES = {(96, 128): 200, (640, 853): 15}


def measure(size: tuple[int, int], num_patches: int, rounds: int) -> dict[str, float]:
    """Time each way of counting one picture.

    Args:
        size: (height, width) of the picture and of the network's input.
        num_patches: N, patches along each axis.
        rounds: timed calls of each.

    Returns:
        name -> median seconds; `model.predict` is the reference and comes first.
    """
    encoder = build_encoder("mobilenet_v2", (*size, 3), alpha=0.35)
    counter = build_counter(encoder, num_patches, weights=np.ones(1280))
    image = np.random.default_rng(0).integers(0, 256, (1, *size, 3), np.uint8)
    pixels = tf.constant(image)
    content = tf.io.encode_jpeg(image[0])[tf.newaxis]
    with tempfile.TemporaryDirectory() as folder:
        path = export_saved_model(counter, Path(folder) / "counter", max_pixels=10**8)
        loaded = tf.saved_model.load(str(path))
    serve_images = loaded.signatures["serving_default"]
    serve_bytes = loaded.signatures["serve_bytes"]
    return time_in_turn(
        {
            "model.predict": lambda: counter.predict(image, verbose=0),
            "exported, serving_default": lambda: serve_images(images=pixels)["count"].numpy(),
            "exported, serve_bytes": lambda: serve_bytes(images=content)["count"].numpy(),
        },
        rounds,
    )


def main() -> None:
    """Print a table per size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--N", type=int, default=1, help="patches along each axis")
    args = parser.parse_args()
    for size, rounds in SIZES.items():
        seconds = measure(size, args.N, rounds)
        reference = next(iter(seconds.values()))
        print(f"\n{size[0]} x {size[1]} (height x width), N = {args.N}, one picture per call")
        for name, value in seconds.items():
            print(f"  {name:26s} {value * 1000:8.2f} ms   x {reference / value:.2f}")


if __name__ == "__main__":
    main()
