"""Cuts a data set without an official split, always at the same places."""

from __future__ import annotations

from collections.abc import Sequence

from config.errors import InputError, MissingSplit

SPLITS = ("train", "val", "test")


def check_split(split: str) -> None:
    """Require the name of a split.

    Args:
        split: "train", "val" or "test".

    Raises:
        InputError: it is none of them.

    Example:
        >>> check_split("train")
    """
    if split not in SPLITS:
        raise InputError(f"`split` must be one of {', '.join(SPLITS)}. Received {split}.")


def every_fifth(records: Sequence, split: str) -> list:
    """Split records by their place: every fifth is for testing.

    The records at places 4, 9, 14, ... (place % 5 == 4) are "test", the others "train". Sorted
    records always split alike. There is no "val": whoever needs one holds training records out.

    Args:
        records: sorted records.
        split: "train", "val" or "test".

    Returns:
        The records of that split, in order; none for "val".

    Raises:
        InputError: `split` is unknown, or there are no records.
        MissingSplit: there are too few records to have any for testing.

    Example:
        >>> every_fifth(range(11), "test")
        [4, 9]
    """
    check_split(split)
    if split == "val":
        return []
    chosen = [record for i, record in enumerate(records) if (i % 5 == 4) == (split == "test")]
    if not chosen:
        raise MissingSplit(
            f"A data set without splits must have at least 5 pictures to have a {split} split "
            f"(every fifth is for testing). It has {len(records)}."
        )
    return chosen
