"""Reads the JSON files of the tool LabelMe, one a picture."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from config.errors import InputError
from datasets.json_files import read_json, take, to_numbers
from datasets.named_objects import NO_BOX, NamedObjects, fail_picture, make_picture, make_records
from datasets.paths import find_dataset, index_pictures, join_inside, list_files
from datasets.records import BadRecord, PointRecord
from datasets.shapes import box_centre, ellipse_box, enclosing_box, polygon_centre
from datasets.split_rules import SPLITS, check_split

_MAX_BYTES = 1 << 27  # a file may carry its picture
_FOLDERS = ("annotations", "labels", ".")
# (M, 2) corners x, y -> the points (x, y) and boxes of the objects that a shape stands for
_PLACES = {
    "point": lambda corners: [(corner, NO_BOX) for corner in corners],
    "points": lambda corners: [(corner, NO_BOX) for corner in corners],
    "circle": lambda corners: [(corners[0], _find_circle_box(corners))],
    "rectangle": lambda corners: [(box_centre(corners), enclosing_box(corners))],
    "mask": lambda corners: [(box_centre(corners), enclosing_box(corners))],
    "polygon": lambda corners: [(polygon_centre(corners), enclosing_box(corners))],
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
    return make_records(
        list_labelme_objects(data_dir, dataset), split, find_dataset(data_dir, dataset)
    )


def list_labelme_objects(data_dir: Path, dataset: str) -> list[NamedObjects]:
    """List the objects of all splits, with their boxes.

    Layout and splits: see `read_labelme`. Rectangles, masks, polygons and circles have the upright
    box around them, points none.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the data set's folder.

    Returns:
        Pictures, of each split sorted by their JSON files; the split is None where there are no
        folders of splits.

    Raises:
        InputError: no JSON file.

    Example:
        >>> import tempfile
        >>> list_labelme_objects(Path(tempfile.mkdtemp()), "cells")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `cells` must be a folder inside ...
    """
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
    return pictures


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
        return fail_picture(image, str(error), split=split)


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
    size = content.get("imageHeight"), content.get("imageWidth")
    known = all(type(side) is int and side > 0 for side in size)
    return make_picture(image, objects, split=split, size=size if known else None)


def _find_image(data_dir: Path, folder: Path, path: Path, name: str) -> Path:
    """Return the picture: beside the JSON file under any path's last name, or in `images`."""
    name = name.replace("\\", "/").rpartition("/")[2] or path.stem
    places = [path.parent, folder / "images"]
    candidates = [
        join_inside(data_dir, (place / name).relative_to(data_dir).as_posix(), where=f"`{path}`")
        for place in places
    ]
    return next((image for image in candidates if image.is_file()), candidates[0])


def _read_shape(shape: Any, where: str) -> Iterator[tuple[np.ndarray, np.ndarray, str]]:
    """Give (row, column), box and label of what stands for a shape."""
    label = take(shape, "label", str, where)
    kind = str(shape.get("shape_type") or "polygon")
    corners = to_numbers(take(shape, "points", list, where), (-1, 2), f"{where}: `points`")
    if kind not in _PLACES or len(corners) == 0:
        _logger.warning("Left out %s, a %s of %d points.", where, kind, len(corners))
        return
    if not label:
        raise InputError(f"{where}: `label` must name the object's class. It is empty.")
    for point, box in _PLACES[kind](corners):
        yield point[::-1], box, label  # x, y -> row, column


def _find_circle_box(corners: np.ndarray) -> np.ndarray:
    """Return the box of a circle, whose first corner is its centre, the second on its rim."""
    if len(corners) < 2:
        return NO_BOX
    radius = np.hypot(*(corners[1] - corners[0]))
    return ellipse_box(corners[0], np.array([radius, radius]), 0.0)
