"""Writes files whole or not at all, JSON among them."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from config.errors import InputError


@contextmanager
def atomic_file(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its place when the block ends well.

    A block that raises (a full disk, Ctrl-C) leaves neither the temporary file nor a changed
    `path` behind.

    Args:
        path: the file to write. Its folder must exist.

    Yields:
        A path in the same folder with the same suffix.

    Raises:
        OSError: the folder is missing, not writable or full.

    Example:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with atomic_file(Path(folder) / "a.txt") as temporary:
        ...         _ = temporary.write_text("whole")
        ...     [file.name for file in Path(folder).iterdir()]
        ['a.txt']
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def output_folder(path: str | os.PathLike) -> Iterator[Path]:
    """Make a folder for output and show that it takes files, before any work is done.

    When the block raises, the folders that were made here and are still empty are removed.

    Args:
        path: the folder; parents are made too.

    Yields:
        The folder.

    Raises:
        InputError: the folder cannot be made or written to.

    Example:
        >>> with tempfile.TemporaryDirectory() as parent:
        ...     with output_folder(Path(parent) / "a" / "b") as folder:
        ...         folder.name
        'b'
    """
    path, made = Path(path), []
    try:
        made = [folder for folder in (path, *path.parents) if not folder.exists()]
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        _remove_empty(made)
        raise InputError(
            f"Output folder {path} must be a folder that can be written to. "
            f"Received: {error.strerror or error}; choose another folder."
        ) from error
    try:
        yield path
    except BaseException:
        _remove_empty(made)
        raise


def _remove_empty(folders: Sequence[Path]) -> None:
    """Remove folders, the deepest first; those that are absent or hold something stay as is."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def to_json(value: Any) -> Any:
    """Turn a value into plain JSON types.

    Args:
        value: nested mappings, sequences, NumPy scalars and arrays, dataclasses and paths.

    Returns:
        The same with str keys, lists and Python numbers; NaN and infinities become None, as JSON
        has no word for them.

    Example:
        >>> to_json({"mae": np.float32("nan"), "N": np.int64(2), "shape": (96, 128, 3)})
        {'mae': None, 'N': 2, 'shape': [96, 128, 3]}
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def write_json(value: Any, path: Path) -> Path:
    """Write a value as JSON, whole or not at all.

    A file name that is not UTF-8 is written with escapes such as `\\udce9`, which read back as they
    were.

    Args:
        value: see `to_json`.
        path: file to write.

    Returns:
        `path`.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_json([float("inf")], Path(folder) / "a.json").read_text().split()
        ['[', 'null', ']']
    """
    text = json.dumps(to_json(value), indent=2, ensure_ascii=False, allow_nan=False)
    with atomic_file(path) as temporary:
        # What UTF-8 cannot hold stands in strings alone, where the escape is JSON's own.
        temporary.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
    return Path(path)


@contextmanager
def atomic_table(path: Path) -> Iterator[Any]:
    """Open a CSV table that appears whole when the block ends, or not at all.

    A file name that is not UTF-8 is written in its own bytes.

    Args:
        path: file to write.

    Yields:
        A `csv.writer`.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with atomic_table(Path(folder) / "a.csv") as table:
        ...         table.writerows([["image", "count"], ["a, b.jpg", 2]])
        ...     (Path(folder) / "a.csv").read_text().splitlines()
        ['image,count', '"a, b.jpg",2']
    """
    with (
        atomic_file(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file,
    ):
        yield csv.writer(file, lineterminator="\n")
