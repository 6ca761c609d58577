"""Reads points from a table `image,row,column`, perhaps with columns `class` and `split`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from config.errors import InputError
from datasets.named_objects import NamedObjects, make_records
from datasets.paths import find_listing
from datasets.records import PointRecord
from datasets.split_rules import check_split
from datasets.tables import read_table, take_image, take_split_name
from datasets.xml_files import parse_number

_FILE_NAME = "points.csv"


def read_point_csv(data_dir: Path, dataset: str, split: str) -> list[PointRecord]:
    """Read a table with one line an object.

    The first line names the columns: `image` (relative to the table's own folder, with or without
    a leading slash), `row` and `column` (pixels from the upper left corner of the picture, so that
    the first pixel holds 0 to 1), and perhaps `class` (a name) and `split` (train, val or test, the
    same in all lines of a picture); others are ignored. A picture without objects has one line
    with `row` and `column` empty. Without `split`, every fifth picture by sorted name is "test"
    (see `datasets.split_rules`). Off by one: none.

    Args:
        data_dir: folder that holds the data sets.
        dataset: a folder with `points.csv`, or a `.csv` file itself, inside `data_dir`.
        split: "train", "val" or "test".

    Returns:
        Records sorted by picture; none for "val" when the table has none. A picture that is
        absent is listed all the same.

    Raises:
        InputError: no such table, no such column, a bad value (with its line), or an empty split.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> _ = (data_dir / "points.csv").write_text("image,row,column\\n1.jpg,2,7.5\\n2.jpg,,\\n")
        >>> [record.points.tolist() for record in read_point_csv(data_dir, ".", "train")]
        [[[2.0, 7.5]], []]
    """
    check_split(split)
    path = find_listing(data_dir, dataset, _FILE_NAME)
    folder = path.parent.relative_to(data_dir).as_posix()
    splits: dict[Path, str | None] = {}
    points: dict[Path, list] = {}
    names: dict[Path, list[str]] = {}
    for where, row in read_table(path, ("image", "row", "column")):
        image = take_image(row, data_dir, folder, where)
        own = take_split_name(row, where)
        if splits.setdefault(image, own) != own:
            raise InputError(f"{where}: `split` must be {splits[image]} again. Received {own}.")
        objects = _read_object(row, where)
        points.setdefault(image, []).extend(point for point, _ in objects)
        names.setdefault(image, []).extend(name for _, name in objects)
    pictures = [
        NamedObjects(image, np.array(points[image]).reshape(-1, 2), tuple(names[image]), own)
        for image, own in splits.items()
    ]
    return make_records(pictures, split, path)


def _read_object(row: dict[str, str | None], where: str) -> list[tuple[list[float], str]]:
    """Return ([row, column], class name) of the one object of a line, or nothing."""
    name = (row.get("class") or "").strip()
    if not row["row"] and not row["column"]:
        if name:
            raise InputError(f"{where}: An object of the class {name} must have a row and column.")
        return []
    if "class" in row and not name:
        raise InputError(f"{where}: `class` must name the object's class. It is empty.")
    point = [parse_number(row[key] or None, f"{where}: `{key}`") for key in ("row", "column")]
    return [(point, name)]
