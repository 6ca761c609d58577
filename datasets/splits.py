"""Holds records out of a training set, the same ones for the same seed."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence

import numpy as np

from config.errors import InputError

_logger = logging.getLogger(__name__)


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


def split_by_class(
    records: Sequence, classes: Sequence[str], fraction: float, *, seed: int, name: str
) -> tuple[list, list]:
    """Split records so that every class has about the same share on both sides.

    A class with n records gives floor(fraction n) of them; what is then missing to
    max(1, round(fraction N)) of all N comes one each from the classes that lost most by rounding.
    No class gives all its records, so one with a single record keeps it, which the log tells.

    Args:
        records: any records.
        classes: the class of each record.
        fraction: share that is held out, at least 0 and below 1; nothing for 0.
        seed: picks which, and breaks ties.
        name: what `fraction` is called in the configuration, for messages.

    Returns:
        (kept, held out), each in the order of `records`.

    Raises:
        InputError: `fraction` is not in this range, or no class has two records to hold one out.
        ValueError: there is not one class a record.

    Example:
        >>> classes = ["rat"] * 4 + ["cat"] * 4
        >>> kept, held_out = split_by_class(range(8), classes, 0.25, seed=0, name="fraction")
        >>> [classes[i] for i in held_out]
        ['rat', 'cat']
    """
    if len(records) != len(classes):
        raise ValueError(
            f"`classes` must have one entry a record, {len(records)}. Received {len(classes)}."
        )
    if not 0 <= fraction < 1:
        raise InputError(f"`{name}` must be at least 0 and below 1. Received {fraction}.")
    if fraction == 0:
        return list(records), []
    places: dict[str, list[int]] = {label: [] for label in sorted(set(classes))}
    for i, label in enumerate(classes):
        places[label].append(i)
    generator = np.random.default_rng(seed)
    shuffled = [generator.permutation(members) for members in places.values()]
    nums = _share_out(np.array([len(each) for each in shuffled], int), fraction, generator)
    if not nums.sum():
        raise InputError(
            f"`{name}` must leave records on both sides. Received {fraction} for {len(records)} "
            "records, no two of one class."
        )
    for label, members in places.items():
        if len(members) == 1:
            _logger.warning("The class %s has one picture; it is not held out.", label)
    chosen = {int(i) for each, num in zip(shuffled, nums, strict=True) for i in each[:num]}
    kept = [record for i, record in enumerate(records) if i not in chosen]
    return kept, [record for i, record in enumerate(records) if i in chosen]


def _share_out(sizes: np.ndarray, fraction: float, generator: np.random.Generator) -> np.ndarray:
    """Return (K,) how many records each of K classes gives, of (K,) `sizes`."""
    exact = fraction * sizes
    nums = np.minimum(np.floor(exact + 1e-9).astype(int), np.maximum(sizes - 1, 0))
    missing = max(1, round(fraction * sizes.sum())) - nums.sum()
    order = np.lexsort((generator.random(len(sizes)), nums - exact))  # largest loss first
    able = [i for i in order if nums[i] < sizes[i] - 1]
    nums[able[: max(0, missing)]] += 1
    return nums
