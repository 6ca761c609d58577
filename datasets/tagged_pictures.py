"""Pictures and the names of what they show, before the classes of the whole data set are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.box_fitting import fit_boxes
from datasets.named_objects import NamedObjects
from datasets.records import BadRecord, TagRecord

UNNAMED = "object"  # the class of boxes in a file that names none


@dataclass(frozen=True, eq=False)
class TaggedPicture:
    """What a data set says about one picture.

    Attributes:
        image: picture file.
        names: distinct names of the classes in the picture, sorted.
        split: "train", "val" or "test"; None where none is told.
        problem: why the picture's own annotation file cannot be used; else "".
        mask: label map of the picture, for scoring; None for none.
        mask_names: the class name of each mask value from 1 on; () where whatever is not 0 is of
            the picture's only class.
        mask_sorted: whether `mask_names` are the sorted names of all classes, as no file lists
            those of the masks.
        boxes: (N, 4) float64 array, xyxy in pixels, half-open; None where no objects are boxed.
        box_names: N class names.
        only_training: a picture without a mask among others that have one; no split is drawn of it.

    Example:
        >>> TaggedPicture(Path("a.jpg"), ("cat",)).mask is None
        True
    """

    image: Path
    names: tuple[str, ...]
    split: str | None = None
    problem: str = ""
    mask: Path | None = None
    mask_names: tuple[str, ...] = ()
    mask_sorted: bool = False
    boxes: np.ndarray | None = None
    box_names: tuple[str, ...] = ()
    only_training: bool = False


def tag_objects(picture: NamedObjects) -> TaggedPicture:
    """Tag a picture with the classes of its boxes, which are kept for scoring.

    Args:
        picture: what a reader of boxes gives; it is fitted by `datasets.box_fitting.fit_boxes`.

    Returns:
        The picture; objects without a name are called "object".

    Example:
        >>> boxes = np.array([[0.0, 0, 2, 2], [1, 1, 4, 4]])
        >>> tag_objects(NamedObjects(Path("a"), np.zeros((2, 2)), ("rat",) * 2, boxes=boxes)).names
        ('rat',)
    """
    fitted = picture if picture.problem else fit_boxes(picture)
    if fitted.problem:
        return TaggedPicture(picture.image, (), picture.split, fitted.problem)
    names = tuple(name or UNNAMED for name in fitted.names)
    distinct = tuple(sorted(set(names)))
    return TaggedPicture(
        picture.image, distinct, picture.split, boxes=fitted.boxes, box_names=names
    )


def make_tag_record(picture: TaggedPicture, class_names: Sequence[str]) -> TagRecord | BadRecord:
    """Turn class names into numbers.

    Args:
        picture: a picture; classes, masks' classes and boxes' classes that are not among
            `class_names` count as absent.
        class_names: the names of classes 1 to K.

    Returns:
        The record; a `BadRecord` for a picture with a `problem`.

    Example:
        >>> picture = TaggedPicture(Path("a.jpg"), ("cat", "rat"), mask_names=("cat", "dog", "rat"))
        >>> record = make_tag_record(picture, ("rat", "dog"))
        >>> record.tags, record.mask_classes
        ((1,), (0, 2, 1))
    """
    if picture.problem:
        return BadRecord(picture.image, picture.problem)
    numbers = {name: i for i, name in enumerate(class_names, start=1)}
    kept = [i for i, name in enumerate(picture.box_names) if name in numbers]
    box_classes = np.array([numbers[picture.box_names[i]] for i in kept], np.int64)
    return TagRecord(
        picture.image,
        tuple(sorted(numbers[name] for name in picture.names if name in numbers)),
        tuple(class_names),
        mask=picture.mask,
        mask_values=_tell_values(picture),
        mask_classes=tuple(numbers.get(name, 0) for name in picture.mask_names),
        boxes=None if picture.boxes is None else picture.boxes[kept],
        box_classes=None if picture.boxes is None else box_classes,
    )


def _tell_values(picture: TaggedPicture) -> str:
    if picture.mask is None:
        return "ids"
    if not picture.mask_names:
        return "foreground"
    return "sorted_ids" if picture.mask_sorted else "ids"
