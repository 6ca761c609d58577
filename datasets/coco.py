"""Reads COCO's JSON of objects, as one point an object."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from config.errors import InputError, MissingSplit
from datasets.coco_files import find_coco_files, read_own_splits
from datasets.json_files import read_json, take, to_numbers
from datasets.named_objects import NamedObjects, number_classes, take_split
from datasets.paths import find_pictures
from datasets.records import PointRecord
from datasets.split_rules import check_split

_MAX_BYTES = 1 << 29  # COCO's own training file has 448 MB
_logger = logging.getLogger(__name__)


def read_coco(data_dir: Path, dataset: str, split: str) -> list[PointRecord]:
    """Read pictures and one point an object.

    Layouts, the first that fits:

    - `annotations/instances_<split><rest>.json` (COCO: `instances_train2017.json`), pictures in
      `<split><rest>/`, `images/<split><rest>/`, `images/` or the data set's folder;
    - `{train,valid,val,test}/_annotations.coco.json`, pictures beside it;
    - one file, `objects.json`, `annotations.json`, `_annotations.coco.json`, `result.json` or
      `annotations/instances_default.json`, pictures in `images/`, the data set's folder, or named
      from `data_dir`. Every fifth picture by sorted name is "test" (see `datasets.split_rules`).
      Beside `objects.json`, as `synthesize.py` draws it, `annotations.json` tells the splits.

    A file is `{"images": [{"id", "file_name"}], "annotations": [{"image_id", "category_id",
    "bbox": [x, y, width, height]}], "categories": [{"id", "name"}]}`. An object's point is its
    `point` [row, column] where it has one, else its keypoint where it has just one that is
    labelled, else the centre of its box. Objects with `iscrowd` are left out, and those whose box
    has no extent, which the log names. Off by one: none; COCO's positions start at the upper left
    corner of the first pixel, as ours do.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the data set's folder, or a `.json` file itself for the third layout.
        split: "train", "val" or "test".

    Returns:
        Records sorted by picture; none for "val" when there is no such file. A class's number is
        its place, from 1, in the sorted names of all `categories`, used or not. A picture that is
        absent is listed all the same.

    Raises:
        InputError: a file is missing, not JSON of at most 512 MiB or of another shape (with the
            record's place, from 0).
        MissingSplit: no picture has this split.

    Example:
        >>> import tempfile
        >>> read_coco(Path(tempfile.mkdtemp()), "coco", "train")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `coco` must be a folder inside ...

    References:
        Lin et al., Microsoft COCO: Common Objects in Context, ECCV 2014.
    """
    check_split(split)
    pictures: list[NamedObjects] = []
    names: set[str] = set()
    files = find_coco_files(data_dir, dataset)
    for file in files:
        content = read_json(file.path, max_bytes=_MAX_BYTES)
        categories = _read_categories(content, file.path)
        names |= set(categories.values())
        if file.split in (None, split):
            splits = read_own_splits(file.path) if file.split is None else None
            points = _read_points(content, categories, file.path)
            images = _find_images(data_dir, file.folders, content, file.path, splits)
            pictures += [
                NamedObjects(image, *points[id], own or file.split) for id, image, own in images
            ]
    if not pictures and split == "val":
        return []
    if not pictures:
        listed = ", ".join(f"`{file.path}`" for file in files)
        raise MissingSplit(f"{listed} must hold pictures of the split {split}. There are none.")
    return number_classes(take_split(pictures, split, files[0].path), sorted(names))


def _read_categories(content: Any, path: Path) -> dict[int, str]:
    """Return {id: name}."""
    return {
        _take_id(item, "id", f"`{path}` category {i}"): take(
            item, "name", str, f"`{path}` category {i}"
        )
        for i, item in enumerate(take(content, "categories", list, f"`{path}`"))
    }


def _take_id(item: Any, key: str, where: str) -> int | str:
    return take(item, key, (int, str), where)


def _find_images(
    data_dir: Path, folders: tuple[Path, ...], content: dict, path: Path, splits: dict | None
) -> Iterator[tuple[int, Path, str | None]]:
    """Give (id, picture, split) of each picture; the split is None where `splits` has none."""
    items = take(content, "images", list, f"`{path}`")
    where = f"`{path}`"
    names = [take(item, "file_name", str, f"{where} image {i}") for i, item in enumerate(items)]
    images = find_pictures(data_dir, folders, names, where=where)
    for item, name, image in zip(items, names, images, strict=True):
        if splits and name.lstrip("/") not in splits:
            raise InputError(
                f"{where} `{name}` must be in `annotations.json` beside it. It is not."
            )
        yield item["id"], image, splits[name.lstrip("/")] if splits else None


def _read_points(
    content: dict, categories: dict[int, str], path: Path
) -> dict[int, tuple[np.ndarray, tuple[str, ...]]]:
    """Return {image id: ((N, 2) points, N class names)} of all pictures."""
    images = take(content, "images", list, f"`{path}`")
    ids = [_take_id(item, "id", f"`{path}` image {i}") for i, item in enumerate(images)]
    if len(set(ids)) < len(ids):
        raise InputError(f"`{path}` must give each image an `id` of its own. Some are used twice.")
    found: dict[int, list] = {id: [] for id in ids}
    for i, item in enumerate(take(content, "annotations", list, f"`{path}`")):
        where = f"`{path}` annotation {i}"
        image, category = (_take_id(item, key, where) for key in ("image_id", "category_id"))
        for key, value, known in (
            ("image_id", image, found),
            ("category_id", category, categories),
        ):
            if value not in known:
                raise InputError(f"{where}: `{key}` must be the id of one. {value} is not.")
        if item.get("iscrowd") in (None, 0) and (point := _find_point(item, where)) is not None:
            found[image].append((point, categories[category]))
    return {id: _stack(objects) for id, objects in found.items()}


def _stack(objects: list[tuple[np.ndarray, str]]) -> tuple[np.ndarray, tuple[str, ...]]:
    points = np.array([point for point, _ in objects], np.float64).reshape(-1, 2)  # (N, 2)
    return points, tuple(name for _, name in objects)


def _find_point(item: dict, where: str) -> np.ndarray | None:
    """Return (row, column), or None for an object that is left out."""
    if item.get("point") is not None:
        return to_numbers(item["point"], (2,), f"{where}: `point`")
    if item.get("keypoints"):
        keypoints = to_numbers(item["keypoints"], (-1,), f"{where}: `keypoints`")
        if len(keypoints) == 3 and keypoints[2] > 0:  # x, y, not 0 when labelled
            return keypoints[1::-1]
    box = to_numbers(take(item, "bbox", list, where), (4,), f"{where}: `bbox`")
    if (box[2:] <= 0).any():
        _logger.warning("Left out %s, whose box %s has no extent.", where, box.tolist())
        return None
    return (box[:2] + box[2:] / 2)[::-1]  # x, y, width, height -> row, column
