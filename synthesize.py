"""Make data sets: drawn scenes with every label, crops of photos, objects taken out or pasted."""

from __future__ import annotations

import argparse
import sys

from training.command_line import run_command

EXIT_UNKNOWN = 1
AFTER_A_STOP = "goes on where it was stopped"


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line.

    Returns:
        The parser; the options of the methods are None where they are left out.

    Raises:
        SystemExit: a library is missing.

    Example:
        >>> build_parser().parse_args(["--method", "crops"]).method
        'crops'
    """
    try:
        from datasets.synthesis_arguments import add_method_options, default_workers
        from datasets.synthesis_methods import METHODS
    except ImportError as error:  # OpenCV without its system libraries; the text has the cure
        raise SystemExit(f"synthesize.py: error: {error}") from error

    parser = argparse.ArgumentParser(prog="synthesize.py", description=__doc__, allow_abbrev=False)
    told = "; ".join(f"{name}: {row.meaning}" for name, row in METHODS.items())
    parser.add_argument("--method", choices=tuple(METHODS), default="scenes", help=told)
    parser.add_argument(
        "--check",
        metavar="FOLDER",
        help="make nothing; measure a data set by its true counts: share of pairs in order, or "
        "error of the listed counts",
    )
    parser.add_argument("--data_dir", default="data", help="folder for the data sets")
    parser.add_argument("--name", help="folder of the data set inside --data_dir")
    parser.add_argument(
        "--workers",
        type=int,
        help=f"processes (default: {default_workers()}, one per core up to 8; diffusion: 1)",
    )
    parser.add_argument(
        "--contact_sheet", action="store_true", help="draw contact_sheet.png in each data set"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace data made with other settings"
    )
    add_method_options(parser)
    return parser


def main(args: argparse.Namespace) -> int:
    """Make the data sets and say where they lie, or check one.

    Args:
        args: from `build_parser`.

    Returns:
        0; 1 for a check without true counts.

    Raises:
        InputError: an argument is out of range, a folder holds other data, or cannot be checked.

    Example:
        >>> import tempfile
        >>> sizes = "--num_ranked 0 --num_noisy 0 --num_test 1 --num_objects 0 --num_tags 0"
        >>> sizes = [*sizes.split(), "--num_shots", "0", "--num_triplets", "0", "--workers", "1"]
        >>> sizes += ["--data_dir", tempfile.mkdtemp()]
        >>> main(build_parser().parse_args(sizes))
        ... # doctest: +ELLIPSIS
        synthetic_test: 1 records in ...
        0
    """
    from datasets.contact_sheets import write_contact_sheet
    from datasets.set_writing import count_records
    from datasets.synthesis_arguments import write_method
    from datasets.synthesis_methods import METHODS

    if args.check is not None:
        return _check(args)
    for folder in write_method(vars(args)):
        print(f"{folder.name}: {count_records(folder)} records in {folder}")
        if args.contact_sheet:
            meaning = METHODS[args.method].meaning
            print(f"  {write_contact_sheet(folder.parent, folder.name, subtitle=meaning)}")
    return 0


def _check(args: argparse.Namespace) -> int:
    """Print how true a data set is."""
    from datasets.check_synthetic import NoTrueCounts, check_synthetic, describe_check
    from datasets.synthesis_arguments import refuse_method_options

    refuse_method_options(vars(args), "--check")
    try:
        print(describe_check(check_synthetic(args.check)))
    except NoTrueCounts as error:
        print(f"synthesize.py: {error}", file=sys.stderr)
        return EXIT_UNKNOWN
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main, build_parser(), resumable=True, again=AFTER_A_STOP))
