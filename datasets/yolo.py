"""Reads YOLO's text files of boxes, one a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from config.errors import InputError
from datasets.images import read_header
from datasets.named_objects import NamedObjects, fail_picture, make_picture, make_records
from datasets.paths import find_dataset, index_pictures, join_inside, require_size
from datasets.records import BadRecord, PointRecord
from datasets.split_rules import check_split
from datasets.xml_files import parse_number
from datasets.yolo_names import read_class_list, read_yaml_names

_SPLITS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
_CLASS_LISTS = ("classes.txt", "labels/classes.txt", "obj.names")
_YAML = ("data.yaml", "dataset.yaml", "data.yml", "dataset.yml")
_MAX_BYTES = 1 << 24
_COLUMNS = ("class", "cx", "cy", "w", "h")


def read_yolo(data_dir: Path, dataset: str, split: str) -> list[PointRecord | BadRecord]:
    """Read pictures and the centre of each box.

    Layouts: `images/<name>.jpg` and `labels/<name>.txt`; or the same in folders of splits,
    `images/train/` with `labels/train/`, or `train/images/` with `train/labels/` (train, val or
    valid, test). A line is `class cx cy w h`: the class's number from 0, the box's centre, width
    and height as shares of the picture's. The names are in `classes.txt` (or `labels/classes.txt`,
    `obj.names`), else in the key `names` of `data.yaml` (`dataset.yaml`), of which nothing else is
    read. A picture without a text file, or with an empty one, has no objects. Without folders of
    splits, every fifth picture by sorted name is "test" (see `datasets.split_rules`). Off by one:
    none. The headers of pictures are read, as the shares need their sizes.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the data set's folder.
        split: "train", "val" or "test".

    Returns:
        Records sorted by picture, a `BadRecord` where a text file or the picture's header cannot be
        used; none for "val" when there is no such folder.

    Raises:
        InputError: no pictures, no text files or no names, or the split is absent.

    Example:
        >>> import tempfile
        >>> read_yolo(Path(tempfile.mkdtemp()), "cells", "train")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `cells` must be a folder inside ...
    """
    check_split(split)
    folder = find_dataset(data_dir, dataset)
    return make_records(list_yolo_objects(data_dir, dataset), split, folder)


def list_yolo_objects(data_dir: Path, dataset: str) -> list[NamedObjects]:
    """List the objects of all splits, with their boxes.

    Layout and splits: see `read_yolo`.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the data set's folder.

    Returns:
        Pictures, of each split sorted by name; the split is None where there are no such folders.

    Raises:
        InputError: see `read_yolo`.

    Example:
        >>> import tempfile
        >>> list_yolo_objects(Path(tempfile.mkdtemp()), "cells")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `cells` must be a folder inside ...
    """
    folder = find_dataset(data_dir, dataset)
    places = _find_places(folder)
    if not any(any(labels.glob("*.txt")) for _, _, labels in places):
        raise InputError(
            f"`{folder}` must hold folders `images` and `labels`, the latter with text "
            "files. It holds none."
        )
    names = _read_names(data_dir, folder)
    listed = []
    for split, images, labels in places:
        for stem, image in index_pictures(data_dir, images).items():
            file = labels / f"{stem}.txt"
            path = join_inside(data_dir, file.relative_to(data_dir).as_posix())
            listed.append(_try_file(image, path, names, split))
    if not listed:
        raise InputError(f"`{folder}` must hold pictures in `images`. It holds none.")
    return listed


def _find_places(folder: Path) -> list[tuple[str | None, Path, Path]]:
    """Return the split, the folder of pictures and that of text files."""
    inside = [
        (s, folder / "images" / name, folder / "labels" / name) for name, s in _SPLITS.items()
    ]
    outside = [
        (s, folder / name / "images", folder / name / "labels") for name, s in _SPLITS.items()
    ]
    found = [place for place in (*inside, *outside) if place[1].is_dir()]
    return found or [(None, folder / "images", folder / "labels")]


def _read_names(data_dir: Path, folder: Path) -> tuple[str, ...]:
    start = folder.relative_to(data_dir).as_posix()
    for names, read in ((_CLASS_LISTS, read_class_list), (_YAML, read_yaml_names)):
        for name in names:
            path = join_inside(data_dir, f"{start}/{name}")
            if path.is_file():
                return read(path)
    raise InputError(
        f"`{folder}` must hold `classes.txt`, a class name a line, or `data.yaml` with `names`. It "
        "holds neither."
    )


def _try_file(image: Path, path: Path, names: tuple[str, ...], split: str | None) -> NamedObjects:
    try:
        header = read_header(image)
        size = (header.height, header.width)
        objects = _read_objects(path, names, size) if path.is_file() else []
    except InputError as error:
        return fail_picture(image, str(error), split=split)
    return make_picture(image, objects, split=split, size=size)


def _read_objects(path: Path, names: tuple[str, ...], size: tuple[int, int]) -> list[tuple]:
    """Return (point, box, class name) of each line; `size` is (height, width)."""
    require_size(path, _MAX_BYTES)
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    return [
        _read_line(line.split(), names, size, f"`{path}` line {i}")
        for i, line in enumerate(lines, start=1)
        if line.strip()
    ]


def _read_line(
    cells: list[str], names: tuple[str, ...], size: tuple[int, int], where: str
) -> tuple:
    if len(cells) != len(_COLUMNS):
        raise InputError(f"{where} must be `{' '.join(_COLUMNS)}`. It has {len(cells)} values.")
    number, *shares = [
        parse_number(cell, f"{where}: `{key}`") for cell, key in zip(cells, _COLUMNS, strict=True)
    ]
    if number != int(number) or not 0 <= number < len(names):
        raise InputError(
            f"{where}: `class` must be a whole number of 0 to {len(names) - 1}, one for each name. "
            f"Received {cells[0][:80]}."
        )
    corner = np.array(size[::-1], np.float64)  # width, height
    centre, extent = shares[:2] * corner, shares[2:] * corner
    box = np.concatenate([centre - extent / 2, centre + extent / 2])
    return centre[::-1], box, names[int(number)]
