"""Reads ShanghaiTech (part A or B): one JPEG and one `.mat` of head points a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from config.errors import InputError
from datasets.matlab import points_from_xy, read_mat
from datasets.paths import find_dataset, keep_inside, list_files
from datasets.records import PointRecord
from datasets.split_rules import check_split

_FOLDERS = {"train": "train_data", "test": "test_data"}


def read_shanghaitech(data_dir: Path, dataset: str, split: str) -> list[PointRecord]:
    """Read the pictures and head points of one part.

    Layout: `<part>/{train_data,test_data}/{images/IMG_n.jpg, ground_truth/GT_IMG_n.mat}`; the
    folder may be called `ground-truth` too. Off by one: the points were clicked in MATLAB, which
    counts from 1 and gives [x y]; they become (y - 1, x - 1).

    Args:
        data_dir: folder that holds the data sets.
        dataset: the part's folder, e.g. `ShanghaiTech/part_B_final`.
        split: "train" or "test", the official ones; "val" has no pictures.

    Returns:
        Records sorted by picture. A picture that is absent is listed all the same.

    Raises:
        InputError: a folder is missing, a picture has no `.mat`, or a `.mat` cannot be used.

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
    files = list_files(data_dir, truth, "GT_*.mat")
    names = {file: folder / "images" / f"{file.stem[3:]}.jpg" for file in files}
    images = {file: keep_inside(data_dir, name) for file, name in names.items()}
    for image in sorted((folder / "images").glob("*.jpg")):
        if truth / f"GT_{image.stem}.mat" not in images:
            raise InputError(f"`{image}` must have points in `{truth}`. There are none; add them.")
    return sorted(PointRecord(image, _read_points(file)) for file, image in images.items())


def _read_points(path: Path) -> np.ndarray:
    variables = read_mat(path)
    try:
        location = variables["image_info"][0, 0]["location"][0, 0]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise InputError(
            f"`{path}` must hold `image_info{{1,1}}.location`. It does not."
        ) from error
    return points_from_xy(location, path, "location")
