"""Reads UCF_CC_50: `n.jpg` and `n_ann.mat` with one point a head."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from config.errors import InputError
from datasets.bad_records import read_own_points
from datasets.matlab import points_from_xy, read_mat
from datasets.paths import find_dataset, keep_inside, list_files
from datasets.records import BadRecord, PointRecord
from datasets.split_rules import every_fifth


def read_ucf_cc_50(data_dir: Path, dataset: str, split: str) -> list[PointRecord | BadRecord]:
    """Read the pictures and head points.

    There is no official train and test split (papers cross-validate over five folds): every fifth
    picture by sorted name is "test" (see `datasets.split_rules`). Off by one: `annPoints` holds
    MATLAB's [x y], counted from 1; it becomes (y - 1, x - 1). The released files hold a few points
    outside their picture; they are kept, for the counts include them.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the folder of the pictures, e.g. `UCF_CC_50`.
        split: "train" or "test"; "val" has no pictures.

    Returns:
        Records sorted by picture, a `BadRecord` where a `.mat` cannot be used. A picture that is
        absent is listed all the same.

    Raises:
        InputError: the folder is missing or has no `.mat`, or a file leads out of `data_dir`.

    Example:
        >>> import tempfile
        >>> read_ucf_cc_50(Path(tempfile.mkdtemp()), "UCF", "train")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `UCF` must be a folder inside ...

    References:
        Idrees et al., Multi-Source Multi-Scale Counting, CVPR 2013.
    """
    folder = find_dataset(data_dir, dataset)
    files = {image: image.with_name(f"{image.stem}_ann.mat") for image in folder.glob("*.jpg")}
    for file in list_files(data_dir, folder, "*_ann.mat"):
        files[file.with_name(file.name.removesuffix("_ann.mat") + ".jpg")] = file
    return [
        read_own_points(keep_inside(data_dir, image), files[image], _read_points)
        for image in every_fifth(sorted(files), split)
    ]


def _read_points(path: Path) -> np.ndarray:
    variables = read_mat(path)
    if "annPoints" not in variables:
        raise InputError(f"`{path}` must hold `annPoints`. It does not; replace the file.")
    return points_from_xy(variables["annPoints"], path, "annPoints")
