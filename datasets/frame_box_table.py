"""Reads and writes the table that boxes frames of shots, a row an object."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import numpy as np

from config.errors import InputError
from config.files import atomic_file
from datasets.tables import read_table

BOX_TABLE = "boxes.csv"
_SIDES = ("xmin", "ymin", "xmax", "ymax")


def read_frame_box_table(path: Path) -> dict[str, np.ndarray]:
    """Read the boxes of frames.

    The first line names the columns: `frame`, a picture relative to the table's folder, its suffix
    may be missing, and `xmin`, `ymin`, `xmax`, `ymax` in pixels from 0, half-open; others may
    follow. Several rows of a frame are several objects; a row whose four sides are empty says that
    the frame shows none. Frames without a row are not annotated. Whether the boxes are sound is
    for `datasets.frame_fitting` to say: text that is no number becomes NaN.

    Args:
        path: CSV file.

    Returns:
        (N, 4) float64 boxes by frame, without its suffix, with slashes.

    Raises:
        InputError: no such file, not such a table, or a row without a frame.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "boxes.csv"
        >>> _ = path.write_text("frame,xmin,ymin,xmax,ymax\\n01.jpg,1,2,5,6\\n02.jpg,,,,\\n")
        >>> {frame: boxes.tolist() for frame, boxes in read_frame_box_table(path).items()}
        {'01': [[1.0, 2.0, 5.0, 6.0]], '02': []}
    """
    rows: dict[str, list[list[float]]] = {}
    for where, row in read_table(path, ["frame", *_SIDES]):
        frame = (row["frame"] or "").strip().lstrip("/")
        if not frame:
            raise InputError(f"{where}: `frame` must name a picture. It is empty.")
        boxes = rows.setdefault(PurePosixPath(frame).with_suffix("").as_posix(), [])
        sides = [(row[side] or "").strip() for side in _SIDES]
        if any(sides):
            boxes.append([_to_number(side) for side in sides])
    return {frame: np.array(boxes, np.float64).reshape(-1, 4) for frame, boxes in rows.items()}


def write_frame_box_table(path: Path, boxes: Mapping[str, np.ndarray]) -> None:
    """Write the boxes of frames, whole or not at all, for `read_frame_box_table`.

    Args:
        path: CSV file to write.
        boxes: (N, 4) float xyxy boxes in pixels, half-open, by the name of the frame; of N = 0 for
            one that shows none.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "boxes.csv"
        >>> write_frame_box_table(path, {"1.jpg": np.array([[1, 2, 5, 6.5]]), "2.jpg": []})
        >>> path.read_text().split()
        ['frame,xmin,ymin,xmax,ymax', '1.jpg,1,2,5,6.5', '2.jpg,,,,']
    """
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("frame", *_SIDES))
    for frame, each in boxes.items():
        rows = np.asarray(each, np.float64).reshape(-1, 4).tolist()
        # Up to 17 digits, so that what is read again is equal; whole numbers without a point.
        writer.writerows([(frame, *(format(side, ".17g") for side in box)) for box in rows])
        if not rows:
            writer.writerow((frame, "", "", "", ""))
    with atomic_file(path) as temporary:
        temporary.write_text(table.getvalue(), encoding="utf-8")


def _to_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
