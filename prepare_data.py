"""Check a data set before training, or write shots of videos in another layout."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from training.command_line import run_command

EXIT_PROBLEMS = 1


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line.

    Returns:
        The parser.

    Example:
        >>> arguments = "--check --format voc --dataset raccoon --data_dir data".split()
        >>> build_parser().parse_args(arguments).dataset
        'raccoon'
    """
    parser = argparse.ArgumentParser(
        prog="prepare_data.py",
        description=__doc__,
        epilog="Exit status: 0 without problems, 1 with problems, 2 where the check cannot run.",
        allow_abbrev=False,
    )
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument(
        "--check",
        action="store_true",
        help="look for bad pictures, annotations, duplicates and classes out of balance",
    )
    action.add_argument(
        "--convert",
        choices=("shots", "wsol"),
        help="write shots as folders of frames (shots) or as fold files (wsol)",
    )
    parser.add_argument("--output", metavar="DIR", help="folder that --convert writes")
    parser.add_argument("--format", required=True, help="layout of the data, see docs/data.md")
    parser.add_argument(
        "--dataset",
        required=True,
        help="folder inside --data_dir; with boxes or tags several joined by +",
    )
    parser.add_argument("--data_dir", default="data", help="folder that holds the data sets")
    parser.add_argument(
        "--class_source",
        choices=("annotation", "file_name"),
        default="annotation",
        help="where the class comes from; file_name: the picture's name up to its last underscore",
    )
    parser.add_argument(
        "--masks",
        help="label maps to check with the tags: own, none, or a folder of the data set; formats "
        "that have tags alone take own",
    )
    parser.add_argument("--max_pixels", type=int, default=100_000_000, help="largest picture")
    parser.add_argument("--workers", type=int, help="threads; one a processor by default")
    parser.add_argument("--json", metavar="FILE", help="write everything that was found there, too")
    return parser


def main(args: argparse.Namespace) -> int:
    """Check the data set and print what was found, or convert it and say where it lies.

    Args:
        args: from `build_parser`.

    Returns:
        0 without problems, 1 with problems.

    Raises:
        InputError: an argument is out of range, or the data set cannot be read at all.

    Example:
        >>> # see docs/data.md
    """
    from config.errors import InputError
    from config.files import write_json
    from datasets.check_report import check_dataset, describe_report, report_to_dict

    for name in ("max_pixels", "workers"):
        value = getattr(args, name)
        if value is not None and value < 1:
            raise InputError(f"`--{name}` must be at least 1. Received {value}.")
    if args.convert:
        return _convert(args)
    if args.json and not Path(args.json).parent.is_dir():
        raise InputError(f"`--json` must lie in a folder that exists. Received {args.json}.")
    report = check_dataset(
        args.format,
        Path(args.data_dir),
        args.dataset,
        class_source=args.class_source,
        masks=args.masks,
        max_pixels=args.max_pixels,
        workers=args.workers,
    )
    if args.json:
        write_json(report_to_dict(report), Path(args.json))
    print(describe_report(report))
    return EXIT_PROBLEMS if report.problems else 0


def _convert(args: argparse.Namespace) -> int:
    """Write the shots of a data set in another layout."""
    from config.errors import InputError
    from datasets.fold_writing import write_folds, write_shot_folders
    from datasets.shots import ShotChoices, read_shots

    if not args.output:
        raise InputError("`--output` must name the folder that `--convert` writes. Received none.")
    data_dir, folder = Path(args.data_dir), Path(args.output)
    every = ShotChoices(test_fraction=0, validation_fraction=0)
    splits = read_shots(args.format, data_dir, args.dataset, every)
    if args.convert == "wsol":
        write_folds(splits, folder, data_dir=data_dir)
    else:
        write_shot_folders(splits, folder)
    names = {shot.name for shot in splits.training + splits.validation + splits.test}
    print(f"{len(names)} shots of {len(splits.class_names)} classes in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main, build_parser()))
