"""Reads COCO's JSON of objects."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from config.errors import InputError, MissingSplit
from datasets.box_flaws import BoxFlaw, describe_flaw
from datasets.coco_files import CocoFile, find_coco_files, read_own_splits
from datasets.json_files import read_json, take, to_numbers
from datasets.named_objects import (
    NO_BOX,
    NamedObjects,
    make_picture,
    number_classes,
    take_split,
)
from datasets.paths import find_pictures
from datasets.records import PointRecord
from datasets.split_rules import SPLITS, check_split

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
    files = find_coco_files(data_dir, dataset)
    pictures, names = _read_files(data_dir, files, (split,))
    if not pictures and split == "val":
        return []
    if not pictures:
        listed = ", ".join(f"`{file.path}`" for file in files)
        raise MissingSplit(f"{listed} must hold pictures of the split {split}. There are none.")
    return number_classes(take_split(pictures, split, files[0].path), names)


def list_coco_objects(data_dir: Path, dataset: str) -> list[NamedObjects]:
    """List the objects of all splits, with their boxes.

    Layouts and what is left out: see `read_coco`; an object that is only a point has no box.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the data set's folder, or a `.json` file itself.

    Returns:
        Pictures in the order of the files; the split is None where the files tell none.

    Raises:
        InputError: see `read_coco`.

    Example:
        >>> import tempfile
        >>> list_coco_objects(Path(tempfile.mkdtemp()), "coco")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `coco` must be a folder inside ...
    """
    return _read_files(data_dir, find_coco_files(data_dir, dataset), SPLITS)[0]


def _read_files(
    data_dir: Path, files: list[CocoFile], splits: tuple[str, ...]
) -> tuple[list[NamedObjects], list[str]]:
    """Return the pictures of files of these splits, or of no split, and all class names."""
    pictures: list[NamedObjects] = []
    names: set[str] = set()
    for file in files:
        content = read_json(file.path, max_bytes=_MAX_BYTES)
        categories = _read_categories(content, file.path)
        names |= set(categories.values())
        if file.split is None or file.split in splits:
            pictures += _read_pictures(data_dir, file, content, categories)
    return pictures, sorted(names)


def _read_pictures(
    data_dir: Path, file: CocoFile, content: dict, categories: dict
) -> list[NamedObjects]:
    own = read_own_splits(file.path) if file.split is None else None
    objects, flaws = _read_objects(content, categories, file.path)
    images = _find_images(data_dir, file.folders, content, file.path, own)
    return [
        make_picture(
            image,
            objects[item["id"]],
            split=split or file.split,
            size=_read_size(item),
            flaws=tuple(flaws[item["id"]]),
        )
        for item, image, split in images
    ]


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
) -> Iterator[tuple[dict, Path, str | None]]:
    """Give (item, picture, split) of each picture; the split is None where `splits` has none."""
    items = take(content, "images", list, f"`{path}`")
    where = f"`{path}`"
    names = [take(item, "file_name", str, f"{where} image {i}") for i, item in enumerate(items)]
    images = find_pictures(data_dir, folders, names, where=where)
    for item, name, image in zip(items, names, images, strict=True):
        if splits and name.lstrip("/") not in splits:
            raise InputError(
                f"{where} `{name}` must be in `annotations.json` beside it. It is not."
            )
        yield item, image, splits[name.lstrip("/")] if splits else None


def _read_size(item: dict) -> tuple[int, int] | None:
    """Return (height, width) where the file says them."""
    size = item.get("height"), item.get("width")
    return size if all(type(side) is int and side > 0 for side in size) else None


def _read_objects(
    content: dict, categories: dict[int, str], path: Path
) -> tuple[dict[int, list], dict[int, list[BoxFlaw]]]:
    """Return {image id: [(point, box, class name), ...]} and {image id: flaws}."""
    images = take(content, "images", list, f"`{path}`")
    ids = [_take_id(item, "id", f"`{path}` image {i}") for i, item in enumerate(images)]
    if len(set(ids)) < len(ids):
        raise InputError(f"`{path}` must give each image an `id` of its own. Some are used twice.")
    found: dict[int, list] = {id: [] for id in ids}
    flaws: dict[int, list[BoxFlaw]] = {id: [] for id in ids}
    for i, item in enumerate(take(content, "annotations", list, f"`{path}`")):
        where = f"`{path}` annotation {i}"
        image, category = (_take_id(item, key, where) for key in ("image_id", "category_id"))
        for key, value, known in (
            ("image_id", image, found),
            ("category_id", category, categories),
        ):
            if value not in known:
                raise InputError(f"{where}: `{key}` must be the id of one. {value} is not.")
        if item.get("iscrowd") not in (None, 0):
            continue
        point, box = _find_place(item, where)
        if point is not None:
            found[image].append((point, box, categories[category]))
        else:
            flaws[image].append(describe_flaw("empty", where))
    return found, flaws


def _find_place(item: dict, where: str) -> tuple[np.ndarray | None, np.ndarray]:
    """Return (row, column), None for an object that is left out, and the box."""
    point = _find_point(item, where)
    if point is not None:
        return point, _find_own_box(item)
    box = to_numbers(take(item, "bbox", list, where), (4,), f"{where}: `bbox`")
    if (box[2:] <= 0).any():
        _logger.warning("Left out %s, whose box %s has no extent.", where, box.tolist())
        return None, NO_BOX
    return (box[:2] + box[2:] / 2)[::-1], np.concatenate([box[:2], box[:2] + box[2:]])


def _find_point(item: dict, where: str) -> np.ndarray | None:
    """Return (row, column) of an object that tells its point."""
    if item.get("point") is not None:
        return to_numbers(item["point"], (2,), f"{where}: `point`")
    if item.get("keypoints"):
        keypoints = to_numbers(item["keypoints"], (-1,), f"{where}: `keypoints`")
        if len(keypoints) == 3 and keypoints[2] > 0:  # x, y, not 0 when labelled
            return keypoints[1::-1]
    return None


def _find_own_box(item: dict) -> np.ndarray:
    """Return (4,) xyxy of an object that has a point; tools write an empty list for no box."""
    try:
        box = to_numbers(item.get("bbox"), (4,), "`bbox`")
    except InputError:
        return NO_BOX
    return np.concatenate([box[:2], box[:2] + box[2:]])
