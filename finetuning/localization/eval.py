"""Score a fine-tuned localizer on test pictures, draw it, report it and export it."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.localization.scoring import score_run
from training.runs import load_run_params


def evaluate(args: argparse.Namespace, run: Path) -> None:
    """Evaluate the localizer of a run and close the run.

    Args:
        args: the arguments of `finetune_wrapper.py`.
        run: run folder with `localizer.keras`.

    Raises:
        InputError: the data cannot be used.

    Example:
        >>> # python finetune_wrapper.py --experiment finetuning/localization
    """
    score_run(args, load_run_params(args), run)
