"""Exports a trained model: `python export.py --model RUN --output DIR`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from config.errors import InputError
from config.files import output_folder
from datasets.images import MAX_PIXELS
from datasets.json_files import read_json
from models.locator import find_class_names, find_localizer
from models.map_locator import find_map_reader
from reporting.calibration import read_calibration
from reporting.check_pictures import NUM_CHECKED, read_pictures, resize_picture
from reporting.export import write_saved_model
from reporting.litert import QUANTIZE, export_litert
from reporting.litert_check import NUM_PICTURES, draw_pictures
from reporting.parity import Comparison, ParityError
from reporting.portable_export import PortableSettings, export_portable, natural_size
from reporting.served_models import SERVED_FILES, ServedModel, load_served_model
from reporting.settings_files import description_file
from training.command_line import run_command

TITLES = {
    "saved_model": "SavedModel",
    "litert": "LiteRT",
    "onnx": "ONNX",
    "openvino": "OpenVINO",
}


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of this script.

    Returns:
        The parser.

    Example:
        >>> build_parser().parse_args(["--model", "m", "--output", "o"]).format
        'saved_model'
    """
    parser = argparse.ArgumentParser(prog="export.py", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--model",
        required=True,
        help=f"run folder with {' or '.join(SERVED_FILES)}, or a .keras file",
    )
    parser.add_argument(
        "--output",
        required=True,
        help="folder to write the SavedModel to, or the .tflite, .onnx or .xml file, beside which "
        "a .json tells what goes in and comes out",
    )
    parser.add_argument(
        "--format",
        choices=tuple(TITLES),
        default="saved_model",
        help="saved_model takes pictures of any size; the others, for phones, browsers and small "
        "computers, of one size; onnx and openvino need requirements-export.txt",
    )
    parser.add_argument("--quantize", choices=QUANTIZE, default="none", help="litert: the weights")
    parser.add_argument(
        "--calibration",
        help="litert, int8: a folder of pictures like those to come, or a glob in quotes",
    )
    parser.add_argument(
        "--max_pixels",
        type=int,
        default=MAX_PIXELS,
        help="larger files are refused: by the signature serve_bytes, and among given pictures",
    )
    _add_size_arguments(parser)
    return parser


def _add_size_arguments(parser):
    parser.add_argument(
        "--image_size",
        type=int,
        nargs=2,
        metavar=("HEIGHT", "WIDTH"),
        help="litert, onnx, openvino: size of the pictures to come, pixels; default: at which the "
        "model looks at them",
    )
    parser.add_argument(
        "--batch_size", type=int, help="litert, onnx, openvino: pictures per call; default 1"
    )
    parser.add_argument(
        "--pictures",
        help="compare with the Keras model on these: a picture, a folder or a glob in quotes; "
        "default: seeded random ones",
    )
    parser.add_argument(
        "--tolerance", type=float, help="largest difference from the Keras model that passes"
    )


def main(args: argparse.Namespace) -> None:
    """Export the model, and print how far it answers from the Keras model.

    Args:
        args: see `build_parser`.

    Raises:
        InputError: the model cannot be exported so, the export answers other than the model, or
            the output cannot be used.

    Example:
        >>> # python export.py --model RUN --output exported
    """
    if args.max_pixels < 10_000:
        raise InputError(f"`--max_pixels` must be at least 10000. Received {args.max_pixels}.")
    if args.tolerance is not None and not args.tolerance > 0:
        raise InputError(f"`--tolerance` must be above 0. Received {args.tolerance}.")
    served = load_served_model(args.model)
    with output_folder(Path(args.output).absolute().parent):
        try:
            if args.format == "saved_model":
                _write_saved_model(args, served)
            elif args.format == "litert" and _takes_own_path(args, served.model):
                _write_locator(args, served)
            else:
                _write_portable(args, served)
        except ParityError as error:
            raise InputError(f"{served.file}: {error}") from error


def _write_saved_model(args, served: ServedModel) -> None:
    names = ("image_size", "batch_size", "calibration")
    given = [f"`--{name}`" for name in names if getattr(args, name) is not None]
    if args.quantize != "none" or args.calibration:
        raise InputError("`--quantize` and `--calibration` are for `--format litert` only.")
    if given:
        raise InputError(f"{', '.join(given)}: a SavedModel takes pictures of any size; leave out.")
    pictures = _read_pictures(args)
    try:
        comparison = write_saved_model(
            served.model,
            args.output,
            max_pixels=args.max_pixels,
            assets=served.assets,
            pictures=pictures,
            tolerance=args.tolerance,
        )
    except InputError:
        raise
    except ValueError as error:  # an encoder or a ranker instead of a counter
        raise InputError(f"{served.file}: {error}") from error
    folder = Path(args.output)
    num_bytes = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    _tell(args, num_bytes, comparison)


def _takes_own_path(args, model) -> bool:
    """Tell a locator's LiteRT file, of the network's own size, whose weights may be rounded."""
    is_locator = find_class_names(model) is not None and find_map_reader(model) is None
    return is_locator and args.image_size is None and args.batch_size is None


def _write_locator(args, served: ServedModel) -> None:
    size = find_localizer(served.model).input.shape[1:3]
    calibration = None
    if args.calibration:
        calibration = read_calibration(args.calibration, size, max_pixels=args.max_pixels)
    pictures = [resize_picture(picture, size) for picture in _read_pictures(args)]
    path = export_litert(
        served.model,
        args.output,
        quantize=args.quantize,
        calibration=calibration,
        pictures=np.stack(pictures) if pictures else None,
        tolerance=args.tolerance,
    )
    found = read_json(description_file(path), max_bytes=1 << 20)["difference_from_keras"]
    largest = {name: each["largest"] for name, each in found.items()}
    compared = {name: each["compared"] for name, each in found.items()}
    comparison = Comparison(largest, compared, next(iter(found.values()))["pictures"])
    _tell(args, path.stat().st_size, comparison)


def _write_portable(args, served: ServedModel) -> None:
    if args.calibration or args.quantize == "int8":
        raise InputError(
            "`--calibration` and `--quantize int8` are for `--format litert` of models that find "
            "a box, at the network's own size; leave them out."
        )
    size = args.image_size or natural_size(served.model)
    if size is None:
        raise InputError(
            f"`--image_size HEIGHT WIDTH` is needed: {TITLES[args.format]} takes pictures of one "
            f"size, and {served.file} takes them of any, without resizing."
        )
    settings = PortableSettings(
        args.format,
        tuple(size),
        1 if args.batch_size is None else args.batch_size,
        args.quantize,
        args.tolerance,
    )
    pictures = [resize_picture(picture, settings.size) for picture in _read_pictures(args)]
    checked_on = f"pictures of {args.pictures}" if pictures else "seeded random pictures"
    file = export_portable(
        served.model,
        args.output,
        settings,
        pictures=pictures or list(draw_pictures(NUM_PICTURES, settings.size)),
        checked_on=checked_on,
        assets=served.assets,
    )
    _tell(args, file.num_bytes, file.comparison, sorted(file.left))


def _read_pictures(args) -> list[np.ndarray]:
    if args.pictures is None:
        return []
    bounds = {"max_pixels": args.max_pixels, "number": NUM_CHECKED}
    return read_pictures(args.pictures, option="--pictures", **bounds)


def _tell(args, num_bytes: int, comparison: Comparison, left: Sequence[str] = ()) -> None:
    # An int8 file is compared on what it was calibrated with, where no others are given.
    where = args.pictures or args.calibration or f"{comparison.num_pictures} random pictures"
    print(f"Largest difference from the Keras model, on {where}:")
    for name, value in comparison.largest.items():
        number = f"{comparison.compared[name]} of {comparison.num_pictures} pictures"
        print(f"  {name:20s} {value:.1e}  {number}")
    if left:
        json_file = description_file(Path(args.output))
        print(f"Not inside, see {json_file}: {', '.join(left)}")
    print(f"{TITLES[args.format]}: {args.output} ({num_bytes / 1e6:.2f} MB)")


if __name__ == "__main__":
    sys.exit(run_command(main, build_parser()))
