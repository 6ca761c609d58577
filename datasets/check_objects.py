"""Checks the objects of a data set against its pictures, and counts its classes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from datasets.box_fitting import find_scale
from datasets.box_flaws import SLACK, describe_flaw, find_flaw
from datasets.check_findings import Finding
from datasets.check_pictures import PictureFacts
from datasets.named_objects import NamedObjects

FEWEST_PICTURES = 5


@dataclass(frozen=True)
class ClassCount:
    """How often a class occurs.

    Attributes:
        name: the class; "" where the objects have none.
        pictures: how many pictures show it.
        objects: how many objects there are; None where pictures are only tagged.
        splits: pictures that show it, by split; {} where the data set tells no splits.

    Example:
        >>> ClassCount("cat", 2, 3, {}).objects
        3
    """

    name: str
    pictures: int
    objects: int | None
    splits: dict[str, int]


def count_classes(pictures: Sequence[NamedObjects]) -> list[ClassCount]:
    """Count the classes of a data set.

    Args:
        pictures: pictures of all splits.

    Returns:
        One count a class, sorted by name.

    Example:
        >>> count_classes([NamedObjects("a.png", np.zeros((2, 2)), ("cat", "cat"))])
        [ClassCount(name='cat', pictures=1, objects=2, splits={})]
    """
    splits = [
        split for split in ("train", "val", "test") if any(p.split == split for p in pictures)
    ]
    objects = Counter(name for picture in pictures for name in picture.names)
    shown = Counter((name, picture.split) for picture in pictures for name in set(picture.names))
    return [
        ClassCount(
            name,
            sum(num for (shown_name, _), num in shown.items() if shown_name == name),
            objects[name],
            {split: shown[name, split] for split in splits},
        )
        for name in sorted(objects)
    ]


def find_class_flaws(counts: Sequence[ClassCount]) -> list[Finding]:
    """Tell which classes are too rare to learn from.

    Args:
        counts: from `count_classes`.

    Returns:
        Findings, sorted by class.

    Example:
        >>> [finding.kind for finding in find_class_flaws([ClassCount("cat", 2, 3, {"test": 2})])]
        ['few', 'unlearned']
    """
    findings = []
    for count in counts:
        name = f"`{count.name}`" if count.name else "objects without a class"
        if count.pictures < FEWEST_PICTURES:
            findings.append(Finding("few", f"{name}: {count.pictures}"))
        if count.splits and not count.splits.get("train"):
            findings.append(Finding("unlearned", name))
    return findings


def find_object_flaws(picture: NamedObjects, fact: PictureFacts) -> list[Finding]:
    """Check the annotation of one picture.

    Boxes are judged where they end up: scaled where the picture has another size, but the same
    shape, as its annotation says. What the reader found is told, too.

    Args:
        picture: the picture, with its objects as the file has them.
        fact: what is known of its file.

    Returns:
        Findings.

    Example:
        >>> picture = NamedObjects("a.png", np.zeros((0, 2)), (), problem="`a.xml` is damaged.")
        >>> find_object_flaws(picture, PictureFacts(""))[0].kind
        'annotation'
    """
    images = (picture.image,)
    if picture.problem:
        return [Finding("annotation", picture.problem, images)]
    findings = [Finding(flaw.kind, flaw.text, images) for flaw in picture.flaws]
    size = (math.inf, math.inf) if fact.problem else fact.size
    scale = (1.0, 1.0) if fact.problem else find_scale(picture.size, size)
    if not fact.problem and picture.size not in (None, fact.size):
        findings.append(Finding("size", _describe_size(picture, fact, scale is not None), images))
    if scale is not None and picture.boxes is not None:
        findings += _check_boxes(picture, scale, size)
    if picture.boxes is None:
        findings += _check_points(picture, size)
    if picture.boxes is not None and not picture.names:
        findings.append(Finding("bare", f"`{picture.image}`", images))
    if picture.boxes is not None and len(picture.names) > 1:
        text = f"`{picture.image}`: {len(picture.names)}"
        findings.append(Finding("several", text, images))
    return findings


def _describe_size(picture: NamedObjects, fact: PictureFacts, same_shape: bool) -> str:
    said, real = (f"{size[1]} x {size[0]}" for size in (picture.size, fact.size))
    what = "the boxes are scaled" if same_shape else "of another shape, so the picture is left out"
    if not same_shape and fact.orientation >= 5 and picture.size == fact.size[::-1]:
        what = "annotated without its EXIF rotation, so the picture is left out"
    return f"`{picture.image}` has {real} (width x height), its annotation says {said}: {what}"


def _check_boxes(
    picture: NamedObjects, scale: tuple[float, float], size: tuple[float, float]
) -> list[Finding]:
    findings, boxless = [], int(np.isnan(picture.boxes).any(axis=1).sum())
    if boxless:
        text = f"`{picture.image}`: {boxless} of {len(picture.boxes)}"
        findings.append(Finding("boxless", text, (picture.image,)))
    for i, box in enumerate(picture.boxes * (scale[::-1] * 2)):
        if not np.isnan(box).any() and (kind := find_flaw(box, size)):
            where = f"`{picture.image}` object {i} `{picture.names[i]}`"
            findings.append(Finding(kind, describe_flaw(kind, where).text, (picture.image,)))
    return findings


def _check_points(picture: NamedObjects, size: tuple[float, float]) -> list[Finding]:
    points, corner = picture.points, np.array(size)
    outside = ((points < -SLACK) | (points > corner + SLACK)).any(axis=1)  # (N,)
    if not outside.any():
        return []
    first = points[outside][0].round(2).tolist()
    text = (
        f"`{picture.image}`: {np.count_nonzero(outside)} of {len(points)}, the first at {first} "
        "(row, column)"
    )
    return [Finding("point", text, (picture.image,))]
