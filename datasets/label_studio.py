"""Reads the JSON export of the tool Label Studio."""

from __future__ import annotations

import logging
import re
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np

from config.errors import InputError
from datasets.json_files import read_json, take, to_numbers
from datasets.named_objects import NO_BOX, NamedObjects, make_picture, make_records
from datasets.paths import find_listing, join_inside
from datasets.records import PointRecord
from datasets.shapes import ellipse_box, enclosing_box, polygon_centre, turn_corners
from datasets.split_rules import check_split

_FILE_NAMES = ("annotations.json", "result.json", "export.json")
_SHAPES = ("keypoint", "ellipse", "rectangle", "polygon")
_UNNAMED = "object"  # the class of a shape that was drawn without one
_UPLOAD = re.compile(r"[0-9a-f]{8}-")  # what Label Studio puts before an uploaded picture's name
_logger = logging.getLogger(__name__)


def read_label_studio(data_dir: Path, dataset: str, split: str) -> list[PointRecord]:
    """Read pictures and one point a result.

    Layout: `annotations.json` (or `result.json`, `export.json`), exported as "JSON", and the
    pictures in `images/` or beside it. A task names its picture by an address in `data`, of which
    the file's name counts, with or without the eight digits that an upload puts before it. Of a
    task's annotations the first that was not cancelled counts; a task without any is not done yet
    and left out. Key points and ellipses give their centre, rectangles (turned ones too) and
    polygons that of their area; shapes without a class are of the class "object"; results of
    other kinds are left out, and the log names them. Every
    fifth picture by sorted name is "test" (see `datasets.split_rules`). Off by one: none; a
    position is a percentage of the picture's width or height.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the data set's folder, or a `.json` file itself.
        split: "train" or "test"; "val" has no pictures.

    Returns:
        Records sorted by picture. A picture that is absent is listed all the same.

    Raises:
        InputError: no such file, one that is not JSON or has another shape (with the task's and
            result's place, from 0), or too few pictures.

    Example:
        >>> import tempfile
        >>> read_label_studio(Path(tempfile.mkdtemp()), "cells", "train")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `cells` must be a folder inside ...
    """
    check_split(split)
    pictures = list_label_studio_objects(data_dir, dataset)
    return make_records(pictures, split, find_listing(data_dir, dataset, *_FILE_NAMES))


def list_label_studio_objects(data_dir: Path, dataset: str) -> list[NamedObjects]:
    """List the objects of all pictures, with their boxes.

    Layout: see `read_label_studio`. Rectangles, ellipses (turned ones too) and polygons have the
    upright box around them, key points none.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the data set's folder, or a `.json` file itself.

    Returns:
        Pictures in the order of the file, without splits.

    Raises:
        InputError: see `read_label_studio`.

    Example:
        >>> import tempfile
        >>> list_label_studio_objects(Path(tempfile.mkdtemp()), "cells")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `cells` must be a folder inside ...
    """
    path = find_listing(data_dir, dataset, *_FILE_NAMES)
    tasks = read_json(path)
    if not isinstance(tasks, list):
        raise InputError(f"`{path}` must be a list of tasks. Export it from Label Studio as JSON.")
    read = [_read_task(task, data_dir, path, f"`{path}` task {i}") for i, task in enumerate(tasks)]
    pictures = [picture for picture in read if picture is not None]
    if len(pictures) < len(tasks):
        _logger.warning("Left out %d tasks of %s not yet done.", len(tasks) - len(pictures), path)
    return pictures


def _read_task(task: Any, data_dir: Path, path: Path, where: str) -> NamedObjects | None:
    if isinstance(task, dict) and "annotations" not in task:
        raise InputError(f"{where} must have `annotations`. Export as JSON, not as JSON-MIN.")
    done = [
        annotation
        for annotation in take(task, "annotations", list, where)
        if isinstance(annotation, dict) and not annotation.get("was_cancelled")
    ]
    if not done:
        return None
    image = _find_image(take(task, "data", dict, where), data_dir, path, where)
    results = take(done[0], "result", list, where)
    found = [_read_result(result, f"{where} result {i}") for i, result in enumerate(results)]
    known = [each for each in found if each is not None]
    size = next((size for *_, size in known if min(size) > 0), None)
    return make_picture(image, [each[:3] for each in known], size=size)


def _find_image(data: dict, data_dir: Path, path: Path, where: str) -> Path:
    addresses = [data.get("image"), *data.values()]
    address = next((text for text in addresses if isinstance(text, str) and text), "")
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise InputError(f"{where}: `image` must be an address. Received {address!r}.") from error
    local = parse_qs(parts.query).get("d", [unquote(parts.path)])[0]
    name = PurePosixPath(local.replace("\\", "/")).name
    if not name:
        raise InputError(f"{where}: `data` must name a picture. Received {data!r:.80}.")
    folder = path.parent.relative_to(data_dir).as_posix()
    candidates = [
        join_inside(data_dir, f"{folder}/{place}/{name}", where=where)
        for name in dict.fromkeys((name, _UPLOAD.sub("", name, count=1)))
        for place in ("images", ".")
    ]
    return next((image for image in candidates if image.is_file()), candidates[0])


def _read_result(
    result: Any, where: str
) -> tuple[np.ndarray, np.ndarray, str, tuple[int, int]] | None:
    """Return (row, column), box and class of what stands for a result, and the picture's size."""
    kind = take(result, "type", str, where)
    shape = kind.removesuffix("labels")
    if shape not in _SHAPES:
        _logger.warning("Left out %s of the kind %s.", where, kind)
        return None
    value = take(result, "value", dict, where)
    labels = [_UNNAMED] if kind == shape else take(value, kind, list, where)
    if len(labels) != 1 or not isinstance(labels[0], str) or not labels[0]:
        raise InputError(f"{where}: `{kind}` must hold one class name. Received {labels!r:.80}.")
    size = _take_numbers(result, ("original_width", "original_height"), where)
    point, box = _find_place(value, shape, size, where)
    return point[::-1], box, labels[0], (int(size[1]), int(size[0]))  # x, y -> row, column


def _find_place(
    value: dict, shape: str, size: np.ndarray, where: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return (x, y) and the box in pixels; `size` is (width, height)."""
    if shape == "polygon":
        corners = to_numbers(take(value, "points", list, where), (-1, 2), f"{where}: `points`")
        if len(corners) == 0:
            raise InputError(f"{where}: `points` must hold a corner. It is empty.")
        corners = corners * size / 100
        return polygon_centre(corners), enclosing_box(corners)
    start = _take_numbers(value, ("x", "y"), where) * size / 100
    if shape == "keypoint":
        return start, NO_BOX
    angle = np.deg2rad(to_numbers(value.get("rotation") or 0, (), f"{where}: `rotation`"))
    if shape == "ellipse":
        keys = ("radiusX", "radiusY")
        if not all(key in value for key in keys):
            return start, NO_BOX
        return start, ellipse_box(start, _take_numbers(value, keys, where) * size / 100, angle)
    return _find_rectangle(
        start, _take_numbers(value, ("width", "height"), where) * size / 100, angle
    )


def _find_rectangle(
    start: np.ndarray, sides: np.ndarray, angle: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the centre and box of a rectangle that is turned about its upper left corner."""
    width, height = sides
    corners = start + [[0, 0], [width, 0], [width, height], [0, height]]
    corners = turn_corners(corners, start, angle)
    if angle == 0:  # as it is, swapped sides too
        return start + sides / 2, np.concatenate([start, start + sides])
    return corners.mean(axis=0), enclosing_box(corners)


def _take_numbers(value: dict, keys: tuple[str, ...], where: str) -> np.ndarray:
    return np.array(
        [to_numbers(take(value, key, (int, float), where), (), f"{where}: `{key}`") for key in keys]
    )
