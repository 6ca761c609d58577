"""Drops unreadable pictures from what a reader returned, the same way for every experiment."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from config.schema import ImageParams
from datasets.bad_files import drop_bad_files
from training.workers import is_chief


def keep_sound(records: Sequence, args: argparse.Namespace, params: ImageParams) -> list:
    """Keep the records whose pictures can be decoded; remember them for the next run.

    Args:
        records: what a reader returned.
        args: a wrapper's arguments, with `experiment_dir`.
        params: resolved parameters, with `max_bad_fraction` and `max_pixels`.

    Returns:
        The records kept, in order.

    Raises:
        InputError: more pictures are bad than allowed, or none is left.

    Example:
        >>> # see `training.baseline.train`
    """
    return drop_bad_files(
        records,
        max_bad_fraction=params.max_bad_fraction,
        max_pixels=params.max_pixels,
        memo=Path(args.experiment_dir) / "cache" / "sound_pictures.json" if is_chief() else None,
    )
