"""Reads TRANCOS: traffic pictures with a dot a car and a mask of the road that counts."""

from __future__ import annotations

from pathlib import Path

from config.errors import InputError
from datasets.bad_records import read_own_points
from datasets.dots import read_dot_points
from datasets.paths import find_dataset, join_inside, require_size
from datasets.records import BadRecord, PointRecord, Region
from datasets.split_rules import check_split

_LISTS = {"train": "training.txt", "val": "validation.txt", "test": "test.txt"}
_MAX_BYTES = 1 << 24


def read_trancos(data_dir: Path, dataset: str, split: str) -> list[PointRecord | BadRecord]:
    """Read the pictures, dots and regions of TRANCOS_v3.

    Layout: `image_sets/{training,validation,test}.txt` with one `name.jpg` a line, and in
    `images/` for each `name.jpg`, `namedots.png` (a pixel a car, not 0 in the first channel) and
    `namemask.mat` (matrix `BW`, not 0 inside the region). Off by one: none; a pixel's row and
    column count from 0 already.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the folder of `image_sets`, e.g. `TRANCOS_v3`.
        split: "train", "val" or "test", the official ones.

    Returns:
        Records sorted by picture, each with its region, a `BadRecord` where the mask is missing or
        the picture of dots cannot be used. All dots are kept; `datasets.points` drops those outside
        the region. A picture that is absent is listed all the same.

    Raises:
        InputError: the folder or a list is missing, or a list names a picture twice or none at all.

    Example:
        >>> import tempfile
        >>> read_trancos(Path(tempfile.mkdtemp()), "TRANCOS_v3", "train")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `TRANCOS_v3` must be a folder inside ...

    References:
        Guerrero-Gomez-Olmedo et al., Extremely Overlapping Vehicle Counting, IbPRIA 2015. The
        reader of ElementAI/LCFCN blackens what is outside the region, crops the picture to the
        region's box and, by an exclusive end, loses the box's last row and column. Here the whole
        picture stays as it is and the region goes with it, so that a position is one of the file.
    """
    check_split(split)
    find_dataset(data_dir, dataset)
    path = join_inside(data_dir, f"{dataset}/image_sets/{_LISTS[split]}")
    records = [
        _read_picture(data_dir, dataset, name, f"`{path}` `{name}`") for name in _read_list(path)
    ]
    return sorted(records, key=lambda record: record.image)


def _read_list(path: Path) -> list[str]:
    require_size(path, _MAX_BYTES)
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    names = [line.strip() for line in lines if line.strip()]
    if not names or len(set(names)) < len(names):
        raise InputError(
            f"`{path}` must name each picture once, one a line. It names {len(names)}, of which "
            f"{len(set(names))} differ."
        )
    return names


def _read_picture(data_dir: Path, dataset: str, name: str, where: str) -> PointRecord | BadRecord:
    image = join_inside(data_dir, f"{dataset}/images/{name}", where=where)
    folder, stem = f"{dataset}/images", name.removesuffix(image.suffix)
    mask = join_inside(data_dir, f"{folder}/{stem}mask.mat", where=where)
    if not mask.is_file():
        return BadRecord(image, f"{where} must have the region `{mask}`. There is none; add it.")
    dots = join_inside(data_dir, f"{folder}/{stem}dots.png", where=where)
    return read_own_points(image, dots, read_dot_points, region=Region(mask=mask, key="BW"))
