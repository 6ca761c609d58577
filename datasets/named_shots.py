"""Shots and the name of what they show, before the classes of the whole data set are known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, eq=False)
class NamedShot:
    """What a data set says about one shot.

    Attributes:
        name: tells the shot from all others of the data folder, see `name_shot`.
        frames: picture files, in time; () where there are none.
        tag: name of the class that the shot is tagged with.
        split: "train", "val" or "test"; None where none is told.
        boxes: as in `datasets.records.ShotRecord`.
        masks: likewise.
        problem: why the shot has no frames, where more is known than that it has none.

    Example:
        >>> NamedShot("zoo/1", (Path("1.jpg"),), "cat").image.name
        '1.jpg'
    """

    name: str
    frames: tuple[Path, ...]
    tag: str
    split: str | None = None
    boxes: tuple[np.ndarray | None, ...] = ()
    masks: tuple[Path | None, ...] = ()
    problem: str = ""

    @property
    def image(self) -> Path:
        """The first frame, which stands for the shot where splits are drawn."""
        return self.frames[0]


def name_shot(dataset: str, *parts: str) -> str:
    """Name a shot by its data set and its place there.

    Args:
        dataset: the data set's folder, relative to the data folder.
        *parts: folders inside it.

    Returns:
        The name, with slashes.

    Example:
        >>> name_shot("/davis/", "camel"), name_shot(".", "cat", "0001")
        ('davis/camel', 'cat/0001')
    """
    return PurePosixPath(dataset.strip("/"), *parts).as_posix()


def order_frames(frames: Iterable[Path]) -> tuple[Path, ...]:
    """Sort the frames of a shot in time, by the numbers in their names.

    Args:
        frames: picture files of one folder.

    Returns:
        The frames; `frame10` comes after `frame9`.

    Example:
        >>> [path.name for path in order_frames([Path("f10.jpg"), Path("f9.jpg")])]
        ['f9.jpg', 'f10.jpg']
    """
    return tuple(sorted(frames, key=_split_digits))


def _split_digits(path: Path) -> tuple:
    """Return texts and numbers in turn, and the name itself where `1` and `01` are told apart."""
    parts = _DIGITS.split(path.name)
    return [int(part) if i % 2 else part for i, part in enumerate(parts)], path.name
