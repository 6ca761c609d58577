"""Exports a trained model: `python export.py --model RUN --output DIR`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from config.errors import InputError
from config.files import output_folder
from datasets.images import MAX_PIXELS
from models.locator import find_localizer
from reporting.calibration import read_calibration
from reporting.export import export_saved_model
from reporting.litert import QUANTIZE, export_litert
from reporting.model_files import RUN_FILES, find_keras_file, load_keras_model
from reporting.model_kinds import model_assets
from training.command_line import run_command


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
        help=f"run folder with {' or '.join(RUN_FILES)}, or a .keras file",
    )
    parser.add_argument(
        "--output",
        required=True,
        help="folder to write the SavedModel to, or the .tflite file, beside which a .json tells "
        "what goes in and comes out",
    )
    parser.add_argument(
        "--format",
        choices=("saved_model", "litert"),
        default="saved_model",
        help="litert, of models that find a box: for phones and small computers",
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
        help="larger files are refused: by the signature serve_bytes, and for the calibration",
    )
    return parser


def main(args: argparse.Namespace) -> None:
    """Export the model.

    Args:
        args: see `build_parser`.

    Raises:
        InputError: the model cannot be exported, or the output folder cannot be used.

    Example:
        >>> # python export.py --model RUN --output exported
    """
    if args.max_pixels < 10_000:
        raise InputError(f"`--max_pixels` must be at least 10000. Received {args.max_pixels}.")
    file = find_keras_file(args.model)
    model = load_keras_model(file)
    write = _write_litert if args.format == "litert" else _write_saved_model
    with output_folder(Path(args.output).absolute().parent):
        path = write(args, model, file)
    print(f"{'LiteRT' if args.format == 'litert' else 'SavedModel'}: {path}")


def _write_saved_model(args, model, file):
    if args.quantize != "none" or args.calibration:
        raise InputError("`--quantize` and `--calibration` are for `--format litert` only.")
    try:
        return export_saved_model(
            model, args.output, max_pixels=args.max_pixels, assets=model_assets(model, file)
        )
    except InputError:
        raise
    except ValueError as error:  # an encoder or a ranker instead of a counter
        raise InputError(f"{file}: {error}") from error


def _write_litert(args, model, file):
    size = find_localizer(model).input.shape[1:3]
    calibration = None
    if args.calibration:
        calibration = read_calibration(args.calibration, size, max_pixels=args.max_pixels)
    return export_litert(model, args.output, quantize=args.quantize, calibration=calibration)


if __name__ == "__main__":
    sys.exit(run_command(main, build_parser()))
