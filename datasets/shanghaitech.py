"""Reads ShanghaiTech (part A or B): one JPEG and one `.mat` of head points a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from config.errors import InputError
from datasets.bad_records import read_own_points
from datasets.matlab import points_from_xy, read_mat
from datasets.paths import find_dataset, keep_inside, list_files
from datasets.records import BadRecord, PointRecord
from datasets.split_rules import check_split

_FOLDERS = {"train": "train_data", "test": "test_data"}


def read_shanghaitech(data_dir: Path, dataset: str, split: str) -> list[PointRecord | BadRecord]:
    """Read the pictures and head points of one part.

    Layout: `<part>/{train_data,test_data}/{images/IMG_n.jpg, ground_truth/GT_IMG_n.mat}`; the
    folder may be called `ground-truth` too. Off by one: the points were clicked in MATLAB, which
    counts from 1 and gives [x y]; they become (y - 1, x - 1).

    Args:
        data_dir: folder that holds the data sets.
        dataset: the part's folder, e.g. `ShanghaiTech/part_B_final`.
        split: "train" or "test", the official ones; "val" has no pictures.

    Returns:
        Records sorted by picture, a `BadRecord` where a `.mat` cannot be used. A picture that is
        absent is listed all the same.

    Raises:
        InputError: a folder is missing or has no `.mat`, or a file leads out of `data_dir`.

    Example:
        >>> import tempfile
        >>> read_shanghaitech(Path(tempfile.mkdtemp()), "part_C", "train")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `part_C` must be a folder inside ...

    References:
        Zhang et al., Single-Image Crowd Counting via Multi-Column CNN, CVPR 2016.
    """
    check_split(split)
    part = find_dataset(data_dir, dataset)
    if split == "val":
        return []
    folder = part / _FOLDERS[split]
    truth = folder / "ground-truth"
    truth = truth if truth.is_dir() else folder / "ground_truth"
    files = {image: truth / f"GT_{image.stem}.mat" for image in (folder / "images").glob("*.jpg")}
    for file in list_files(data_dir, truth, "GT_*.mat"):
        files[folder / "images" / f"{file.stem[3:]}.jpg"] = file
    return [
        read_own_points(keep_inside(data_dir, image), files[image], _read_points)
        for image in sorted(files)
    ]


def _read_points(path: Path) -> np.ndarray:
    variables = read_mat(path)
    try:
        location = variables["image_info"][0, 0]["location"][0, 0]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise InputError(
            f"`{path}` must hold `image_info{{1,1}}.location`. It does not."
        ) from error
    return points_from_xy(location, path, "location")
