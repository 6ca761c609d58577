"""Pictures a second of a localiser: `predict`, its SavedModel and its LiteRT files, side by side.

`python -m benchmarks.localizer` builds one on MobileNetV2 (random weights), or takes that of
`--model RUN`, exports it, times all of them in turn at batch 1 and 32 on pictures of the network's
own size, and prints how far their boxes differ. With `--format F --data_dir D --dataset X` and a
trained `--model` it also prints what rounding the weights costs on the annotated pictures held
out: mean IoU, and class accuracy where there are classes. The pictures are read and split as in
that run; those that it learnt from or was chosen on are refused.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from benchmarks.timing import time_in_turn
from config.commands import run_main
from config.errors import InputError
from config.localization_params import take_box_options
from config.schema import LocalizationFitParams
from datasets.boxes import read_boxes
from datasets.images import MAX_PIXELS, read_image
from datasets.records import BoxRecord
from metrics.boxes import box_scores
from models.localizer import HEADS, build_localizer
from models.locator import build_locator, find_class_names, find_localizer, find_settled
from reporting.calibration import NUM_PICTURES
from reporting.check_pictures import resize_picture
from reporting.export import export_saved_model
from reporting.litert import QUANTIZE, build_fixed_size, export_litert
from reporting.litert_check import LiteRTModel, draw_pictures
from reporting.model_files import find_keras_file, load_keras_model
from training.resolving import read_continued_params
from training.seen_pictures import read_seen, require_unseen

BATCHES = {1: 100, 32: 10}  # pictures per call -> timed calls

Run = Callable[[np.ndarray], dict[str, np.ndarray]]


def load_locator(args: argparse.Namespace) -> keras.Model:
    """Open the run's locator, or build one with random weights.

    Args:
        args: see `build_parser`.

    Returns:
        See `models.locator.build_locator`.
    """
    if args.model:
        return load_keras_model(find_keras_file(args.model))
    keras.utils.set_random_seed(0)
    localizer = build_localizer(
        "mobilenet_v2",
        head=args.head,
        num_classes=args.num_classes,
        image_size=args.image_size,
        alpha=args.alpha,
    )
    return build_locator(localizer)


def export_all(locator: keras.Model, folder: Path, calibration: np.ndarray) -> dict[str, Path]:
    """Export a locator in every form.

    Args:
        locator: the model.
        folder: where the exports go.
        calibration: (N, S, S, 3) uint8, for int8.

    Returns:
        "saved_model" and each of `QUANTIZE` -> its path.
    """
    paths = {"saved_model": export_saved_model(locator, folder / "sm", max_pixels=MAX_PIXELS)}
    for name in QUANTIZE:
        pictures = calibration if name == "int8" else None
        path = folder / f"{name}.tflite"
        paths[name] = export_litert(locator, path, quantize=name, calibration=pictures)
    return paths


def open_all(locator: keras.Model, paths: dict[str, Path], num_threads: int) -> dict[str, Run]:
    """Open every way to run a locator, each to boxes in fractions of the picture.

    Args:
        locator: the model.
        paths: what `export_all` returned.
        num_threads: of LiteRT.

    Returns:
        name -> function of (B, S, S, 3) uint8; `model.predict` comes first.
    """
    loaded = tf.saved_model.load(str(paths["saved_model"]))
    serve = loaded.signatures["serving_default"]

    def run_saved_model(images: np.ndarray, _loaded=loaded) -> dict[str, np.ndarray]:
        # A loaded model must stay referenced while its signature runs.
        return _to_fractions(serve(images=tf.constant(images)), images.shape[1:3])

    runs = {
        "model.predict": lambda images: _to_fractions(
            locator.predict(images, verbose=0), images.shape[1:3]
        ),
        "SavedModel": run_saved_model,
    }
    for name in QUANTIZE:
        label = f"LiteRT {'float32' if name == 'none' else name}"
        runs[label] = LiteRTModel(paths[name], num_threads=num_threads)
    return runs


def measure_speed(
    locator: keras.Model, paths: dict[str, Path], args: argparse.Namespace
) -> dict[int, dict[str, tuple[float, float]]]:
    """Time each way to run a locator, and compare what they answer.

    Args:
        locator: the model.
        paths: what `export_all` returned.
        args: see `build_parser`.

    Returns:
        pictures per call -> name -> (median seconds per call, largest difference of a box from
        that of `model.predict`, in fractions of the picture; of pictures where the head's choice
        does not hang on rounding, minus infinity where there is none).
    """
    localizer = find_localizer(locator)
    size = localizer.input.shape[1:3]
    found = {}
    for batch, rounds in BATCHES.items():
        # An interpreter plans its memory for one batch: each batch has its own.
        runs = open_all(locator, paths, args.threads)
        pictures = draw_pictures(batch, size)
        boxes = {name: run(pictures)["box"] for name, run in runs.items()}
        expected = boxes["model.predict"]
        settled = find_settled(localizer, pictures / np.float32(255), 1e-3)["box"]
        seconds = time_in_turn(
            {name: _bind(run, pictures) for name, run in runs.items()}, args.rounds or rounds
        )
        found[batch] = {
            name: (value, float(np.abs(boxes[name] - expected)[settled].max(initial=-np.inf)))
            for name, value in seconds.items()
        }
    return found


def measure_quality(
    locator: keras.Model, paths: dict[str, Path], records: Sequence[BoxRecord]
) -> dict[str, tuple[float, float | None]]:
    """Compare the boxes of the Keras model and of the LiteRT files with annotated ones.

    Args:
        locator: the model.
        paths: what `export_all` returned.
        records: of one box each.

    Returns:
        name -> (mean IoU, share of right classes or None where the model has no classes).
    """
    localizer = find_localizer(locator)
    pictures, boxes = [], []
    for record in records:
        image = read_image(record.image)
        pictures.append(resize_picture(image, localizer.input.shape[1:3]))
        boxes.append(record.boxes[0] / np.tile(image.shape[1::-1], 2))
    pictures, boxes = np.stack(pictures), np.stack(boxes)
    served = build_fixed_size(localizer)
    answers = {"Keras": served.predict(pictures, verbose=0)}
    for name in QUANTIZE:
        label = f"LiteRT {'float32' if name == 'none' else name}"
        answers[label] = LiteRTModel(paths[name], num_threads=os.cpu_count() or 1)(pictures)
    names = find_class_names(locator)
    truth = np.array([record.class_names[record.classes[0] - 1] for record in records])
    return {
        label: (box_scores(answer["box"], boxes)["mean_iou"], _accuracy(answer, names, truth))
        for label, answer in answers.items()
    }


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of this script.

    Returns:
        The parser.
    """
    parser = argparse.ArgumentParser(
        prog="benchmarks.localizer", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("--model", help="run folder or .keras file; else random weights")
    parser.add_argument("--image_size", type=int, default=96, help="side of the input, pixels")
    parser.add_argument("--alpha", type=float, default=0.35, help="width of MobileNetV2")
    parser.add_argument("--head", choices=HEADS, default="edges")
    parser.add_argument("--num_classes", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of LiteRT")
    parser.add_argument("--rounds", type=int, help="timed calls of each; default 100 and 10")
    parser.add_argument("--format", help="of annotated pictures, a key of BOX_FORMATS")
    parser.add_argument("--data_dir", help="folder of the data sets")
    parser.add_argument("--dataset", help="data set, or several joined by +")
    return parser


def read_records(args: argparse.Namespace) -> tuple[list[BoxRecord], list[BoxRecord]]:
    """Read the pictures that the run learnt from and those to test on, split as in the run.

    Args:
        args: see `build_parser`.

    Returns:
        (training, test), of one box each; both empty where no data set is named.

    Raises:
        InputError: an argument is missing, `--model` is no localization run, the data set cannot
            be used, or a test picture is one that the run has seen.
    """
    named = [args.format, args.data_dir, args.dataset]
    if not any(named):
        return [], []
    if not all(named) or not args.model:
        raise InputError(
            "`--format`, `--data_dir`, `--dataset` and `--model` must be given together."
        )
    run = find_keras_file(args.model).parent
    params = read_continued_params(run)
    if not isinstance(params, LocalizationFitParams):
        raise InputError(f"`--model` must be a localization run. Received {run}.")
    data_dir = Path(args.data_dir)
    splits = read_boxes(args.format, data_dir, args.dataset, **take_box_options(params))
    training, test = (
        [each for each in part if isinstance(each, BoxRecord)]
        for part in (splits.training, splits.test)
    )
    held_out = dataclasses.replace(splits, validation=[], test=test)
    require_unseen(held_out, read_seen(run), data_dir)
    return training, test


def main(args: argparse.Namespace) -> None:
    """Print the tables; `args` as `build_parser` tells."""
    training, test = read_records(args)
    locator = load_locator(args)
    size = find_localizer(locator).input.shape[1:3]
    calibration = draw_pictures(20, size)
    if training:
        chosen = np.linspace(0, len(training) - 1, min(len(training), NUM_PICTURES)).astype(int)
        images = [read_image(training[i].image) for i in chosen]
        calibration = np.stack([resize_picture(image, size) for image in images])
    with tempfile.TemporaryDirectory() as folder:
        paths = export_all(locator, Path(folder), calibration)
        kilobytes = {name: path.stat().st_size / 1000 for name, path in paths.items()}
        _print_speed(measure_speed(locator, paths, args), size, args.threads)
        print("\nLiteRT files: " + ", ".join(f"{q} {kilobytes[q]:.0f} kB" for q in QUANTIZE))
        if test:
            _print_quality(measure_quality(locator, paths, test), len(test))


def _print_speed(found, size, threads):
    for batch, rows in found.items():
        reference = rows["model.predict"][0]
        print(f"\n{size[0]} x {size[1]} pixels, batch {batch}, {threads} threads of LiteRT")
        for name, (seconds, difference) in rows.items():
            within = f"boxes within {difference:.1e}" if difference >= 0 else "no box settled"
            print(
                f"  {name:16s} {seconds * 1000:9.2f} ms {batch / seconds:9.0f} pictures/s   "
                f"x {reference / seconds:6.2f}   {within}"
            )


def _print_quality(found, number):
    print(f"\n{number} annotated pictures: mean IoU, its loss, class accuracy")
    reference = found["Keras"][0]
    for name, (iou, accuracy) in found.items():
        right = "" if accuracy is None else f"{accuracy:8.3f}"
        print(f"  {name:16s} {iou:8.4f} {reference - iou:+8.4f} {right}")


def _to_fractions(answer, size):
    return {"box": np.asarray(answer["boxes"]) / np.tile(size[::-1], 2)}


def _bind(run, pictures):
    return lambda: run(pictures)


def _accuracy(answer, names, truth):
    if "class_probabilities" not in answer or not names:
        return None
    return float(np.mean(np.array(names)[answer["class_probabilities"].argmax(axis=-1)] == truth))


if __name__ == "__main__":
    sys.exit(run_main(main, build_parser()))
