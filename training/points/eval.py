"""Score a points run again: `python -m training.points.eval --model RUN [--calibrate]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from config.errors import InputError
from config.schema import PointFitParams
from ops.blob_levels import MAX_LEVELS
from training.command_line import run_command
from training.points.scoring import Asked, score_run
from training.rescoring import build_scoring_parser, hold_run, load_held_params


def evaluate(args: argparse.Namespace, run: Path, asked: Asked | None = None) -> None:
    """Score the counter of a run and close the run.

    Args:
        args: the arguments of the wrapper that started it.
        run: run folder with `points.keras` and `fit.json`.
        asked: what to score and how; None for the test pictures with the run's settings.

    Raises:
        InputError: the run or its data cannot be used.

    Example:
        >>> # python -m training.points.eval --model RUN
    """
    params = load_held_params(args, run, PointFitParams, "points")
    score_run(args, params, run, asked or Asked())


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line.

    Returns:
        The parser.

    Example:
        >>> build_parser().parse_args(["--model", "run"]).split
        'test'
    """
    parser = build_scoring_parser("training.points.eval", __doc__, "points")
    parser.add_argument(
        "--threshold", type=float, help="of a blob's probabilities; default: the run's"
    )
    parser.add_argument("--min_area", type=int, help="smallest blob in pixels; default: the run's")
    parser.add_argument(
        "--levels",
        type=int,
        help="thresholds over which blobs that touch may come apart; default: the run's",
    )
    parser.add_argument(
        "--calibrate",
        action="store_true",
        help="choose threshold and smallest area on the validation pictures",
    )
    return parser


def main(args: argparse.Namespace) -> None:
    """Score the run and rewrite its results, counter, export and report.

    `--split val` leaves what the test pictures gave: the metrics `val_...` come beside it, with
    `predictions_val.csv` and `figures_val/`. With another threshold, levels or smallest area than
    before the earlier metrics no longer hold and are dropped.

    Args:
        args: see `build_parser`.

    Raises:
        InputError: arguments exclude each other, or the run or its data cannot be used.

    Example:
        >>> # python -m training.points.eval --model RUN --calibrate
    """
    if args.levels is not None and not 1 <= args.levels <= MAX_LEVELS:
        raise InputError(
            f"`--levels` must be at least 1 and at most {MAX_LEVELS}. Received {args.levels}."
        )
    given = {"threshold": args.threshold, "levels": args.levels, "min_area": args.min_area}
    if args.calibrate and any(value is not None for value in given.values()):
        raise InputError(
            "`--calibrate` chooses `--threshold`, `--levels` and `--min_area`. Received it with "
            "one of them; leave either out."
        )
    run = Path(args.model)
    with hold_run(run) as stored:
        evaluate(stored, run, Asked(split=args.split, calibrate=args.calibrate, **given))


if __name__ == "__main__":
    sys.exit(run_command(main, build_parser()))
