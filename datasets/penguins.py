"""Reads Penguins: pictures of fixed cameras with the dots of several annotators each."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from config.errors import InputError
from datasets.json_files import read_json, take, to_numbers
from datasets.paths import find_listing, join_inside
from datasets.records import PointRecord, Region
from datasets.split_rules import check_split

_MIXED = "Splits_2016_07_11/imdb.json"
_ANNOTATIONS = "CompleteAnnotations_2016-07-11"
_NOTHING = (None, "_NaN_", [])  # what the files hold where an annotator has no dots
_logger = logging.getLogger(__name__)


def read_penguins(data_dir: Path, dataset: str, split: str) -> list[PointRecord]:
    """Read the pictures and, of the annotators of each, the longest list of dots.

    Layout, in the data set's folder:

    - `Splits_2016_07_11/imdb.json`: `{"imdb": {"train": [name, ...], "val": ..., "test": ...}}`,
      names ending in `<camera>/<picture>.JPG`; `imdb_sepsites.json` keeps sites apart.
    - `CompleteAnnotations_2016-07-11/<camera>.json`: `{"dots": [{"imName": picture, "xy": [...]},
      ...]}`; `xy` has one entry an annotator: [[x, y], ...], or [x, y] for a single dot, or null
      or "_NaN_" for none. A picture whose `xy` is null or "_NaN_" was shown to nobody and is left
      out; a single value of that kind among dots is left out and named.
    - In the same file perhaps `roi`, the region that counts: corners [[x, y], ...] for all pictures
      of the camera, or {series: corners}, a series being what a picture's name has before `_`.
    - `<camera>/<picture>.JPG`.

    Off by one: none; positions are taken as the original program takes them, x and y in pixels
    from 0.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the folder above, for the splits of `imdb.json` ("mixed" sites), or the file of
            splits itself, `<folder>/Splits_2016_07_11/imdb_sepsites.json`.
        split: "train", "val" or "test", the official ones.

    Returns:
        Records sorted by picture; with the longest list, the count is the largest of any annotator.
        A picture that is absent is listed all the same.

    Raises:
        InputError: a file is missing, cannot be read or has another layout, a picture has no
            annotation, or a split has none.

    Example:
        >>> import tempfile
        >>> read_penguins(Path(tempfile.mkdtemp()), "penguins", "train")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `penguins` must be a folder inside ...

    References:
        Arteta et al., Counting in the Wild, ECCV 2016. ElementAI/LCFCN trains on the longest list
        too; it shrinks pictures to 0.3 to 0.6 of their size and crops them to the region, neither
        of which belongs here.
    """
    check_split(split)
    path = find_listing(data_dir, dataset, _MIXED)
    names = take(take(read_json(path), "imdb", dict, f"`{path}`"), split, list, f"`{path}` `imdb`")
    folder = _find_folder(data_dir, path)
    cameras: dict[str, dict] = {}
    records, num_unseen = [], 0
    for i, name in enumerate(names):
        camera, picture = _split_name(name, f"`{path}` {split} item {i}")
        if camera not in cameras:
            cameras[camera] = _read_camera(data_dir, f"{folder}/{_ANNOTATIONS}/{camera}.json")
        image = join_inside(data_dir, f"{folder}/{camera}/{picture}.JPG")
        record = _make_record(cameras[camera], image)
        num_unseen += record is None
        records += [] if record is None else [record]
    if num_unseen:
        _logger.info("Left out %d pictures of %s that nobody annotated.", num_unseen, path)
    if not records:
        raise InputError(f"`{path}` must name annotated pictures for {split}. It names none.")
    return sorted(records)


def _find_folder(data_dir: Path, path: Path) -> str:
    """Return the data set's folder, relative to `data_dir`; `path` lies one folder deeper."""
    if path.parent == Path(data_dir):
        raise InputError(f"`{path}` must lie in a folder of the data set, as `{_MIXED}` does.")
    return path.parent.parent.relative_to(data_dir).as_posix()


def _split_name(name: Any, where: str) -> tuple[str, str]:
    parts = PurePosixPath(name.replace("\\", "/")).parts if isinstance(name, str) else ()
    if len(parts) < 2 or ".." in parts[-2:]:
        raise InputError(f"{where} must end in `<camera>/<picture>.JPG`. Received {name!r}.")
    return parts[-2], PurePosixPath(parts[-1]).stem


def _read_camera(data_dir: Path, name: str) -> dict:
    """Return {"path", "xy": {picture: annotators}, "roi"} of one camera's file."""
    path = join_inside(data_dir, name)
    content = read_json(path)
    dots = take(content, "dots", list, f"`{path}`")
    annotators = {}
    for i, entry in enumerate(dots):
        picture = take(entry, "imName", str, f"`{path}` dots {i}")
        annotators[picture] = entry.get("xy")
    return {"path": path, "xy": annotators, "roi": content.get("roi")}


def _make_record(camera: dict, image: Path) -> PointRecord | None:
    where = f"`{camera['path']}` `{image.stem}`"
    if image.stem not in camera["xy"]:
        raise InputError(f"{where} must have an annotation. There is none; add it.")
    annotators = camera["xy"][image.stem]
    if annotators in (None, "_NaN_"):
        return None
    if not isinstance(annotators, list):
        raise InputError(f"{where}: `xy` must be a list of annotators. Received {annotators!r}.")
    lists = [list(_read_dots(dots, f"{where} annotator {i}")) for i, dots in enumerate(annotators)]
    longest = max(lists, key=len, default=[])
    points = np.array(longest, np.float64).reshape(-1, 2)[:, ::-1]  # (N, 2) x, y -> row, column
    return PointRecord(image, points, region=_read_roi(camera, image.stem))


def _read_dots(dots: Any, where: str) -> Iterator[np.ndarray]:
    """Give each (x, y) of one annotator; what is no pair of numbers is named and left out."""
    if dots in _NOTHING:
        return
    if not isinstance(dots, list):
        raise InputError(f"{where} must be a list of dots. Received {dots!r}.")
    pair = len(dots) == 2 and not any(isinstance(value, list) for value in dots)
    for i, dot in enumerate([dots] if pair else dots):
        try:
            yield to_numbers(dot, (2,), f"{where} dot {i}")
        except InputError as error:
            _logger.warning("Left out a dot: %s", error)


def _read_roi(camera: dict, picture: str) -> Region | None:
    roi, where = camera["roi"], f"`{camera['path']}` `roi`"
    if isinstance(roi, dict):
        roi = roi.get(picture.split("_")[0])
    if roi is None:
        return None
    corners = to_numbers(roi, (-1, 2), where)  # (M, 2) x, y
    return Region(polygons=(corners[:, ::-1],))
