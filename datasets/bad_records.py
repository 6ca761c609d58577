"""One rule for a picture's own annotation file that cannot be used: the picture is bad."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from config.errors import InputError
from datasets.records import BadRecord, PointRecord, Region


def read_own_points(
    image: Path, file: Path, read: Callable[[Path], np.ndarray], *, region: Region | None = None
) -> PointRecord | BadRecord:
    """Make the record of a picture that has an annotation file of its own.

    A file that lists a whole data set must be right; one picture's file may be missing or damaged,
    as the picture itself may. Both are named and left out by `datasets.bad_files`, up to a share.

    Args:
        image: picture file.
        file: its annotation file.
        read: file -> (N, 2) float64 array, (row, column) in pixels.
        region: what counts of the picture.

    Returns:
        A record; a `BadRecord` when `read` raises InputError.

    Example:
        >>> def read(file):
        ...     raise InputError(f"`{file}` must be a whole MATLAB file.")
        >>> read_own_points(Path("1.jpg"), Path("1.mat"), read).reason
        '`1.mat` must be a whole MATLAB file.'
    """
    try:
        return PointRecord(image, read(file), region=region)
    except InputError as error:
        return BadRecord(image, str(error))
