"""Score a saliency run again: `python -m training.saliency.eval --model RUN`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from config.schema import SaliencyParams
from training.command_line import run_command
from training.rescoring import build_scoring_parser, hold_run, load_held_params
from training.saliency.scoring import score_run


def evaluate(args: argparse.Namespace, run: Path, *, split: str = "test") -> None:
    """Score the network of a run and close the run.

    Args:
        args: the arguments of the wrapper that started it.
        run: run folder with `saliency.keras` and `fit.json`.
        split: "test" or "val".

    Raises:
        InputError: the run or its data cannot be used.

    Example:
        >>> # python -m training.saliency.eval --model RUN
    """
    params = load_held_params(args, run, SaliencyParams, "saliency")
    score_run(args, params, run, split=split)


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line.

    Returns:
        The parser.

    Example:
        >>> build_parser().parse_args(["--model", "run"]).split
        'test'
    """
    return build_scoring_parser("training.saliency.eval", __doc__, "saliency")


def main(args: argparse.Namespace) -> None:
    """Score the run and rewrite its results, figures, export and report.

    `--split val` leaves what the test pictures gave: the metrics `val_...` come beside it, with
    `predictions_val.csv` and `figures_val/`.

    Args:
        args: see `build_parser`.

    Raises:
        InputError: the run or its data cannot be used.

    Example:
        >>> # python -m training.saliency.eval --model RUN --split val
    """
    run = Path(args.model)
    with hold_run(run) as stored:
        evaluate(stored, run, split=args.split)


if __name__ == "__main__":
    sys.exit(run_command(main, build_parser()))
