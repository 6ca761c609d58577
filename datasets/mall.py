"""Reads Mall: the frames of one camera and one `.mat` with the heads of all of them."""

from __future__ import annotations

from pathlib import Path

from config.errors import InputError
from datasets.matlab import points_from_xy, read_mat
from datasets.paths import find_dataset, join_inside
from datasets.records import PointRecord
from datasets.split_rules import check_split


def read_mall(data_dir: Path, dataset: str, split: str) -> list[PointRecord]:
    """Read the frames and head points.

    Layout: `<dataset>/mall_gt.mat` and `<dataset>/frames/seq_000001.jpg`, counted from 1. The
    official split trains on frames 1 to 800 of 2000 and tests on the rest; here the first 40 % of
    the frames that `mall_gt.mat` lists are "train" (rounded down) and the others "test", so that
    a shortened copy splits alike. Off by one: `loc` holds MATLAB's [x y], counted from 1; it
    becomes (y - 1, x - 1).

    Args:
        data_dir: folder that holds the data sets.
        dataset: the folder of `mall_gt.mat`, e.g. `mall_dataset`.
        split: "train" or "test"; "val" has no pictures.

    Returns:
        Records sorted by frame. A frame that is absent is listed all the same.

    Raises:
        InputError: a folder is missing, or `mall_gt.mat` cannot be used.

    Example:
        >>> import tempfile
        >>> read_mall(Path(tempfile.mkdtemp()), "mall_dataset", "train")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `mall_dataset` must be a folder inside ...

    References:
        Chen et al., Feature Mining for Localised Crowd Counting, BMVC 2012.
    """
    check_split(split)
    find_dataset(data_dir, dataset)
    path = join_inside(data_dir, f"{dataset}/mall_gt.mat")
    frames = _read_frames(path)
    start = len(frames) * 2 // 5
    places = {"train": range(start), "test": range(start, len(frames)), "val": ()}[split]
    if split != "val" and not places:
        raise InputError(f"`{path}` must list at least 3 frames. It lists {len(frames)}.")
    return [
        PointRecord(
            join_inside(data_dir, f"{dataset}/frames/seq_{i + 1:06d}.jpg"),
            points_from_xy(frames[i], path, f"frame{{1,{i + 1}}}.loc"),
        )
        for i in places
    ]


def _read_frames(path: Path) -> list:
    variables = read_mat(path)
    try:
        return [frame["loc"][0, 0] for frame in variables["frame"].ravel()]
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"`{path}` must hold `frame{{1,i}}.loc`. It does not.") from error
