"""Holds records out of a training set, the same ones for the same seed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from config.errors import InputError


def hold_out(records: Sequence, fraction: float, *, seed: int) -> tuple[list, list]:
    """Split records into those to learn from and those to validate on.

    Args:
        records: any records.
        fraction: share that is held out, rounded up to whole records.
        seed: picks which.

    Returns:
        (kept, held out), each in the order of `records`.

    Raises:
        InputError: nothing would be left on one side.

    Example:
        >>> kept, held_out = hold_out(range(10), 0.2, seed=0)
        >>> len(kept), len(held_out)
        (8, 2)
    """
    num_held_out = math.ceil(fraction * len(records))
    if not 0 < num_held_out < len(records):
        raise InputError(
            f"`validation_fraction` must leave records on both sides. Received {fraction} "
            f"for {len(records)} records."
        )
    order = np.random.default_rng(seed).permutation(len(records))
    chosen = set(order[:num_held_out].tolist())
    kept = [record for i, record in enumerate(records) if i not in chosen]
    return kept, [record for i, record in enumerate(records) if i in chosen]
