"""Score a decoder: `python -m finetuning.temporal_cam.eval --model RUN` does it again."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from config.schema import TemporalCamParams
from finetuning.temporal_cam.scoring import score_run
from training.command_line import run_command
from training.rescoring import build_scoring_parser, hold_run, load_held_params


def evaluate(args: argparse.Namespace, run: Path, *, split: str | None = None) -> None:
    """Evaluate the decoder of a run and close the run.

    Args:
        args: the arguments of `finetune_wrapper.py`.
        run: run folder with `decoder.keras`.
        split: "test" or "val" to score again; None for a run just trained.

    Raises:
        InputError: the run or its data cannot be used.

    Example:
        >>> # python finetune_wrapper.py --experiment finetuning/temporal_cam
    """
    params = load_held_params(args, run, TemporalCamParams, "temporal CAM")
    score_run(args, params, run, split=split)


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line.

    Returns:
        The parser.

    Example:
        >>> build_parser().parse_args(["--model", "run"]).split
        'test'
    """
    return build_scoring_parser("finetuning.temporal_cam.eval", __doc__, "temporal CAM")


def main(args: argparse.Namespace) -> None:
    """Score the run and rewrite its results, figures, export and report.

    `--split val` leaves what the test shots gave: the metrics `val_...` come beside it, with
    `boxes_val.csv`, `scores_val.json`, `videos_val/` and `figures_val/`.

    Args:
        args: see `build_parser`.

    Raises:
        InputError: the run or its data cannot be used.

    Example:
        >>> # python -m finetuning.temporal_cam.eval --model RUN --split val
    """
    run = Path(args.model)
    with hold_run(run) as stored:
        evaluate(stored, run, split=args.split)


if __name__ == "__main__":
    sys.exit(run_command(main, build_parser()))
