"""Opens CSV tables of annotations, and takes the columns that all of them share."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from config.errors import InputError
from datasets.paths import join_inside, require_size
from datasets.split_rules import SPLITS

_MAX_BYTES = 1 << 28


def read_table(path: Path, columns: Sequence[str]) -> list[tuple[str, dict[str, str | None]]]:
    """Read a CSV table whose first line names the columns.

    Args:
        path: file in UTF-8, with or without a byte order mark, of at most 256 MiB.
        columns: names that the first line must have; others may follow.

    Returns:
        (file and line for messages, {column: text, or None where a row is short}) a row.

    Raises:
        InputError: no such file, too large, not a table, separated by semicolons or tabs, or
            without one of `columns`.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "herd.csv"
        >>> _ = path.write_text("image,count\\n1.jpg,4\\n")
        >>> [row["count"] for where, row in read_table(path, ["image", "count"])]
        ['4']
    """
    with _open_table(path) as file:
        reader = csv.DictReader(file, skipinitialspace=True)
        names = reader.fieldnames or ()
        if not set(columns) <= set(names):
            _refuse_separator(names, columns, f"`{path}`")
        _require_columns(names, columns, path)
        return [(f"`{path}` line {reader.line_num}", row) for row in reader]


def read_bare_table(path: Path, columns: Sequence[str]) -> list[tuple[str, dict[str, str]]]:
    """Read a CSV table without a line of names.

    Args:
        path: file in UTF-8, with or without a byte order mark, of at most 256 MiB.
        columns: what its columns are, in order; empty lines do not count.

    Returns:
        (file and line for messages, {column: text without blanks around it}) a row.

    Raises:
        InputError: no such file, too large, not a table, separated by semicolons or tabs, a line
            of names, or a row with another number of columns.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "herd.csv"
        >>> _ = path.write_text("1.jpg,4\\n")
        >>> [row["count"] for where, row in read_bare_table(path, ["image", "count"])]
        ['4']
    """
    rows = []
    with _open_table(path) as file:
        reader = csv.reader(file)
        for cells in reader:
            where = f"`{path}` line {reader.line_num}"
            values = [cell.strip() for cell in cells]
            if values and not rows:
                _check_first_row(values, columns, where)
            if values and len(values) != len(columns):
                raise InputError(
                    f"{where} must have the {len(columns)} columns {', '.join(columns)}. It has "
                    f"{len(values)}."
                )
            rows += [(where, dict(zip(columns, values, strict=True)))] if values else []
    return rows


@contextlib.contextmanager
def _open_table(path: Path) -> Iterator[TextIO]:
    """Open a table; what its reader says against it becomes an `InputError`."""
    require_size(path, _MAX_BYTES)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            yield file
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"`{path}` must be a CSV table in UTF-8. Reading says: {error}") from error


def take_image(row: dict[str, str | None], data_dir: Path, folder: str, where: str) -> Path:
    """Take the picture of a row.

    Args:
        row: one row with the column `image`.
        data_dir: folder that holds the data sets.
        folder: the table's folder, relative to `data_dir`, which the names are relative to.
        where: the file and line, for messages.

    Returns:
        The picture, which need not exist.

    Raises:
        InputError: the name is empty or leads out of `data_dir`.

    Example:
        >>> take_image({"image": "/1.jpg"}, Path("data"), "herd", "line 2").as_posix()
        'data/herd/1.jpg'
    """
    if not row["image"]:
        raise InputError(f"{where}: `image` must name a picture. It is empty.")
    return join_inside(data_dir, f"{folder}/{row['image'].lstrip('/')}", where=where)


def take_split_name(row: dict[str, str | None], where: str) -> str | None:
    """Take the split of a row.

    Args:
        row: one row, perhaps with a column `split`.
        where: the file and line, for messages.

    Returns:
        "train", "val" or "test"; None when the table has no such column.

    Raises:
        InputError: another name.

    Example:
        >>> take_split_name({"image": "1.jpg", "split": "val"}, "line 2")
        'val'
    """
    split = row.get("split")
    if "split" in row and split not in SPLITS:
        raise InputError(f"{where}: `split` must be one of {', '.join(SPLITS)}. Received {split}.")
    return split


def _require_columns(names: Sequence[str], columns: Sequence[str], path: Path) -> None:
    for name in columns:
        if name not in names:
            raise InputError(
                f"`{path}` must have a column `{name}`. Its first line names "
                f"{', '.join(names) or 'nothing'}."
            )


def _check_first_row(values: Sequence[str], columns: Sequence[str], where: str) -> None:
    """Require a row of numbers and texts: not the columns' names, whatever they are called."""
    _refuse_separator(values, columns, where)
    if not {*values} & {*columns} and (len(columns) < 3 or any(map(_is_number, values))):
        return
    raise InputError(
        f"{where} must be a row, as the table has no line of names. It names "
        f"{', '.join(values)[:80]}; remove the line, and put the columns in the order "
        f"{', '.join(columns)}."
    )


def _refuse_separator(values: Sequence[str], columns: Sequence[str], where: str) -> None:
    for sign, name in ((";", "semicolons"), ("\t", "tabs")):
        number = sum(value.count(sign) for value in values)
        # Enough of them for all columns: commas are then those of decimal numbers.
        if number >= max(2, len(columns) - 1) or (number and len(values) < len(columns)):
            raise InputError(
                f"{where} must be separated by commas. It is separated by {name}; save the table "
                "as CSV with commas, and a point in decimal numbers."
            )


def _is_number(text: str) -> bool:
    with contextlib.suppress(ValueError):
        float(text)
        return True
    return False
