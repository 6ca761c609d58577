"""Fine-tune a trained model, then evaluate it: `python finetune_wrapper.py --model_path latest`."""

import argparse
import sys

from training.arguments import add_common_arguments, add_fitting_arguments, add_override
from training.command_line import (
    complete_arguments,
    import_stage,
    name_model,
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
        >>> build_parser().parse_args([]).model_path
        'latest'
    """
    parser = argparse.ArgumentParser(
        prog="finetune_wrapper.py", description=__doc__, allow_abbrev=False
    )
    parser.add_argument(
        "--experiment",
        default="finetuning/unsupervised/noisy_synth_regress",
        help="folder of the train.py and eval.py",
    )
    for name, use in (("train_data", "fit on"), ("test_data", "score")):
        default = describe_default(name, "finetuning")
        parser.add_argument(f"--{name}", help=f"data set to {use}; {default}")
    add_override(parser, "N", "cut test pictures into N x N patches")
    add_override(parser, "calibration", "counted data set that calibrates a count's interval")
    add_override(parser, "num_labelled", "annotated training pictures to use, chosen by the seed")
    add_override(parser, "rounds", "2: a segmenter learns its own sharpened answers anew")
    add_override(parser, "unfreeze", "layers of the encoder to train: all, none or last:N")
    parser.add_argument(
        "--experiment_path",
        "--experiment_dir",
        dest="experiment_dir",
        default="experiments",
        help="folder under which all runs lie",
    )
    parser.add_argument("--experiment_name", help="folder of these runs; default: the experiment's")
    parser.add_argument(
        "--model_path",
        default="latest",
        help="run folder, .keras file, its name without suffix, or latest",
    )
    add_common_arguments(parser, stage="finetuning")
    add_fitting_arguments(parser)
    return parser


def main(args: argparse.Namespace) -> int:
    """Run the experiment's `train`, then its `evaluate`.

    Args:
        args: parsed arguments.

    Returns:
        Exit status.

    Example:
        >>> # python finetune_wrapper.py --help
    """
    args = name_model(complete_arguments(args, stage="finetuning"))
    if args.sweep:
        return start_sweep(args)
    with open_engine(args):
        run = import_stage(args.experiment, "train").train(args)
        import_stage(args.experiment, "eval").evaluate(args, run)
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main, build_parser(), resumable=True))
