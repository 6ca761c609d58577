"""Keeps which pictures a run learnt from, so that none of them is tested on later."""

from __future__ import annotations

import dataclasses
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from config.errors import InputError
from config.files import write_json
from datasets.boxes import BoxSplits
from datasets.json_files import read_json
from datasets.records import BoxRecord, TagRecord
from datasets.tags import TagSplits

PICTURES_FILE = "pictures.json"
Seen = Mapping[str, Mapping[str, int]]
Splits = TypeVar("Splits", BoxSplits, TagSplits)
_logger = logging.getLogger(__name__)


def list_seen(splits: Splits, data_dir: Path, earlier: Seen | None = None) -> Seen:
    """List the pictures that a model was trained or chosen on, and so must not be tested on.

    A picture is known by its name, from the data folder on, and its size in bytes.

    Args:
        splits: of a run, without unreadable pictures.
        data_dir: the data folder.
        earlier: what the run that is continued had seen; None for none.

    Returns:
        {"training": {name: bytes}, "validation": {name: bytes}}.

    Example:
        >>> list_seen(BoxSplits([], [], [], ()), Path("data"))
        {'training': {}, 'validation': {}}
    """
    earlier = earlier or {}
    return {
        part: {**earlier.get(part, {}), **_name_files(records, data_dir)}
        for part, records in (("training", splits.training), ("validation", splits.validation))
    }


def write_seen(seen: Seen, run: Path) -> None:
    """Keep in a run folder what its model has seen.

    Args:
        seen: of `list_seen`.
        run: the run folder.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> # see `training.localization.fitting`
    """
    write_json(seen, run / PICTURES_FILE)


def read_seen(run: Path, *, cure: str = "train the run anew") -> Seen:
    """Read what the model of a run has seen.

    Args:
        run: a run folder.
        cure: what to do where the file cannot be used, for the message.

    Returns:
        As `list_seen` gave it.

    Raises:
        InputError: the file is absent or damaged.

    Example:
        >>> read_seen(Path("tests"))
        Traceback (most recent call last):
        ...
        config.errors.InputError: tests/pictures.json must list the pictures ...
    """
    path = run / PICTURES_FILE
    seen = read_json(path) if path.is_file() else None
    parts = ("training", "validation")
    if not isinstance(seen, dict) or not all(isinstance(seen.get(part), dict) for part in parts):
        raise InputError(
            f"{path} must list the pictures that the run learnt from and validated on. It is "
            f"absent or damaged; {cure}."
        )
    return seen


def require_unseen(splits: Splits, seen: Seen, data_dir: Path) -> None:
    """Refuse pictures to score, or to validate on, that the model has learnt before.

    Args:
        splits: for the run that goes on, or of a benchmark.
        seen: by the earlier run.
        data_dir: the data folder.

    Raises:
        InputError: a test picture was learnt from or validated on, or a validation picture was
            learnt from.

    Example:
        >>> require_unseen(BoxSplits([], [], [], ()), {"training": {}, "validation": {}}, Path())
    """
    for records, kind, parts in (
        (splits.test, "test", ("training", "validation")),
        (splits.validation, "validation", ("training",)),
    ):
        now = _name_files(records, data_dir)
        for part in parts:
            both = [name for name, size in now.items() if seen[part].get(name) == size]
            if both:
                raise InputError(
                    f"No {kind} picture may be one that the earlier run had for {part}. "
                    f"{len(both)} of {len(now)} are, the first `{both[0]}`; give its data set, "
                    "and leave `split_seed`, the fractions, `objects` and `classes` as there "
                    "(null)."
                )


def drop_seen(splits: TagSplits, seen: Seen, data_dir: Path) -> TagSplits:
    """Leave out pictures to score, or to validate on, that were learnt from.

    Where another data set is scored its split is its own: it may hold what this run learns from.

    Args:
        splits: of a run that goes on from another.
        seen: by that one.
        data_dir: the data folder.

    Returns:
        The splits; their test has no picture that either run learnt from or validated on, their
        validation none that the earlier run learnt from. The log tells how many are left out.

    Raises:
        InputError: there were test or validation pictures, and none is left.

    Example:
        >>> drop_seen(TagSplits([], [], [], ()), {"training": {}, "validation": {}}, Path()).test
        []
    """
    both = list_seen(splits, data_dir, seen)
    test = _keep_others(splits.test, [*both.values()], data_dir, "test")
    validation = _keep_others(splits.validation, [seen["training"]], data_dir, "validation")
    return dataclasses.replace(splits, validation=validation, test=test)


def _keep_others(
    records: Sequence[TagRecord], parts: Sequence[Mapping[str, int]], data_dir: Path, kind: str
) -> list[TagRecord]:
    names = _name_files(records, data_dir).items()
    kept = [
        record
        for record, (name, size) in zip(records, names, strict=True)
        if all(part.get(name) != size for part in parts)
    ]
    if records and not kept:
        raise InputError(
            f"A {kind} picture must be one that was not learnt from before. All {len(records)} "
            "were, by this run or the one continued; give others, or leave `split_seed` and the "
            "fractions as there (null)."
        )
    if len(kept) < len(records):
        _logger.warning(
            "%d of %d %s pictures were seen in training before and are left out",
            len(records) - len(kept),
            len(records),
            kind,
        )
    return kept


def _name_files(records: Sequence[BoxRecord | TagRecord], data_dir: Path) -> dict[str, int]:
    return {
        Path(os.path.relpath(record.image, data_dir)).as_posix(): record.image.stat().st_size
        for record in records
    }
