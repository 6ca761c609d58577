"""Train an experiment: `python train_wrapper.py --experiment training/baseline ...`."""

import argparse
import sys

from training.arguments import add_common_arguments, add_fitting_arguments, add_override
from training.command_line import (
    complete_arguments,
    import_stage,
    open_engine,
    run_command,
    start_sweep,
)
from training.default_data import describe_default


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line.

    Returns:
        The parser; no argument is required.

    Example:
        >>> build_parser().parse_args([]).experiment
        'training/baseline'
    """
    parser = argparse.ArgumentParser(
        prog="train_wrapper.py", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("--experiment", default="training/baseline", help="folder of the train.py")
    parser.add_argument(
        "--dataset",
        help=f"data set, a folder in the data folder; {describe_default('dataset', 'training')}",
    )
    parser.add_argument(
        "--experiment_dir",
        "--experiment_path",
        default="experiments",
        help="folder under which all runs lie",
    )
    parser.add_argument("--experiment_name", help="folder of these runs; default: the experiment's")
    parser.add_argument(
        "--filter_classes",
        nargs="*",
        default=[],
        help="pairs whose info.type is listed are left out",
    )
    add_override(
        parser,
        "class_map",
        "tag=label,...: tags that a pre-trained classifier knows, see head_file",
    )
    add_common_arguments(parser, stage="training")
    add_fitting_arguments(parser)
    return parser


def main(args: argparse.Namespace) -> int:
    """Run the experiment's `train`.

    Args:
        args: parsed arguments.

    Returns:
        Exit status.

    Example:
        >>> # python train_wrapper.py --help
    """
    args = complete_arguments(args, stage="training")
    if args.sweep:
        return start_sweep(args)
    with open_engine(args):
        import_stage(args.experiment, "train").train(args)
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main, build_parser(), resumable=True))
