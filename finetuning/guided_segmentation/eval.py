"""Score a segmenter: `python -m finetuning.guided_segmentation.eval --model RUN` does it again."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from config.schema import GuidedSegmentationParams
from finetuning.guided_segmentation.scoring import score_run
from ops.cores import count_cores
from training.command_line import run_command
from training.rescoring import build_scoring_parser, hold_run, load_held_params


def evaluate(args: argparse.Namespace, run: Path, *, split: str | None = None) -> None:
    """Evaluate the segmenter of a run and close the run.

    Args:
        args: the arguments of `finetune_wrapper.py`.
        run: run folder with `segmenter.keras`.
        split: "test" or "val" to score again; None for a run just trained.

    Raises:
        InputError: the run or its data cannot be used.

    Example:
        >>> # python finetune_wrapper.py --experiment finetuning/guided_segmentation
    """
    params = load_held_params(args, run, GuidedSegmentationParams, "guided segmentation")
    score_run(args, params, run, split=split)


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line.

    Returns:
        The parser.

    Example:
        >>> build_parser().parse_args(["--model", "run"]).split
        'test'
    """
    parser = build_scoring_parser(
        "finetuning.guided_segmentation.eval", __doc__, "guided segmentation"
    )
    parser.add_argument(
        "--workers", type=int, default=count_cores(), help="threads in which CRFs run"
    )
    return parser


def main(args: argparse.Namespace) -> None:
    """Score the run and rewrite its results, figures, export and report.

    `--split val` leaves what the test pictures gave: the metrics `val_...` come beside it, with
    `predictions_val/`, `scores_val.json` and `figures_val/`.

    Args:
        args: see `build_parser`.

    Raises:
        InputError: the run or its data cannot be used.

    Example:
        >>> # python -m finetuning.guided_segmentation.eval --model RUN --split val
    """
    run = Path(args.model)
    with hold_run(run) as stored:
        stored.workers = max(1, args.workers)
        evaluate(stored, run, split=args.split)


if __name__ == "__main__":
    sys.exit(run_command(main, build_parser()))
