"""Reads the JSON export of the tool Label Studio."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np

from config.errors import InputError
from datasets.json_files import read_json, take, to_numbers
from datasets.named_objects import NamedObjects, make_records
from datasets.paths import find_listing, join_inside
from datasets.records import PointRecord
from datasets.shapes import polygon_centre
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
    path = find_listing(data_dir, dataset, *_FILE_NAMES)
    tasks = read_json(path)
    if not isinstance(tasks, list):
        raise InputError(f"`{path}` must be a list of tasks. Export it from Label Studio as JSON.")
    read = [_read_task(task, data_dir, path, f"`{path}` task {i}") for i, task in enumerate(tasks)]
    pictures = [picture for picture in read if picture is not None]
    if len(pictures) < len(tasks):
        _logger.warning("Left out %d tasks of %s not yet done.", len(tasks) - len(pictures), path)
    return make_records(pictures, split, path)


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
    objects = [
        found
        for i, result in enumerate(results)
        for found in _read_result(result, f"{where} result {i}")
    ]
    points = np.array([point for point, _ in objects]).reshape(-1, 2)  # (N, 2)
    return NamedObjects(image, points, tuple(name for _, name in objects))


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


def _read_result(result: Any, where: str) -> Iterator[tuple[np.ndarray, str]]:
    """Give (row, column) and class of what stands for a result, in pixels."""
    kind = take(result, "type", str, where)
    shape = kind.removesuffix("labels")
    if shape not in _SHAPES:
        _logger.warning("Left out %s of the kind %s.", where, kind)
        return
    value = take(result, "value", dict, where)
    labels = [_UNNAMED] if kind == shape else take(value, kind, list, where)
    if len(labels) != 1 or not isinstance(labels[0], str) or not labels[0]:
        raise InputError(f"{where}: `{kind}` must hold one class name. Received {labels!r:.80}.")
    size = _take_numbers(result, ("original_width", "original_height"), where)
    x, y = _find_centre(value, shape, size, where)
    yield np.array([y, x]), labels[0]


def _find_centre(value: dict, shape: str, size: np.ndarray, where: str) -> np.ndarray:
    """Return (x, y) in pixels; `size` is (width, height)."""
    if shape == "polygon":
        corners = to_numbers(take(value, "points", list, where), (-1, 2), f"{where}: `points`")
        if len(corners) == 0:
            raise InputError(f"{where}: `points` must hold a corner. It is empty.")
        return polygon_centre(corners * size / 100)
    start = _take_numbers(value, ("x", "y"), where) * size / 100
    if shape != "rectangle":
        return start
    width, height = _take_numbers(value, ("width", "height"), where) * size / 200
    angle = np.deg2rad(to_numbers(value.get("rotation") or 0, (), f"{where}: `rotation`"))
    sine, cosine = np.sin(angle), np.cos(angle)  # turned clockwise about the upper left corner
    return start + [cosine * width - sine * height, sine * width + cosine * height]


def _take_numbers(value: dict, keys: tuple[str, ...], where: str) -> np.ndarray:
    return np.array(
        [to_numbers(take(value, key, (int, float), where), (), f"{where}: `{key}`") for key in keys]
    )
