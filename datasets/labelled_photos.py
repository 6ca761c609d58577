"""Photos of a data set of any layout, with what it knows about the objects in them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from config.errors import InputError
from datasets.box_fitting import fit_boxes
from datasets.formats import (
    BOX_FORMATS,
    COUNT_FORMATS,
    FORMATS,
    TAG_FORMATS,
    list_boxes,
    list_tags,
    read_counted,
)
from datasets.points import read_points
from datasets.records import BadRecord
from datasets.source_photos import SourcePhoto


def read_labelled_photos(
    format: str, data_dir: Path, dataset: str, split: str
) -> list[SourcePhoto]:
    """Read the photos of a data set, with the points, boxes or masks that it has.

    Args:
        format: a key of `FORMATS` or `TAG_FORMATS`.
        data_dir: folder that holds the data sets.
        dataset: the data set's folder inside `data_dir`.
        split: "train", "val" or "test"; of tags also what is told no split.

    Returns:
        Photos sorted by file; at least one. One whose own annotation cannot be used is left out.

    Raises:
        InputError: the format is unknown, or the data set cannot be read or has no such photo.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> _ = (data_dir / "points.csv").write_text("image,row,column\\n1.png,2,7\\n")
        >>> read_labelled_photos("points", data_dir, ".", "train")[0].points.tolist()
        [[2.0, 7.0]]
    """
    photos = sorted(_list_photos(format, data_dir, dataset, split))
    if not photos:
        raise InputError(f"`{dataset}` must have photos in the split {split}. It has none.")
    return photos


def _list_photos(format: str, data_dir: Path, dataset: str, split: str) -> list[SourcePhoto]:
    if format in TAG_FORMATS and format not in FORMATS:
        return [
            SourcePhoto(each.image, _name_inside(data_dir, each.image), mask=each.mask)
            for each in list_tags(format, data_dir, dataset)
            if each.split in (None, split) and not each.problem
        ]
    places = format in FORMATS and format not in COUNT_FORMATS
    read = read_points if places else read_counted
    records = read(format, data_dir, dataset, split)
    boxed = _read_boxes(format, data_dir, dataset) if format in BOX_FORMATS else {}
    photos = []
    for each in records:
        if isinstance(each, BadRecord):
            continue
        points, boxes = boxed.get(each.image, (each.points if places else None, None))
        name = _name_inside(data_dir, each.image)
        photos.append(SourcePhoto(each.image, name, points, boxes))
    return photos


def _read_boxes(
    format: str, data_dir: Path, dataset: str
) -> dict[Path, tuple[np.ndarray, np.ndarray]]:
    """Return the middles and the boxes of each picture whose objects all have a box."""
    whole = [
        fit_boxes(each)
        for each in list_boxes(format, data_dir, dataset)
        if not each.problem and each.boxes is not None and not np.isnan(each.boxes).any()
    ]
    return {each.image: (each.points, each.boxes) for each in whole if not each.problem}


def _name_inside(data_dir: Path, image: Path) -> str:
    return Path(os.path.relpath(image, data_dir)).as_posix()
