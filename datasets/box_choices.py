"""Chooses the classes of boxes, and the one object of a picture that counts."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from config.errors import InputError
from datasets.named_objects import NamedObjects, list_class_names

CHOICES = {
    "objects": ("only", "first", "largest"),
    "class_source": ("annotation", "file_name"),
}
_logger = logging.getLogger(__name__)


def check_choice(name: str, value: str) -> None:
    """Require a known value of an option.

    Args:
        name: a key of `CHOICES`.
        value: what was given.

    Raises:
        InputError: it is none of the values.

    Example:
        >>> check_choice("objects", "only")
    """
    if value not in CHOICES[name]:
        nearest = difflib.get_close_matches(str(value), CHOICES[name], n=1, cutoff=0)[0]
        raise InputError(
            f"`{name}` must be one of {', '.join(CHOICES[name])}. Received {value}; the nearest is "
            f"{nearest}."
        )


def name_by_file(picture: NamedObjects) -> NamedObjects:
    """Give the objects of a picture the class that its file name tells.

    Args:
        picture: a picture whose name is `<class>_<rest>.<suffix>`.

    Returns:
        The picture; its objects have the name up to the last underscore, in lower case.

    Raises:
        InputError: the name has no such part.

    Example:
        >>> from pathlib import Path
        >>> picture = NamedObjects(Path("Maine_Coon_7.jpg"), np.zeros((1, 2)), ("cat",))
        >>> name_by_file(picture).names
        ('maine_coon',)
    """
    name = picture.image.stem.rpartition("_")[0].lower()
    if not name:
        raise InputError(
            f"`{picture.image}` must be called `<class>_<rest>` where `class_source` is file_name. "
            "It is not; rename it, or take the classes of the annotations (`annotation`)."
        )
    return replace(picture, names=(name,) * len(picture.names))


def keep_classes(
    pictures: Sequence[NamedObjects], classes: Sequence[str], dataset: str
) -> list[NamedObjects]:
    """Leave out the objects of other classes.

    Args:
        pictures: pictures with boxes.
        classes: names to keep.
        dataset: the data set, for messages.

    Returns:
        All pictures, perhaps with fewer objects.

    Raises:
        InputError: `classes` is empty, names one twice, or one that no object has.

    Example:
        >>> picture = NamedObjects("a.png", np.zeros((2, 2)), ("rat", "cat"), boxes=np.ones((2, 4)))
        >>> keep_classes([picture], ["cat"], "zoo")[0].names
        ('cat',)
    """
    if isinstance(classes, str) or not classes or len(set(classes)) < len(classes):
        raise InputError(
            f"`classes` must be a list of names, each once, or null. Received {classes!r}."
        )
    known = list_class_names(pictures)
    for name in classes:
        if name not in known:
            nearest = difflib.get_close_matches(str(name), known, n=1, cutoff=0)
            raise InputError(
                f"`classes` must name classes of `{dataset}`: {', '.join(known) or 'it has none'}. "
                f"Received {name}" + (f"; the nearest is {nearest[0]}." if nearest else ".")
            )
    chosen = set(classes)
    return [
        _take(picture, [i for i, name in enumerate(picture.names) if name in chosen])
        for picture in pictures
    ]


def take_one(
    pictures: Sequence[NamedObjects], objects: Literal["only", "first", "largest"], dataset: str
) -> list[NamedObjects]:
    """Take one object of each picture, and leave out pictures that do not have it.

    Args:
        pictures: pictures with boxes.
        objects: "only" takes pictures with exactly one object, "first" the first of several,
            "largest" the one of largest area, of equal ones the first.
        dataset: the data set, for messages.

    Returns:
        The pictures that are left, with one object each; the log tells how many are not.

    Raises:
        InputError: none is left.

    Example:
        >>> boxes = np.array([[0.0, 0, 2, 2], [0, 0, 3, 3]])
        >>> picture = NamedObjects("a.png", np.zeros((2, 2)), ("rat", "cat"), boxes=boxes)
        >>> take_one([picture], "largest", "zoo")[0].names
        ('cat',)
    """
    counts = np.array([len(picture.names) for picture in pictures], int)
    left_out = counts != 1 if objects == "only" else counts == 0
    told = (
        f"{np.count_nonzero(left_out)} of {len(counts)} pictures of {dataset} without exactly one "
        f"object ({np.count_nonzero(counts == 0)} have none)"
        if objects == "only"
        else f"{np.count_nonzero(left_out)} of {len(counts)} pictures of {dataset} without objects"
    )
    if left_out.all():
        cure = "; `objects` can be first or largest" if (counts > 1).any() else ""
        raise InputError(
            f"`{dataset}` must have pictures for `objects` {objects}. All are left out: {told}"
            f"{cure}."
        )
    if left_out.any():
        _logger.info("Left out %s.", told)
    return [
        _take(picture, [_pick(picture.boxes, objects)])
        for picture, out in zip(pictures, left_out, strict=True)
        if not out
    ]


def _pick(boxes: np.ndarray, objects: str) -> int:
    sides = boxes[:, 2:] - boxes[:, :2]  # (N, 2)
    return int(sides.prod(axis=1).argmax()) if objects == "largest" else 0


def _take(picture: NamedObjects, kept: list[int]) -> NamedObjects:
    return replace(
        picture,
        points=picture.points[kept],
        boxes=picture.boxes[kept],
        names=tuple(picture.names[i] for i in kept),
    )
