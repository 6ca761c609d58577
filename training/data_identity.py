"""Tells whether a run still reads the data it began with, by two short digests a record."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

_HEX = 8  # hexadecimal digits of a record's digest


class DataIdentity:
    """What a run reads, in digests that are quick to make: no picture is opened.

    A record's labels and its files' names and sizes make one digest, its files' times of change
    another. Names are taken from the data folder, so the folder itself may move.

    Attributes:
        digests: {part: {"labels": text, "times": text}}, JSON-ready; 8 hexadecimal digits a
            record.

    Example:
        >>> data = DataIdentity({"training": [Path("absent.png"), Path("gone.png")]}, Path("."))
        >>> len(data.digests["training"]["labels"])
        16
        >>> data.describe_changes(data.digests)
        []
    """

    def __init__(self, records: Mapping[str, Sequence], data_dir: Path):
        self._records, self._data_dir = records, data_dir
        self._marks: dict[Path, tuple] = {}
        self.digests = {part: self._digest(items) for part, items in records.items()}

    def summary(self) -> dict[str, Any]:
        """Shorten the digests to what several workers compare: all but the times of change.

        Returns:
            {name: number or text}.

        Example:
            >>> DataIdentity({"training": []}, Path(".")).summary()["records of training"]
            0
        """
        told = {}
        for part, digest in self.digests.items():
            told[f"records of {part}"] = len(self._records[part])
            told[f"data of {part}"] = hashlib.sha256(digest["labels"].encode()).hexdigest()[:16]
        return told

    def digest_part(self, part: str) -> str:
        """Shorten all of a part's digests, the times of change among them.

        It tells files written anew even where they kept their size; a copy of the data has other
        times mostly, and another digest.

        Args:
            part: its name.

        Returns:
            16 hexadecimal digits.

        Example:
            >>> len(DataIdentity({"training": []}, Path(".")).digest_part("training"))
            16
        """
        digest = self.digests[part]
        return hashlib.sha256(f"{digest['labels']}\0{digest['times']}".encode()).hexdigest()[:16]

    def describe_changes(self, stored: Any) -> list[str]:
        """Say what differs from the data that a run began with.

        Args:
            stored: the run's `digests`, as JSON gave them; anything else differs altogether.

        Returns:
            One text for each part of the data that differs.

        Example:
            >>> DataIdentity({"training": ["a"]}, Path(".")).describe_changes({})
            ['`training` had 0 records, now 1; the first that differs is number 1']
        """
        told = (self._describe_part(part, stored) for part in self.digests)
        return [text for text in told if text]

    def _describe_part(self, part: str, stored: Any) -> str:
        old, new = _digest_of(stored, part), self.digests[part]
        if old["labels"] != new["labels"]:
            before, now = len(old["labels"]) // _HEX, len(self._records[part])
            which = self._name_first(part, old["labels"], new["labels"])
            return f"`{part}` had {before} records, now {now}; the first that differs is {which}"
        if old["times"] != new["times"]:
            which = self._name_first(part, old["times"], new["times"])
            return (
                f"`{part}` has the same labels, and files of the same names and sizes that were "
                f"written since; the first is {which}"
            )
        return ""

    def _name_first(self, part: str, old: str, new: str) -> str:
        same = len(os.path.commonprefix([old, new])) // _HEX
        if same >= len(self._records[part]):
            return f"number {same + 1}, which is gone"
        files = [leaf for leaf in _leaves(self._records[part][same]) if isinstance(leaf, Path)]
        return f"number {same + 1}" + (f" ({files[0]})" if files else "")

    def _digest(self, records: Sequence) -> dict[str, str]:
        labels, times = [], []
        for record in records:
            leaves = list(_leaves(record))
            labels.append(_hash(self._describe(leaf) for leaf in leaves))
            times.append(_hash(self._mark(leaf)[2] for leaf in leaves if isinstance(leaf, Path)))
        return {"labels": "".join(labels), "times": "".join(times)}

    def _describe(self, leaf: Any) -> Any:
        if isinstance(leaf, Path):
            return self._mark(leaf)[:2]
        if isinstance(leaf, np.ndarray):
            return leaf.dtype.str, leaf.shape, leaf.tobytes()
        return leaf

    def _mark(self, path: Path) -> tuple:
        """Return a file's name, size and time of change; asked for once a file."""
        if path not in self._marks:
            name = os.path.relpath(path, self._data_dir)
            stat = path.stat() if path.exists() else None
            self._marks[path] = (name, stat and stat.st_size, stat and stat.st_mtime_ns)
        return self._marks[path]


def _leaves(value: Any) -> Iterator[Any]:
    """List what a record holds, the files among it, with the names of its fields."""
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield field.name
            yield from _leaves(getattr(value, field.name))
    elif isinstance(value, (tuple, list)):
        yield len(value)
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _hash(values: Iterator[Any]) -> str:
    digest = hashlib.sha256()
    for value in values:
        digest.update(repr(value).encode() + b"\0")
    return digest.hexdigest()[:_HEX]


def _digest_of(stored: Any, part: str) -> dict[str, str]:
    """Take a part's digests out of a file that may be damaged."""
    found = stored.get(part) if isinstance(stored, dict) else None
    found = found if isinstance(found, dict) else {}
    return {kind: str(found.get(kind, "")) for kind in ("labels", "times")}
