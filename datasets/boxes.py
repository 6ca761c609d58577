"""The door of the systems that locate one object a picture: splits of checked boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from config.errors import InputError
from datasets.box_choices import check_choice, keep_classes, name_by_file, take_one
from datasets.box_fitting import fit_boxes
from datasets.formats import list_boxes
from datasets.named_objects import NamedObjects, check_once, list_class_names
from datasets.records import BadRecord, BoxRecord
from datasets.splits import fill_splits


@dataclass(frozen=True, eq=False)
class BoxSplits:
    """The pictures of a data set, one box each.

    Attributes:
        training: records to learn from, sorted by picture, each a `BoxRecord` of one box, or a
            `BadRecord` for `datasets.bad_files` to take out.
        validation: records to validate on, likewise; perhaps none.
        test: records to test on, likewise; perhaps none.
        class_names: the names of classes 1 to K, as every `BoxRecord` has them.

    Example:
        >>> BoxSplits([], [], [], ("cat",)).class_names
        ('cat',)
    """

    training: list[BoxRecord | BadRecord]
    validation: list[BoxRecord | BadRecord]
    test: list[BoxRecord | BadRecord]
    class_names: tuple[str, ...]


def read_boxes(
    format: str,
    data_dir: Path,
    dataset: str,
    *,
    objects: Literal["only", "first", "largest"] = "only",
    class_source: Literal["annotation", "file_name"] = "annotation",
    classes: Sequence[str] | None = None,
    test_fraction: float = 0.2,
    validation_fraction: float = 0.1,
    split_seed: int = 0,
) -> BoxSplits:
    """Read a data set as one box a picture, and split it.

    Boxes are fitted to their pictures, of which only the header is read; those that are empty,
    inverted or outside are left out and named in the log, see `datasets.box_fitting`.

    Splits that the data set has are kept. Where it tells neither test nor validation pictures,
    `test_fraction` of its pictures is for testing; where it tells no validation pictures,
    `validation_fraction` of what is left is for validating. Both are drawn by class, from the seed,
    see `datasets.splits.split_by_class`. A `BadRecord` without a split is with the training
    pictures.

    Args:
        format: a key of `datasets.formats.BOX_FORMATS`.
        data_dir: folder that holds the data sets.
        dataset: the data set's folder (or listing) inside `data_dir`, or several joined by `+`,
            which become one.
        objects: "only" leaves out pictures with another number of objects than one; "first" and
            "largest" (by area) take one of several and leave out pictures without any.
        class_source: the annotations' own classes, or the picture's file name up to its last
            underscore, in lower case.
        classes: the classes to keep, which become 1, 2, ... in this order; the objects of others
            count as absent. None keeps all, sorted.
        test_fraction: share for testing, from 0 to below 1.
        validation_fraction: share for validating, from 0 to below 1.
        split_seed: same seed, same split.

    Returns:
        The splits, each of whose `BoxRecord`s has exactly one box.

    Raises:
        InputError: the format, an option or a class is unknown, the data set cannot be read, no
            picture fits the options, or a fraction cannot be taken.
        MissingSplit: all pictures are for validating or testing.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> _ = (data_dir / "boxes.csv").write_text(
        ...     "cat_1.png,6,8,1,2,5,6,cat,0\\ncat_2.png,6,8,2,2,7,6,cat,0\\n"
        ... )
        >>> splits = read_boxes("boxes", data_dir, ".", test_fraction=0.5, validation_fraction=0)
        >>> len(splits.training), splits.test[0].boxes.tolist(), splits.class_names
        (1, [[1.0, 2.0, 5.0, 6.0]], ('cat',))
    """
    check_choice("objects", objects)
    check_choice("class_source", class_source)
    pictures = check_once(list_boxes(format, data_dir, dataset))
    if class_source == "file_name":
        pictures = [name_by_file(picture) for picture in pictures]
    pictures = [each if each.problem else fit_boxes(each) for each in pictures]
    sound = [picture for picture in pictures if not picture.problem]
    if classes is not None:
        sound = keep_classes(sound, classes, dataset)
    sound = take_one(sound, objects, dataset)
    class_names = tuple(classes) if classes is not None else list_class_names(sound)
    _check_used(class_names, sound, objects)
    splits = fill_splits(
        sound,
        (test_fraction, validation_fraction),
        get_class=lambda picture: picture.names[0],
        seed=split_seed,
        dataset=dataset,
    )
    for picture in pictures:
        if picture.problem:
            splits[picture.split or "train"].append(picture)
    made = {
        split: [_make_record(each, class_names) for each in sorted(members, key=_by_image)]
        for split, members in splits.items()
    }
    return BoxSplits(made["train"], made["val"], made["test"], class_names)


def _by_image(picture: NamedObjects) -> Path:
    return picture.image


def _make_record(picture: NamedObjects, class_names: tuple[str, ...]) -> BoxRecord | BadRecord:
    if picture.problem:
        return BadRecord(picture.image, picture.problem)
    ids = np.array([class_names.index(name) + 1 for name in picture.names], np.int64)
    return BoxRecord(picture.image, picture.boxes, ids, class_names)


def _check_used(class_names: Sequence[str], pictures: list[NamedObjects], objects: str) -> None:
    used = set(list_class_names(pictures))
    for name in class_names:
        if name not in used:
            raise InputError(
                f"`classes` must name classes that some picture shows (`objects` is {objects}). "
                f"{name} is in none; leave it out."
            )
