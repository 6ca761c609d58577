"""Exports a trained model: `python export.py --model RUN --output DIR`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from config.errors import InputError
from config.files import output_folder
from datasets.images import MAX_PIXELS
from reporting.export import export_saved_model
from reporting.model_files import find_keras_file, load_keras_model
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
        help="run folder with counter.keras or points.keras, or a .keras file",
    )
    parser.add_argument("--output", required=True, help="folder to write the SavedModel to")
    parser.add_argument("--format", choices=("saved_model",), default="saved_model")
    parser.add_argument(
        "--max_pixels",
        type=int,
        default=MAX_PIXELS,
        help="larger files are refused by the signature serve_bytes",
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
    with output_folder(Path(args.output).absolute().parent):
        try:
            path = export_saved_model(
                model,
                args.output,
                max_pixels=args.max_pixels,
                assets=model_assets(model, file),
            )
        except InputError:
            raise
        except ValueError as error:  # an encoder or a ranker instead of a counter
            raise InputError(f"{file}: {error}") from error
    print(f"SavedModel: {path}")


if __name__ == "__main__":
    sys.exit(run_command(main, build_parser()))
