"""Reads boxes from a table without a line of names, a row an object."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from config.errors import InputError
from datasets.named_objects import NamedObjects, make_picture, make_records
from datasets.paths import find_dataset, find_listing, find_pictures
from datasets.records import PointRecord
from datasets.split_rules import check_split
from datasets.tables import read_bare_table
from datasets.xml_files import parse_number

_COLUMNS = "path height width xmin ymin xmax ymax class_name class_id".split()
_FILE_NAMES = ("boxes.csv", "annotations.csv")
_SPLITS = {"train.csv": "train", "validation.csv": "val", "val.csv": "val", "test.csv": "test"}


def read_box_csv(data_dir: Path, dataset: str, split: str) -> list[PointRecord]:
    """Read pictures and the centre of each box.

    A row is `path, height, width, xmin, ymin, xmax, ymax, class_name, class_id`, without a line of
    names, as the original localisation program writes it; several rows of one path are several
    objects. A path is relative to the table's own folder, or to `data_dir`, with or without a
    leading slash. The tables are `train.csv`, `validation.csv` (or `val.csv`) and `test.csv`, which
    are the splits, or one table, `boxes.csv` or `annotations.csv`, of which every fifth picture by
    sorted name is "test" (see `datasets.split_rules`). The number of a class serves only to check
    that it goes with one name. Off by one: none; sides are taken as the original program takes
    them, in pixels from 0, xmax exclusive.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the tables' folder, or a `.csv` file itself, inside `data_dir`.
        split: "train", "val" or "test".

    Returns:
        Records sorted by picture; none for "val" when there is no such table. A picture that is
        absent is listed all the same.

    Raises:
        InputError: no such table, a line of names, another number of columns, a bad value (with its
            line), or an empty split.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> _ = (data_dir / "boxes.csv").write_text("1.jpg,6,8,1,2,5,6,cat,0\\n")
        >>> read_box_csv(data_dir, ".", "train")[0].points.tolist()
        [[4.0, 3.0]]

    References:
        lars76/object-localization, `generate_dataset.py`, copies sides that VOC counts from 1.
    """
    check_split(split)
    return make_records(list_box_csv_objects(data_dir, dataset), split, Path(data_dir) / dataset)


def list_box_csv_objects(data_dir: Path, dataset: str) -> list[NamedObjects]:
    """List the objects of all splits, with their boxes.

    Layout and splits: see `read_box_csv`.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the tables' folder, or a `.csv` file itself.

    Returns:
        Pictures in the order of the tables; the split is None for a table of all.

    Raises:
        InputError: see `read_box_csv`.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> _ = (data_dir / "boxes.csv").write_text("1.jpg,6,8,1,2,5,6,cat,0\\n")
        >>> list_box_csv_objects(data_dir, ".")[0].boxes.tolist()
        [[1.0, 2.0, 5.0, 6.0]]
    """
    names: dict[str, str] = {}
    return [
        picture
        for path, split in _find_tables(data_dir, dataset)
        for picture in _read_pictures(data_dir, path, split, names)
    ]


def _find_tables(data_dir: Path, dataset: str) -> list[tuple[Path, str | None]]:
    path = find_listing(data_dir, dataset, *_FILE_NAMES)
    if path.is_file() or dataset.lower().endswith(".csv"):
        return [(path, None)]
    folder = find_dataset(data_dir, dataset)
    found = [(folder / name, split) for name, split in _SPLITS.items() if (folder / name).is_file()]
    return [(find_listing(data_dir, dataset, each.name), split) for each, split in found] or [
        (path, None)
    ]


def _read_pictures(
    data_dir: Path, path: Path, split: str | None, names: dict[str, str]
) -> list[NamedObjects]:
    """Return the pictures of one table; `names` holds the name by class number of all tables."""
    rows = read_bare_table(path, _COLUMNS)
    if not rows:
        raise InputError(f"`{path}` must have a row an object. It is empty.")
    images = find_pictures(
        data_dir, (path.parent, Path(data_dir)), [row["path"] for _, row in rows], where=f"`{path}`"
    )
    objects: dict[Path, list] = {}
    sizes: dict[Path, tuple[int, int]] = {}
    for image, (where, row) in zip(images, rows, strict=True):
        size = _read_size(row, where)
        if sizes.setdefault(image, size) != size:
            raise InputError(f"{where}: `height` and `width` must be those of the rows above.")
        box = np.array([parse_number(row[key], f"{where}: `{key}`") for key in _COLUMNS[3:7]])
        point = ((box[:2] + box[2:]) / 2)[::-1]  # x, y -> row, column
        objects.setdefault(image, []).append((point, box, _read_name(row, names, where)))
    return [
        make_picture(image, found, split=split, size=sizes[image])
        for image, found in objects.items()
    ]


def _read_size(row: dict[str, str], where: str) -> tuple[int, int]:
    size = [parse_number(row[key], f"{where}: `{key}`") for key in ("height", "width")]
    if any(side < 1 or side != int(side) for side in size):
        raise InputError(
            f"{where}: `height` and `width` must be whole numbers of pixels, at least 1. Received "
            f"{row['height']} and {row['width']}."
        )
    return int(size[0]), int(size[1])


def _read_name(row: dict[str, str], names: dict[str, str], where: str) -> str:
    name, number = row["class_name"], row["class_id"]
    if not name or not number:
        raise InputError(f"{where}: `class_name` and `class_id` must not be empty.")
    if names.setdefault(number, name) != name:
        raise InputError(
            f"{where}: `class_id` {number} must go with one `class_name`. It goes with "
            f"{names[number]} and {name}."
        )
    return name
