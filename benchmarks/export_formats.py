"""One model in every format: size, difference from Keras and time of a picture, side by side.

`python -m benchmarks.export_formats --model RUN` exports a run as a SavedModel, a LiteRT, an ONNX
and an OpenVINO file for pictures of one size, runs all of them and Keras' `predict` in turn on
`--pictures` (or seeded random ones), and prints a table. A format that cannot hold the model, or
whose package is absent, has the reason in its row.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from benchmarks.timing import time_in_turn
from config.commands import run_main
from config.errors import InputError
from datasets.images import MAX_PIXELS
from reporting.check_pictures import NUM_CHECKED, read_pictures, resize_picture
from reporting.export import write_saved_model
from reporting.litert_check import draw_pictures
from reporting.parity import ParityError
from reporting.portable_export import PortableSettings, export_portable, natural_size
from reporting.runtimes import OPENERS, SUFFIXES, Run
from reporting.served_models import ServedModel, load_served_model

TITLES = {"litert": "LiteRT", "onnx": "ONNX Runtime", "openvino": "OpenVINO"}


class Row(NamedTuple):
    """What is known of one format.

    Attributes:
        num_bytes: of its files.
        differences: {output: largest difference from Keras}.
        run: function of (1, H, W, 3) uint8; None where it could not be made.
        reason: why.
    """

    num_bytes: int = 0
    differences: Mapping[str, float] = {}
    run: Run | None = None
    reason: str = ""


def export_all(
    served: ServedModel, pictures: Sequence[np.ndarray], folder: Path, *, num_threads: int
) -> dict[str, Row]:
    """Export a model in every format, and open what was made.

    Args:
        served: the model.
        pictures: (H, W, 3) uint8 of one size, at least one.
        folder: where the exports go.
        num_threads: of LiteRT, ONNX Runtime and OpenVINO; TensorFlow takes all cores.

    Returns:
        name -> row.
    """
    try:
        rows = {"SavedModel": _export_saved_model(served, pictures, folder / "saved_model")}
    except (InputError, ParityError) as error:
        rows = {"SavedModel": Row(reason=str(error))}
    size = pictures[0].shape[:2]
    for name, suffix in SUFFIXES.items():
        path = folder / f"{name}{suffix}"
        try:
            settings = PortableSettings(name, size)
            file = export_portable(
                served.model, path, settings, pictures=pictures, checked_on="pictures"
            )
            run = OPENERS[name](path, num_threads=num_threads)
            rows[TITLES[name]] = Row(file.num_bytes, file.comparison.largest, run)
        except (InputError, ParityError) as error:
            rows[TITLES[name]] = Row(reason=str(error))
    return rows


def measure_speed(
    served: ServedModel, rows: Mapping[str, Row], picture: np.ndarray, *, rounds: int
) -> dict[str, float]:
    """Time one picture through Keras and through every format, in turn.

    Args:
        served: the model.
        rows: what `export_all` returned.
        picture: (H, W, 3) uint8.
        rounds: timed calls of each.

    Returns:
        name -> median seconds; `Keras predict` comes first.
    """
    images = picture[np.newaxis]
    functions = {"Keras predict": lambda: served.model.predict(images, verbose=0)}
    for name, row in rows.items():
        if row.run is not None:
            functions[name] = _bind(row.run, images)
    return time_in_turn(functions, rounds)


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of this script.

    Returns:
        The parser.
    """
    parser = argparse.ArgumentParser(
        prog="benchmarks.export_formats", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("--model", required=True, help="run folder or .keras file")
    parser.add_argument(
        "--image_size", type=int, nargs=2, metavar=("HEIGHT", "WIDTH"), help="of pictures, pixels"
    )
    parser.add_argument("--pictures", help="a picture, a folder or a glob in quotes")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=30, help="timed calls of each")
    return parser


def main(args: argparse.Namespace) -> None:
    """Print the table; `args` as `build_parser` tells.

    Args:
        args: see `build_parser`.

    Raises:
        InputError: the model or the pictures cannot be used, or a size is missing.
    """
    served = load_served_model(args.model)
    size = args.image_size or natural_size(served.model)
    if size is None:
        raise InputError("`--image_size HEIGHT WIDTH` is needed: this model takes any size.")
    pictures = list(draw_pictures(8, tuple(size)))
    if args.pictures:
        bounds = {"max_pixels": MAX_PIXELS, "number": NUM_CHECKED}
        found = read_pictures(args.pictures, option="--pictures", **bounds)
        pictures = [resize_picture(picture, tuple(size)) for picture in found]
    with tempfile.TemporaryDirectory() as folder:
        rows = export_all(served, pictures, Path(folder), num_threads=args.threads)
        seconds = measure_speed(served, rows, pictures[0], rounds=args.rounds)
    print(
        f"\n{served.model.name}, {size[0]} x {size[1]} pixels (height x width), one picture a "
        f"call, {args.threads} threads, {len(pictures)} pictures compared"
    )
    _print_table(rows, seconds)


def _print_table(rows, seconds):
    reference = next(iter(seconds.values()))
    print(f"  {'':14s} {'MB':>7s} {'ms':>9s} {'x Keras':>8s}   largest difference of each output")
    print(f"  {'Keras predict':14s} {'':7s} {reference * 1000:9.2f} {1:8.2f}")
    for name, row in rows.items():
        if row.run is None:
            print(f"  {name:14s} {row.reason}")
            continue
        own = seconds[name]
        said = ", ".join(f"{output} {value:.0e}" for output, value in row.differences.items())
        size = row.num_bytes / 1e6
        print(f"  {name:14s} {size:7.2f} {own * 1000:9.2f} {reference / own:8.2f}   {said}")


def _export_saved_model(served, pictures, path):
    told = write_saved_model(served.model, path, max_pixels=MAX_PIXELS, pictures=pictures)
    loaded = tf.saved_model.load(str(path))
    serve = loaded.signatures["serving_default"]

    def run(images: np.ndarray, _loaded=loaded) -> dict[str, np.ndarray]:
        # A loaded model must stay referenced while its signature runs.
        return {name: value.numpy() for name, value in serve(images=tf.constant(images)).items()}

    num_bytes = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return Row(num_bytes, told.largest, run)


def _bind(run, images):
    return lambda: run(images)


if __name__ == "__main__":
    sys.exit(run_main(main, build_parser()))
