"""Reads dot pictures: beside each picture one more, black but for a pixel an object."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from config.errors import InputError
from datasets.bad_records import read_own_points
from datasets.images import read_labels
from datasets.paths import find_dataset, keep_inside, list_files
from datasets.records import BadRecord, PointRecord
from datasets.split_rules import every_fifth

_MAX_DOT_SHARE = 0.25
# (name of a picture of dots, name of its picture)
_NAMES = (
    (re.compile(r"(?P<start>.*)dots\.png"), r"\g<start>cell.png"),
    (re.compile(r"(?P<start>.+)_dots_(?P<number>\d+)\.png"), r"\g<start>_\g<number>.png"),
)


def read_dots(data_dir: Path, dataset: str, split: str) -> list[PointRecord | BadRecord]:
    """Read pictures and the dots that mark their objects.

    Layouts: `NNNcell.png` + `NNNdots.png` (VGG cells), and `<slide>_<kkk>.png` +
    `<slide>_dots_<kkk>.png` (MBM). Every pixel whose first channel is not 0 (red or white on
    black) is an object. There is no split: every fifth picture by sorted name is "test" (see
    `datasets.split_rules`). Off by one: none; a pixel's row and column count from 0 already.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the folder of the pictures.
        split: "train" or "test"; "val" has no pictures.

    Returns:
        Records sorted by picture, a `BadRecord` where the picture of dots is missing, cannot be
        read or is bright all over. A picture that is absent is listed all the same.

    Raises:
        InputError: the folder is missing or has no dots, or a file leads out of `data_dir`.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> folder = Path(tempfile.mkdtemp())
        >>> for i in range(5):
        ...     dots = Image.new("RGB", (8, 6))
        ...     dots.putpixel((3, 2), (255, 0, 0))
        ...     dots.save(folder / f"00{i}dots.png")
        >>> read_dots(folder.parent, folder.name, "test")[0].points
        array([[2., 3.]])

    References:
        Lempitsky and Zisserman, Learning to Count Objects in Images, NIPS 2010.
    """
    folder = find_dataset(data_dir, dataset)
    files = list_files(data_dir, folder, "*dots*.png")
    dots = {
        picture: picture.with_name(picture.name.removesuffix("cell.png") + "dots.png")
        for picture in folder.glob("*cell.png")
    }
    dots |= {file.with_name(name): file for file in files if (name := _picture_name(file.name))}
    return [
        read_own_points(keep_inside(data_dir, picture), dots[picture], read_dot_points)
        for picture in every_fifth(sorted(dots), split)
    ]


def read_dot_points(path: Path) -> np.ndarray:
    """Find the pixels of a picture of dots that are not black.

    Args:
        path: picture, black in its first channel but for one pixel an object.

    Returns:
        (N, 2) float64 array, (row, column) in pixels, in row order.

    Raises:
        InputError: the picture cannot be read, or more than a quarter of it is bright.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "dots.png"
        >>> Image.new("L", (8, 6)).save(path)
        >>> read_dot_points(path).shape
        (0, 2)
    """
    labels = read_labels(path)  # (H, W)
    points = np.argwhere(labels != 0).astype(np.float64)  # (N, 2)
    if len(points) > _MAX_DOT_SHARE * labels.size:
        raise InputError(
            f"`{path}` must be black but for one pixel an object. {len(points)} of its "
            f"{labels.size} pixels are bright; invert it if its background is white."
        )
    return points


def _picture_name(dots_name: str) -> str | None:
    for pattern, picture in _NAMES:
        if match := pattern.fullmatch(dots_name):
            return match.expand(picture)
    return None
