"""Reads counts from a table `image,count`, with a third column `split` where there is one."""

from __future__ import annotations

import math
from pathlib import Path

from config.errors import InputError, MissingSplit
from datasets.paths import find_listing
from datasets.records import CountRecord
from datasets.split_rules import check_split, every_fifth
from datasets.tables import read_table, take_image, take_split_name

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
    path = find_listing(data_dir, dataset, _FILE_NAME)
    folder = path.parent.relative_to(data_dir).as_posix()
    table = read_table(path, ("image", "count"))
    rows = sorted(
        (_read_row(row, data_dir, folder, where) for where, row in table),
        key=lambda row: row[0].image,
    )
    if not rows or rows[0][1] is None:
        return every_fifth([record for record, _ in rows], split)
    chosen = [record for record, own in rows if own == split]
    if not chosen and split != "val":
        raise MissingSplit(f"`{path}` must have rows of the split {split}. It has none; add some.")
    return chosen


def _read_row(row: dict, data_dir: Path, folder: str, where: str) -> tuple[CountRecord, str | None]:
    image, split = take_image(row, data_dir, folder, where), take_split_name(row, where)
    try:
        count = float(row["count"])
    except (TypeError, ValueError):
        count = math.nan
    if not (math.isfinite(count) and count >= 0):
        raise InputError(
            f"{where}: `count` must be a number that is not negative. Received {row['count']}."
        )
    return CountRecord(image, count), split
