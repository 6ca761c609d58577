"""Make data sets: drawn scenes with every kind of label, or nested crops of photos."""

from __future__ import annotations

import argparse
import os
import sys

from training.command_line import run_command


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line.

    Returns:
        The parser; the options of the methods are None where they are left out.

    Example:
        >>> build_parser().parse_args(["--method", "crops"]).method
        'crops'
    """
    from datasets.synthesis_arguments import add_method_options
    from datasets.synthesis_methods import METHODS

    parser = argparse.ArgumentParser(prog="synthesize.py", description=__doc__, allow_abbrev=False)
    told = "; ".join(f"{name}: {row.meaning}" for name, row in METHODS.items())
    parser.add_argument("--method", choices=tuple(METHODS), default="scenes", help=told)
    parser.add_argument("--data_dir", default="data", help="folder for the data sets")
    parser.add_argument("--name", help="folder of the data set inside --data_dir")
    parser.add_argument("--workers", type=int, default=min(os.cpu_count() or 1, 8))
    parser.add_argument(
        "--contact_sheet", action="store_true", help="draw contact_sheet.png in each data set"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace data made with other settings"
    )
    add_method_options(parser)
    return parser


def main(args: argparse.Namespace) -> int:
    """Make the data sets and say where they lie.

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
    from datasets.contact_sheets import write_contact_sheet
    from datasets.set_writing import count_records
    from datasets.synthesis_arguments import write_method

    for folder in write_method(vars(args)):
        print(f"{folder.name}: {count_records(folder)} records in {folder}")
        if args.contact_sheet:
            print(f"  {write_contact_sheet(folder.parent, folder.name)}")
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main, build_parser()))
