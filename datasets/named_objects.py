"""Pictures whose objects have a place and a class name -> records with numbered classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from config.errors import InputError, MissingSplit
from datasets.box_flaws import BoxFlaw
from datasets.records import BadRecord, PointRecord
from datasets.split_rules import check_split, every_fifth

NO_BOX = np.full(4, np.nan)  # of an object that is only a point


@dataclass(frozen=True, eq=False)
class NamedObjects:
    """What a file says about one picture, before the classes of the whole data set are known.

    Attributes:
        image: picture file.
        points: (N, 2) float64 array, (row, column) in pixels.
        names: N class names, or N times "" where the file names none.
        split: "train", "val" or "test"; None where the file tells no split.
        problem: why the picture's own file cannot be used, which then gives no points; else "".
        boxes: (N, 4) float64 array, xyxy in pixels, half-open, as the file has them: they may be
            empty, inverted or outside. NaN for an object that is only a point; None where the
            format gives no boxes.
        size: (height, width) that the file says of its picture, which may be wrong; None where it
            says none.
        flaws: what was wrong with boxes when the file was read.

    Example:
        >>> NamedObjects(Path("a.png"), np.zeros((1, 2)), ("cell",)).split is None
        True
    """

    image: Path
    points: np.ndarray
    names: tuple[str, ...]
    split: str | None = None
    problem: str = ""
    boxes: np.ndarray | None = None
    size: tuple[int, int] | None = None
    flaws: tuple[BoxFlaw, ...] = ()


def make_picture(
    image: Path,
    objects: Sequence[tuple[np.ndarray, np.ndarray, str]],
    *,
    split: str | None = None,
    size: tuple[int, int] | None = None,
    flaws: tuple[BoxFlaw, ...] = (),
) -> NamedObjects:
    """Put the objects of one picture together.

    Args:
        image: picture file.
        objects: N times the point (2,) (row, column), the box (4,) xyxy or four NaN, and the name.
        split: see `NamedObjects`.
        size: see `NamedObjects`.
        flaws: see `NamedObjects`.

    Returns:
        The picture.

    Example:
        >>> make_picture(Path("a.png"), [(np.array([2.0, 3]), NO_BOX, "cell")]).names
        ('cell',)
    """
    points = np.array([point for point, _, _ in objects], np.float64).reshape(-1, 2)
    boxes = np.array([box for _, box, _ in objects], np.float64).reshape(-1, 4)
    names = tuple(name for _, _, name in objects)
    return NamedObjects(image, points, names, split, boxes=boxes, size=size, flaws=flaws)


def fail_picture(image: Path, problem: str, *, split: str | None = None) -> NamedObjects:
    """Make a picture whose own annotation file cannot be used.

    Args:
        image: picture file.
        problem: why.
        split: see `NamedObjects`.

    Returns:
        The picture, without objects.

    Example:
        >>> fail_picture(Path("a.png"), "`a.xml` must be whole XML.").boxes.shape
        (0, 4)
    """
    return NamedObjects(image, np.zeros((0, 2)), (), split, problem=problem, boxes=np.zeros((0, 4)))


def number_classes(
    pictures: Iterable[NamedObjects], class_names: Sequence[str]
) -> list[PointRecord | BadRecord]:
    """Turn class names into numbers.

    Args:
        pictures: pictures, each once.
        class_names: distinct names of classes 1 to K, sorted; empty when objects have no names.

    Returns:
        Records sorted by picture, a `BadRecord` for each that has a `problem`.

    Raises:
        InputError: two of `pictures` are one file.

    Example:
        >>> pictures = [NamedObjects(Path("a.png"), np.zeros((2, 2)), ("rat", "cat"))]
        >>> number_classes(pictures, ["cat", "rat"])[0].classes.tolist()
        [2, 1]
    """
    numbers = {name: i for i, name in enumerate(class_names, start=1)}
    records: dict[Path, PointRecord | BadRecord] = {}
    for picture in check_once(pictures):
        ids = np.array([numbers[name] for name in picture.names], np.int64) if numbers else None
        records[picture.image] = (
            BadRecord(picture.image, picture.problem)
            if picture.problem
            else PointRecord(picture.image, picture.points, ids, tuple(class_names))
        )
    return [records[image] for image in sorted(records)]


def check_once(pictures: Iterable[NamedObjects]) -> list[NamedObjects]:
    """Require that no picture is listed twice.

    Args:
        pictures: pictures of one or all splits.

    Returns:
        The pictures.

    Raises:
        InputError: two of `pictures` are one file.

    Example:
        >>> check_once([])
        []
    """
    listed, known = list(pictures), set()
    for picture in listed:
        if picture.image in known:
            raise InputError(f"`{picture.image}` must be annotated once. It is listed twice.")
        known.add(picture.image)
    return listed


def list_class_names(pictures: Iterable[NamedObjects]) -> tuple[str, ...]:
    """List the class names that occur.

    Args:
        pictures: pictures of all splits.

    Returns:
        Distinct names, sorted; () where the objects have none.

    Example:
        >>> list_class_names([NamedObjects(Path("a.png"), np.zeros((2, 2)), ("rat", "cat"))])
        ('cat', 'rat')
    """
    return tuple(sorted({name for picture in pictures for name in picture.names} - {""}))


def take_split(pictures: Sequence[NamedObjects], split: str, path: Path) -> list[NamedObjects]:
    """Take the pictures of one split.

    Without splits of their own, every fifth picture by sorted name is "test" (see
    `datasets.split_rules`).

    Args:
        pictures: all pictures of a data set.
        split: "train", "val" or "test".
        path: the file or folder that lists them, for messages.

    Returns:
        Pictures sorted by name; perhaps none for "val".

    Raises:
        InputError: the split is unknown, or only some pictures have a split.
        MissingSplit: no picture has this split.

    Example:
        >>> pictures = [NamedObjects(Path("a.png"), np.zeros((0, 2)), (), "test")]
        >>> len(take_split(pictures, "test", Path("points.csv")))
        1
    """
    check_split(split)
    ordered = sorted(pictures, key=lambda picture: picture.image)
    if not check_told(ordered, path):
        return every_fifth(ordered, split)
    chosen = [picture for picture in ordered if picture.split == split]
    if not chosen and split != "val":
        raise MissingSplit(f"`{path}` must have pictures of the split {split}. It has none.")
    return chosen


def check_told(pictures: Sequence[NamedObjects], path: Path) -> bool:
    """Tell whether a data set tells its splits, which it must for all pictures or for none.

    Args:
        pictures: all pictures of a data set.
        path: the file or folder that lists them, for messages.

    Returns:
        Whether it does.

    Raises:
        InputError: only some pictures have a split.

    Example:
        >>> check_told([NamedObjects(Path("a.png"), np.zeros((0, 2)), (), "test")], Path("a.csv"))
        True
    """
    without = [picture.image for picture in pictures if picture.split is None]
    if without and len(without) < len(pictures):
        raise InputError(
            f"`{path}` must tell the split of every picture, or of none. It tells none for "
            f"`{without[0]}`."
        )
    return not without


def make_records(
    pictures: Sequence[NamedObjects], split: str, path: Path
) -> list[PointRecord | BadRecord]:
    """Take one split and number its classes as those of the whole data set.

    Args:
        pictures: all pictures of a data set.
        split: "train", "val" or "test".
        path: the file or folder that lists them, for messages.

    Returns:
        Records sorted by picture, a `BadRecord` for each that has a `problem`; a class's number is
        its place, from 1, in the sorted names of all splits.

    Raises:
        InputError: see `take_split` and `number_classes`.

    Example:
        >>> pictures = [
        ...     NamedObjects(Path("a.png"), np.zeros((1, 2)), ("cat",), "train"),
        ...     NamedObjects(Path("b.png"), np.zeros((1, 2)), ("rat",), "test"),
        ... ]
        >>> make_records(pictures, "test", Path("points.csv"))[0].classes.tolist()
        [2]
    """
    chosen = take_split(pictures, split, path)
    return number_classes(chosen, list_class_names(pictures))
