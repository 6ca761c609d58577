"""Score counted pictures by a ranker: `python -m training.triplets.eval --model RUN ...`."""

from __future__ import annotations

import argparse
import sys

from training.command_line import run_command
from training.ranker_scores import build_ranker_parser, tell_ranking


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line.

    Returns:
        The parser.

    Example:
        >>> build_parser().parse_args(["--model", "run", "--dataset", "birds"]).split
        'test'
    """
    return build_ranker_parser("training.triplets.eval", __doc__)


if __name__ == "__main__":
    sys.exit(run_command(tell_ranking, build_parser()))
