"""Draw the built-in data sets: ranked pairs, counted pictures, objects, tags, shots."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from training.command_line import run_command


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line.

    Returns:
        The parser.

    Example:
        >>> build_parser().parse_args([]).num_ranked
        900
    """
    parser = argparse.ArgumentParser(prog="synthesize.py", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--method", choices=("scenes",), default="scenes", help="scenes: draw crowds from a seed"
    )
    parser.add_argument("--data_dir", default="data", help="folder for the data sets")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same pictures")
    parser.add_argument(
        "--image_size", type=int, nargs=2, default=(192, 256), metavar=("HEIGHT", "WIDTH")
    )
    parser.add_argument("--max_count", type=int, default=60, help="most people in a picture")
    parser.add_argument(
        "--num_ranked", type=int, default=900, help="scenes of two ranked pairs each; 0 for none"
    )
    parser.add_argument("--num_noisy", type=int, default=800, help="miscounted pictures")
    parser.add_argument("--num_test", type=int, default=200, help="test pictures")
    parser.add_argument(
        "--num_objects", type=int, default=400, help="pictures of one boxed car, person or tree"
    )
    parser.add_argument(
        "--num_tags", type=int, default=300, help="pictures of 128 x 128 with tags and label maps"
    )
    parser.add_argument(
        "--num_shots", type=int, default=90, help="shots of 12 frames with a moving shape each"
    )
    parser.add_argument("--workers", type=int, default=min(os.cpu_count() or 1, 8))
    parser.add_argument("--masks", action="store_true", help="write instance masks too")
    parser.add_argument(
        "--contact_sheet", action="store_true", help="draw contact_sheet.png in each data set"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace data drawn with other settings"
    )
    return parser


def main(args: argparse.Namespace) -> int:
    """Draw the data sets and say where they lie.

    Args:
        args: from `build_parser`.

    Returns:
        0.

    Raises:
        InputError: an argument is out of range, or a folder holds other data.

    Example:
        >>> import tempfile
        >>> sizes = "--num_ranked 0 --num_noisy 0 --num_test 1 --num_objects 0 --num_tags 0"
        >>> sizes = [*sizes.split(), "--num_shots", "0", "--workers", "1"]
        >>> sizes += ["--data_dir", tempfile.mkdtemp()]
        >>> main(build_parser().parse_args(sizes))
        ... # doctest: +ELLIPSIS
        synthetic_test: 1 records in ...
        0
    """
    from config.errors import InputError

    try:
        from datasets import contact_sheets, synthetic_files
    except ImportError as error:  # OpenCV without its system libraries; the text has the cure
        raise InputError(str(error)) from error
    settings = synthetic_files.SceneSettings(
        seed=args.seed,
        image_size=tuple(args.image_size),
        max_count=args.max_count,
        masks=args.masks,
    )
    nums = {
        synthetic_files.RANKED: args.num_ranked,
        synthetic_files.NOISY: args.num_noisy,
        synthetic_files.TEST: args.num_test,
        synthetic_files.OBJECTS: args.num_objects,
        synthetic_files.TAGS: args.num_tags,
        synthetic_files.SHOTS: args.num_shots,
    }
    folders = synthetic_files.write_sets(
        Path(args.data_dir),
        nums,
        settings,
        workers=args.workers,
        overwrite=args.overwrite,
    )
    for folder in folders:
        print(f"{folder.name}: {nums[folder.name]} records in {folder}")
        if args.contact_sheet:
            print(f"  {contact_sheets.write_contact_sheet(folder.parent, folder.name)}")
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main, build_parser()))
