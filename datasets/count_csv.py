"""Reads counts from a table `image,count`, with a third column `split` where there is one."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from config.errors import InputError
from datasets.paths import find_dataset, join_inside, require_size
from datasets.records import CountRecord
from datasets.split_rules import SPLITS, check_split, every_fifth

_MAX_BYTES = 1 << 28
_FILE_NAME = "annotations.csv"


def read_count_csv(data_dir: Path, dataset: str, split: str) -> list[CountRecord]:
    """Read a table of pictures and counts.

    The first line names the columns: `image` (relative to the table's own folder, with or without
    a leading slash), `count` (not negative; a noisy one need not be whole) and perhaps `split`
    (train, val or test); others are ignored. Without `split`, every fifth picture by sorted name
    is "test" (see `datasets.split_rules`). Off by one: none; there are no positions.

    Args:
        data_dir: folder that holds the data sets.
        dataset: a folder with `annotations.csv`, or a `.csv` file itself, inside `data_dir`.
        split: "train", "val" or "test".

    Returns:
        Records sorted by picture; none for "val" when the table has none. A picture that is
        absent is listed all the same.

    Raises:
        InputError: no such table, no such column, a bad value (with its line), or an empty split.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> _ = (data_dir / "herd.csv").write_text("image,count,split\\n1.jpg,4,train\\n")
        >>> read_count_csv(data_dir, "herd.csv", "train")[0].count
        4.0
    """
    check_split(split)
    path = _find_table(data_dir, dataset)
    require_size(path, _MAX_BYTES)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = _read_rows(file, data_dir, path)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"`{path}` must be a CSV table in UTF-8. Reading says: {error}") from error
    if not rows or rows[0][1] is None:
        return every_fifth([record for record, _ in rows], split)
    chosen = [record for record, own in rows if own == split]
    if not chosen and split != "val":
        raise InputError(f"`{path}` must have rows of the split {split}. It has none; add some.")
    return chosen


def _find_table(data_dir: Path, dataset: str) -> Path:
    if dataset.lower().endswith(".csv"):
        find_dataset(data_dir, str(Path(dataset.lstrip("/")).parent) or ".")
        return join_inside(data_dir, dataset)
    find_dataset(data_dir, dataset)
    return join_inside(data_dir, f"{dataset}/{_FILE_NAME}")


def _read_rows(file, data_dir: Path, path: Path) -> list[tuple[CountRecord, str | None]]:
    reader = csv.DictReader(file, skipinitialspace=True)
    for name in ("image", "count"):
        if name not in (reader.fieldnames or ()):
            raise InputError(
                f"`{path}` must have a column `{name}`. Its first line names "
                f"{', '.join(reader.fieldnames or ()) or 'nothing'}."
            )
    folder = path.parent.relative_to(data_dir).as_posix()
    rows = [_read_row(row, data_dir, folder, f"`{path}` line {reader.line_num}") for row in reader]
    return sorted(rows, key=lambda row: row[0].image)


def _read_row(row: dict, data_dir: Path, folder: str, where: str) -> tuple[CountRecord, str | None]:
    if not row["image"]:
        raise InputError(f"{where}: `image` must name a picture. It is empty.")
    split = row.get("split")
    if "split" in row and split not in SPLITS:
        raise InputError(f"{where}: `split` must be one of {', '.join(SPLITS)}. Received {split}.")
    try:
        count = float(row["count"])
    except (TypeError, ValueError):
        count = math.nan
    if not (math.isfinite(count) and count >= 0):
        raise InputError(
            f"{where}: `count` must be a number that is not negative. Received {row['count']}."
        )
    image = join_inside(data_dir, f"{folder}/{row['image'].lstrip('/')}", where=where)
    return CountRecord(image, count), split
