"""Reads the JSON files of the tool LabelMe, one a picture."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from config.errors import InputError
from datasets.json_files import read_json, take, to_numbers
from datasets.named_objects import NamedObjects, make_records
from datasets.paths import find_dataset, index_pictures, join_inside, list_files
from datasets.records import BadRecord, PointRecord
from datasets.shapes import box_centre, polygon_centre
from datasets.split_rules import SPLITS, check_split

_MAX_BYTES = 1 << 27  # a file may carry its picture
_FOLDERS = ("annotations", "labels", ".")
_CENTRES = {
    "point": lambda corners: corners,
    "points": lambda corners: corners,
    "circle": lambda corners: corners[:1],  # the second is on its rim
    "rectangle": lambda corners: box_centre(corners)[None],
    "mask": lambda corners: box_centre(corners)[None],
    "polygon": lambda corners: polygon_centre(corners)[None],
}
_logger = logging.getLogger(__name__)


def read_labelme(data_dir: Path, dataset: str, split: str) -> list[PointRecord | BadRecord]:
    """Read pictures and one point a shape.

    Layout: `<name>.json` beside `<name>.jpg`, or the JSON files in `annotations/` or `labels/` and
    the pictures in `images/`. With folders `train`, `val` and `test` of JSON files, these are the
    splits; without, every fifth picture by sorted name is "test" (see `datasets.split_rules`). A
    file is `{"imagePath": name, "shapes": [{"label", "shape_type", "points": [[x, y], ...]}]}`. A
    rectangle and a mask give the centre of their box, a polygon that of its area, a circle its own.
    Lines are left out, and the log names them. Pictures without a JSON file are left out: LabelMe
    writes none until something is drawn. Off by one: none; LabelMe's positions start at the upper
    left corner of the first pixel, as ours do.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the data set's folder.
        split: "train", "val" or "test".

    Returns:
        Records sorted by picture, a `BadRecord` where a JSON file cannot be read or has another
        shape (with the shape's place, from 0); none for "val" when there is no such folder. A
        picture that is absent is listed all the same.

    Raises:
        InputError: no JSON file, two for one picture, or the split is absent.

    Example:
        >>> import tempfile
        >>> read_labelme(Path(tempfile.mkdtemp()), "cells", "train")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `cells` must be a folder inside ...
    """
    check_split(split)
    folder = find_dataset(data_dir, dataset)
    splits = {name: folder / name for name in SPLITS if any((folder / name).glob("*.json"))}
    if not splits:
        splits = {None: _find_folder(folder)}
    pictures = [
        _try_file(data_dir, folder, path, own)
        for own, place in splits.items()
        for path in list_files(data_dir, place, "*.json")
    ]
    _tell_of_others(data_dir, [*splits.values(), folder / "images"], pictures)
    return make_records(pictures, split, folder)


def _find_folder(folder: Path) -> Path:
    return next(
        folder / name for name in _FOLDERS if any((folder / name).glob("*.json")) or name == "."
    )


def _tell_of_others(data_dir: Path, places: list[Path], pictures: list[NamedObjects]) -> None:
    known = {path for place in places for path in index_pictures(data_dir, place).values()}
    without = known - {picture.image for picture in pictures}
    if without:
        _logger.warning(
            "Left out %d pictures without a JSON file, such as %s.", len(without), min(without)
        )


def _try_file(data_dir: Path, folder: Path, path: Path, split: str | None) -> NamedObjects:
    try:
        return _read_file(data_dir, folder, path, split)
    except InputError as error:
        # The picture's name is in the file; it usually is the file's own.
        found = [index_pictures(data_dir, place) for place in (path.parent, folder / "images")]
        image = next((known[path.stem] for known in found if path.stem in known), path)
        return NamedObjects(image, np.zeros((0, 2)), (), split, problem=str(error))


def _read_file(data_dir: Path, folder: Path, path: Path, split: str | None) -> NamedObjects:
    content = read_json(path, max_bytes=_MAX_BYTES)
    where = f"`{path}`"
    shapes = take(content, "shapes", list, where)
    image = _find_image(data_dir, folder, path, take(content, "imagePath", str, where))
    objects = [
        found
        for i, shape in enumerate(shapes)
        for found in _read_shape(shape, f"{where} shape {i}")
    ]
    points = np.array([point for point, _ in objects]).reshape(-1, 2)  # (N, 2)
    return NamedObjects(image, points, tuple(name for _, name in objects), split)


def _find_image(data_dir: Path, folder: Path, path: Path, name: str) -> Path:
    """Return the picture: beside the JSON file under any path's last name, or in `images`."""
    name = name.replace("\\", "/").rpartition("/")[2] or path.stem
    places = [path.parent, folder / "images"]
    candidates = [
        join_inside(data_dir, (place / name).relative_to(data_dir).as_posix(), where=f"`{path}`")
        for place in places
    ]
    return next((image for image in candidates if image.is_file()), candidates[0])


def _read_shape(shape: Any, where: str) -> Iterator[tuple[np.ndarray, str]]:
    """Give (row, column) and label of what stands for a shape."""
    label = take(shape, "label", str, where)
    kind = str(shape.get("shape_type") or "polygon")
    corners = to_numbers(take(shape, "points", list, where), (-1, 2), f"{where}: `points`")
    if kind not in _CENTRES or len(corners) == 0:
        _logger.warning("Left out %s, a %s of %d points.", where, kind, len(corners))
        return
    if not label:
        raise InputError(f"{where}: `label` must name the object's class. It is empty.")
    for point in _CENTRES[kind](corners):
        yield point[::-1], label  # x, y -> row, column
