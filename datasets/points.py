"""The door of the systems that learn from points: checked records of any format that has them."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from config.errors import InputError
from datasets.formats import COUNT_FORMATS, FORMATS, read_counted
from datasets.images import read_header
from datasets.records import BadRecord, PointRecord
from datasets.regions import read_region

_BORDER = 1.0  # pixels; a click on a picture's edge comes out as far outside
_logger = logging.getLogger(__name__)


def read_points(
    format: str,
    data_dir: Path,
    dataset: str,
    split: str,
    *,
    classes: Sequence[str] | None = None,
    outside: Literal["drop", "raise"] = "drop",
) -> list[PointRecord | BadRecord]:
    """Read a data set that tells where the objects are, and check every point.

    A point lies in pixel (floor(row), floor(column)). Several points in one pixel are several
    objects. A point at most one pixel outside its picture is a click on the edge (1 % of the heads
    of ShanghaiTech part B) and moves into the outermost pixel. Only the header of a picture is
    read; a picture without one keeps its points unchecked, for `datasets.bad_files` to name.

    Args:
        format: a key of `FORMATS` that gives points.
        data_dir: folder that holds the data sets.
        dataset: the data set's folder (or listing) inside `data_dir`.
        split: "train", "val" or "test", see `read_counted`.
        classes: names of the classes to keep, which become 1, 2, ... in this order; None for all
            objects as one class.
        outside: whether points farther outside, or outside the region, are left out, which the log
            tells for each picture, or are an error.

    Returns:
        Records sorted by picture. With `classes`, all have `class_names` equal to it and `classes`
        to match; without, `class_names` is () and `classes` None. A `BadRecord` instead, for
        `datasets.bad_files` to take out, where a picture's own annotation file, its region or a
        position cannot be used.

    Raises:
        InputError: the format is unknown or gives no points, the data set cannot be read or lacks a
            class, or a point is outside and `outside` is "raise".

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> text = "image,row,column,class\\n1.png,2,7,cat\\n1.png,3,8,rat\\n"
        >>> _ = (data_dir / "points.csv").write_text(text)
        >>> record = read_points("points", data_dir, ".", "train", classes=["rat"])[0]
        >>> record.points.tolist(), record.classes.tolist(), record.class_names
        ([[3.0, 8.0]], [1], ('rat',))
    """
    if outside not in ("drop", "raise"):
        raise InputError(f"`outside` must be drop or raise. Received {outside}.")
    if format in COUNT_FORMATS:
        others = ", ".join(name for name in FORMATS if name not in COUNT_FORMATS)
        raise InputError(
            f"`--format` must be one that tells where the objects are: {others}. Received {format}."
        )
    records = read_counted(format, data_dir, dataset, split)
    if classes is not None:
        _check_classes(records, tuple(classes), dataset)
    return [
        record if isinstance(record, BadRecord) else _check_record(record, classes, outside)
        for record in records
    ]


def _check_classes(records: Sequence, classes: tuple[str, ...], dataset: str) -> None:
    if not classes or len(set(classes)) < len(classes):
        raise InputError(
            f"`classes` must hold names, each once, or be null. Received {list(classes)}."
        )
    known = next((each.class_names for each in records if isinstance(each, PointRecord)), classes)
    for name in classes:
        if not known:
            raise InputError(
                f"`classes` must be null for `{dataset}`, whose objects have no classes. Received "
                f"{list(classes)}."
            )
        if name not in known:
            nearest = difflib.get_close_matches(str(name), known, n=1, cutoff=0)[0]
            raise InputError(
                f"`classes` must name classes of `{dataset}`: {', '.join(known)}. Received {name}; "
                f"the nearest is {nearest}."
            )


def _pick_classes(record: PointRecord, classes: tuple[str, ...]) -> PointRecord:
    numbers = np.zeros(len(record.class_names) + 1, np.int64)
    for i, name in enumerate(classes, start=1):
        numbers[record.class_names.index(name) + 1] = i
    ids = numbers[record.classes]  # (N,), 0 for a class that is not kept
    kept = ids > 0
    return replace(record, points=record.points[kept], classes=ids[kept], class_names=classes)


def _check_record(
    record: PointRecord, classes: Sequence[str] | None, outside: str
) -> PointRecord | BadRecord:
    if classes is None:
        record = replace(record, classes=None, class_names=())
    else:
        record = _pick_classes(record, tuple(classes))
    if not np.isfinite(record.points).all():
        problem = f"`{record.image}` must have finite points. It has NaN or infinity."
        return BadRecord(record.image, problem)
    if record.count == 0 and record.region is None:
        return record
    try:
        header = read_header(record.image)
    except InputError:
        return record
    size = (header.height, header.width)
    try:
        region = read_region(record.region, size)
    except InputError as error:
        return BadRecord(record.image, f"`{record.image}`: {error}")
    return _drop_outside(record, region, outside)


def _drop_outside(record: PointRecord, region: np.ndarray, outside: str) -> PointRecord:
    points = _move_to_border(record.points, region.shape)
    inside = _find_inside(points, region)
    if not inside.all():
        _report(record, inside, region.shape, outside)
    classes = None if record.classes is None else record.classes[inside]
    return replace(record, points=points[inside], classes=classes)


def _move_to_border(points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return (N, 2) points, those at most `_BORDER` outside moved into the outermost pixels."""
    lower, upper = np.zeros(2), np.array(size, np.float64)
    near = ((points >= lower - _BORDER) & (points <= upper + _BORDER)).all(axis=1, keepdims=True)
    moved = np.where(points < lower, lower, np.where(points >= upper, upper - 0.5, points))
    return np.where(near, moved, points)


def _find_inside(points: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Return (N,) bool: the points inside a picture, of which the (H, W) bool region counts."""
    pixels = np.floor(points)
    inside = ((pixels >= 0) & (pixels < region.shape)).all(axis=1)
    inside[inside] = region[tuple(pixels[inside].astype(np.int64).T)]
    return inside


def _report(record: PointRecord, inside: np.ndarray, size: tuple[int, int], outside: str) -> None:
    """Tell of points outside in the log, or refuse them."""
    message = (
        f"`{record.image}` has {np.count_nonzero(~inside)} of {record.count} points outside its "
        f"{size[0]} x {size[1]} pixels{' or its region' if record.region else ''}, the first at "
        f"{record.points[~inside][0].round(2).tolist()} (row, column)"
    )
    if outside == "raise":
        raise InputError(f"{message}. Correct them, or leave them out with `--set outside=drop`.")
    _logger.warning("%s; left out.", message)
