"""Reads a data set of any format for a check: all pictures, all splits, whatever can be read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from config.errors import InputError, MissingSplit
from datasets.box_choices import check_choice, name_by_file
from datasets.check_findings import Finding
from datasets.formats import BOX_FORMATS, FORMATS, list_boxes, read_counted
from datasets.named_objects import NamedObjects, fail_picture
from datasets.records import BadRecord, CountRecord, PointRecord
from datasets.split_rules import SPLITS


def read_for_check(
    format: str, data_dir: Path, dataset: str, *, class_source: str = "annotation"
) -> tuple[list[NamedObjects], list[Finding]]:
    """List the pictures of all splits of a data set of any format.

    Args:
        format: a key of `datasets.formats.FORMATS`.
        data_dir: folder that holds the data sets.
        dataset: the data set's folder (or listing); of formats with boxes several joined by `+`.
        class_source: see `datasets.boxes.read_boxes`; "file_name" needs a format with boxes.

    Returns:
        The pictures, and findings about the splits and pictures listed more than once. Pictures of
        formats with boxes have `boxes`; of formats that only count they have no objects.

    Raises:
        InputError: the format is unknown or has no boxes where it needs them, no split can be
            read, or a file's name tells no class where it should.

    Example:
        >>> import tempfile
        >>> read_for_check("voc", Path(tempfile.mkdtemp()), "raccoon")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `raccoon` must be a folder inside ...
    """
    findings: list[Finding] = []
    check_choice("class_source", class_source)
    if format in BOX_FORMATS:
        pictures = list_boxes(format, data_dir, dataset)
        if class_source == "file_name":
            pictures = [name_by_file(picture) for picture in pictures]
    elif class_source != "annotation" and format in FORMATS:
        raise InputError(
            f"`class_source` {class_source} needs a format with boxes: {', '.join(BOX_FORMATS)}. "
            f"Received {format}."
        )
    else:
        pictures = _read_splits(format, data_dir, dataset, findings)
    return pictures, findings + find_repeated(pictures)


def find_repeated(pictures: Sequence[NamedObjects]) -> list[Finding]:
    """Find pictures that a data set lists more than once.

    Args:
        pictures: things with `.image` and `.split`.

    Returns:
        A finding per picture.

    Example:
        >>> find_repeated([fail_picture(Path("a.png"), "")] * 2)[0].text
        '`a.png` is listed 2 times, in no split'
    """
    findings: list[Finding] = []
    listed: dict[Path, list[str]] = {}
    for picture in pictures:
        listed.setdefault(picture.image, []).append(picture.split or "no split")
    for image, splits in listed.items():
        if len(splits) > 1:
            text = f"`{image}` is listed {len(splits)} times, in {', '.join(sorted(set(splits)))}"
            findings.append(Finding("twice", text, (image,)))
    return findings


def _read_splits(
    format: str, data_dir: Path, dataset: str, findings: list[Finding]
) -> list[NamedObjects]:
    pictures: list[NamedObjects] = []
    errors: list[InputError] = []
    for split in SPLITS:
        try:
            records = read_counted(format, data_dir, dataset, split)
        except InputError as error:
            errors.append(error)
            kind = "absent split" if isinstance(error, MissingSplit) else "split"
            findings.append(Finding(kind, f"{split}: {error}"))
        else:
            pictures += [_make_picture(record, split) for record in records]
    if not pictures and errors:
        raise errors[0]
    return pictures


def _make_picture(record: CountRecord | PointRecord | BadRecord, split: str) -> NamedObjects:
    if isinstance(record, BadRecord):
        return fail_picture(record.image, record.reason, split=split)
    if isinstance(record, CountRecord):
        return NamedObjects(record.image, np.zeros((0, 2)), (), split)
    ids = [0] * record.count if record.classes is None else record.classes
    names = ("", *record.class_names)
    return NamedObjects(record.image, record.points, tuple(names[i] for i in ids), split)
