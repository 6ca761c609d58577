"""Holds records out of a training set, the same ones for the same seed."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from config.errors import InputError, MissingSplit
from datasets.look_alikes import group_pictures

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
    # A generator for each class: what other classes hold changes only the rounding.
    shuffled = [
        np.random.default_rng([seed, number]).permutation(members)
        for number, members in enumerate(places.values(), start=1)
    ]
    sizes = np.array([len(each) for each in shuffled], int)
    nums = _share_out(sizes, fraction, np.random.default_rng(seed))
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


def fill_splits(
    pictures: Sequence,
    fractions: tuple[float, float],
    *,
    get_class: Callable[[Any], str],
    seed: int,
    dataset: str,
) -> dict[str, list]:
    """Keep the splits that a data set tells, and draw those that it does not, by class.

    Where no picture is told to be for testing or validating, `fractions[0]` of all is drawn for
    testing; where some are without a split, of those. Where none is told to be for validating,
    `fractions[1]` of what is then left for training is drawn for it. A drawn picture that is the
    same as one that stays, or looks like it (`datasets.look_alikes`), stays too: it would test
    what was learnt by heart.

    Args:
        pictures: things with `.image` and `.split` ("train", "val", "test" or None).
        fractions: shares for testing and for validating, from 0 to below 1.
        get_class: gives the class of a picture, see `split_by_class`.
        seed: same seed, same split.
        dataset: the data set, for messages.

    Returns:
        The pictures of "train", "val" and "test".

    Raises:
        InputError: a fraction cannot be taken.
        MissingSplit: all pictures are for validating or testing.

    Example:
        >>> from datasets.named_objects import NamedObjects
        >>> pictures = [NamedObjects(Path(name), [], ("cat",)) for name in "abcd"]
        >>> options = {"get_class": lambda picture: "cat", "seed": 0, "dataset": "cats"}
        >>> splits = fill_splits(pictures, (0.25, 0), **options)
        >>> [len(splits[split]) for split in ("train", "val", "test")]
        [3, 0, 1]
    """

    def draw(members: list, fraction: float, name: str) -> tuple[list, list]:
        members = sorted(members, key=_by_image)
        classes = [get_class(member) for member in members]
        kept, drawn = split_by_class(members, classes, fraction, seed=seed, name=name)
        return join_look_alikes(kept, drawn) if drawn else (kept, drawn)

    told: dict[str | None, list] = {None: [], "train": [], "val": [], "test": []}
    for picture in sorted(pictures, key=_by_image):
        told[picture.split].append(picture)
    free, train, val, test = told.values()
    has_val = bool(val)
    if not val and not test:
        free, train = sorted(free + train, key=_by_image), []
    if not free and not train:
        raise MissingSplit(f"`{dataset}` must have pictures of the split train. It has none.")
    if free:
        free, new = draw(free, fractions[0], "test_fraction")
        test = test + new
    if has_val:
        kept, new = draw(free, fractions[1], "validation_fraction") if free else ([], [])
        train, val = train + kept, val + new
    else:
        train, val = draw(train + free, fractions[1], "validation_fraction")
    return {"train": train, "val": val, "test": test}


def join_look_alikes(kept: list, held_out: list) -> tuple[list, list]:
    """Move what is held out but looks like something kept to the kept side.

    Where that is more than half of it, as with the frames of a camera that stands still, all stays
    as it is and the log warns.

    Args:
        kept: things with `.image`.
        held_out: likewise.

    Returns:
        (kept, held out), sorted by picture.

    Example:
        >>> join_look_alikes([], [])
        ([], [])
    """
    members = kept + held_out
    groups = group_pictures([member.image for member in members]).tolist()
    known = set(groups[: len(kept)])
    alike = [group in known for group in groups[len(kept) :]]
    if 2 * sum(alike) > len(held_out):
        _logger.warning(
            "%d of %d pictures that are held out look like others: figures will be too good. Tell "
            "the split in the data set, for instance by scene.",
            sum(alike),
            len(held_out),
        )
        return kept, held_out
    if any(alike):
        _logger.info("%d pictures look like others and are not held out.", sum(alike))
    moved = [member for member, twin in zip(held_out, alike, strict=True) if twin]
    left = [member for member, twin in zip(held_out, alike, strict=True) if not twin]
    return sorted(kept + moved, key=_by_image), left


def _by_image(picture: Any) -> Path:
    return picture.image


def _share_out(sizes: np.ndarray, fraction: float, generator: np.random.Generator) -> np.ndarray:
    """Return (K,) how many records each of K classes gives, of (K,) `sizes`."""
    exact = fraction * sizes
    nums = np.minimum(np.floor(exact + 1e-9).astype(int), np.maximum(sizes - 1, 0))
    missing = max(1, round(fraction * sizes.sum())) - nums.sum()
    order = np.lexsort((generator.random(len(sizes)), nums - exact))  # largest loss first
    able = [i for i in order if nums[i] < sizes[i] - 1]
    nums[able[: max(0, missing)]] += 1
    return nums
