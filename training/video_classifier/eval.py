"""Score a video classifier again: `python -m training.video_classifier.eval --model RUN`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from config.schema import VideoClassifierParams
from training.command_line import run_command
from training.rescoring import build_scoring_parser, hold_run, load_held_params
from training.video_classifier.scoring import score_run


def evaluate(args: argparse.Namespace, run: Path, *, split: str = "test") -> None:
    """Score the classifier of a run and close the run.

    Args:
        args: the arguments of the wrapper that started it.
        run: run folder with `best_localization.keras` and `fit.json`.
        split: "test" or "val".

    Raises:
        InputError: the run or its data cannot be used.

    Example:
        >>> # python -m training.video_classifier.eval --model RUN
    """
    params = load_held_params(args, run, VideoClassifierParams, "video classifier")
    score_run(args, params, run, split=split)


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line.

    Returns:
        The parser.

    Example:
        >>> build_parser().parse_args(["--model", "run"]).split
        'test'
    """
    return build_scoring_parser("training.video_classifier.eval", __doc__, "video classifier")


def main(args: argparse.Namespace) -> None:
    """Score the run and rewrite its results, figures and report.

    `--split val` leaves what the test shots gave: the metrics `val_...` come beside it, with
    `predictions_val.csv` and `figures_val/`.

    Args:
        args: see `build_parser`.

    Raises:
        InputError: the run or its data cannot be used.

    Example:
        >>> # python -m training.video_classifier.eval --model RUN --split val
    """
    run = Path(args.model)
    with hold_run(run) as stored:
        evaluate(stored, run, split=args.split)


if __name__ == "__main__":
    sys.exit(run_command(main, build_parser()))
