"""Reads YouTube-Objects v2.2: a flat folder of frames a class, cut into shots by ranges."""

from __future__ import annotations

import logging
from bisect import bisect_left, bisect_right
from collections.abc import Sequence, Set
from pathlib import Path

import numpy as np

from config.errors import InputError
from datasets.frame_fitting import keep_boxed_frames
from datasets.matlab import read_mat
from datasets.named_shots import NamedShot, name_shot
from datasets.paths import find_dataset, keep_inside, list_pictures

NUM_VALIDATION_VIDEOS = 3  # of each class, the first
_DIGITS = 8  # of a frame's number
_FRAME_FOLDERS = ("", "videos", "JPEGImages")
_logger = logging.getLogger(__name__)


def list_youtube_objects_22(data_dir: Path, dataset: str) -> list[NamedShot]:
    """List the shots of YouTube-Objects v2.2.

    Layout: `<class>/00000001.jpg` (or `videos/<class>/`, `JPEGImages/<class>/`);
    `Ranges/ranges_<class>.mat`, `ranges` with a column a shot: first frame, last frame, number of
    the video; `GroundTruth/<class>/bb_gtTraining_<class>.mat` and `bb_gtTest_<class>.mat`, arrays
    of a frame's name, the class and 8 digits, and its boxes [x0 y0 x1 y1]. A video is of the split
    whose boxes touch it, else of train. The first three train videos of a class validate. The test
    and the validation take annotated frames alone; training takes every frame, without boxes. A
    range that comes twice, as one of the horses does, is one shot; a shot without frames is not
    listed. Numbers are taken as the files have them.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the folder that holds `Ranges` and `GroundTruth`.

    Returns:
        Shots sorted by class, in the order of the ranges; named `<class>/video-0001/shot-000000`.

    Raises:
        InputError: there are no ranges, or a file is absent or not as told above.

    Example:
        >>> # see `datasets.shots.read_shots` with the format youtube_objects_22

    References:
        Kalogeiton et al., "Analysing domain shift factors between videos and images for object
        detection", PAMI 2016; splits of TCAM, arXiv 2208.14542.
    """
    folder = find_dataset(data_dir, dataset)
    files = sorted(_find(folder, "Ranges").glob("ranges_*.mat"))
    if not files:
        raise InputError(
            f"`{folder}` must hold `Ranges/ranges_<class>.mat`, as YouTube-Objects v2.2 does. "
            "There is none."
        )
    return [
        shot
        for path in files
        for shot in _list_class(data_dir, dataset, folder, keep_inside(data_dir, path))
    ]


def _list_class(data_dir: Path, dataset: str, folder: Path, path: Path) -> list[NamedShot]:
    """List the shots of the class whose ranges are in a file."""
    name = path.stem.removeprefix("ranges_")
    frames = _index_frames(data_dir, folder, name)
    truths = keep_inside(data_dir, _find(folder, "GroundTruth") / name)
    training, test = (_read_truth(truths, part, name) for part in ("Training", "Test"))
    ranges = _read_ranges(path)
    splits = _split_videos(ranges, training.keys(), test.keys())
    boxes = training | test
    known = sorted(frames)
    shots = []
    for number, (first, last, video) in enumerate(ranges):
        numbers = known[bisect_left(known, first) : bisect_right(known, last)]
        shot = NamedShot(
            name_shot(dataset, name, f"video-{video:04d}", f"shot-{number:06d}"),
            tuple(frames[i] for i in numbers),
            name,
            splits[video],
        )
        if splits[video] != "train":
            found = {place: boxes[i] for place, i in enumerate(numbers) if i in boxes}
            shot = keep_boxed_frames(shot, found)
        shots.append(shot)
    return [shot for shot in shots if shot.frames]


def _find(folder: Path, name: str) -> Path:
    """Return a folder of this name, or the one of the same name in it, as some archives have."""
    inside = folder / name / name
    return inside if inside.is_dir() else folder / name


def _index_frames(data_dir: Path, folder: Path, name: str) -> dict[int, Path]:
    """Return the frames of a class by number."""
    for place in _FRAME_FOLDERS:
        pictures = list_pictures(data_dir, _find(folder / place, name))
        frames = {int(path.stem): path for path in pictures if path.stem.isdecimal()}
        if frames:
            return frames
    _logger.warning("%s has no frames of the class %s.", folder, name)
    return {}


def _read_ranges(path: Path) -> list[tuple[int, int, int]]:
    """Return (first frame, last frame, number of the video) of each shot, each pair once."""
    array = np.asarray(read_mat(path).get("ranges"))
    if array.dtype.kind not in "iuf" or array.ndim != 2 or array.shape[0] != 3:
        raise InputError(
            f"`{path}` must hold `ranges`, 3 x N numbers. Received {array.dtype} of shape "
            f"{array.shape}."
        )
    if not (np.abs(array.astype(np.float64)) < 10**_DIGITS).all():
        raise InputError(f"`{path}`: `ranges` must be numbers of at most {_DIGITS} digits.")
    shots: dict[tuple[int, int], int] = {}
    for first, last, video in array.astype(int).T.tolist():
        if (first, last) in shots:
            _logger.info("%s has the range %d to %d twice.", path, first, last)
        shots.setdefault((first, last), video)
    return [(first, last, video) for (first, last), video in shots.items()]


def _read_truth(folder: Path, part: str, name: str) -> dict[int, np.ndarray]:
    """Return (N, 4) boxes by number of the frame, of the file for "Training" or "Test"."""
    path = folder / f"bb_gt{part}_{name}.mat"
    key = f"bb_gt{part}"
    entries = read_mat(path).get(key)
    if not isinstance(entries, np.ndarray) or len(entries.dtype.names or ()) < 2:
        raise InputError(f"`{path}` must hold `{key}`, names and boxes of frames. It does not.")
    found = {}
    for entry in entries.ravel():
        try:
            frame, boxes = str(np.asarray(entry[0]).item()), np.asarray(entry[1], np.float64)
            found[int(frame[-_DIGITS:])] = boxes.reshape(-1, 4)
        except (ValueError, TypeError) as error:
            raise InputError(
                f"`{path}`: `{key}` must give each frame a name that ends in {_DIGITS} digits, and "
                f"N x 4 boxes. Entry {len(found)} does not."
            ) from error
    return found


def _split_videos(
    ranges: Sequence[tuple[int, int, int]], training: Set[int], test: Set[int]
) -> dict[int, str]:
    """Return the split of each video, of the frames that have boxes for training and for test."""

    def list_touched(boxed: Set[int]) -> list[int]:
        return sorted(
            {video for first, last, video in ranges if any(first <= i <= last for i in boxed)}
        )

    tested = list_touched(test)
    validating = [video for video in list_touched(training) if video not in tested]
    splits = {video: "train" for _, _, video in ranges} | dict.fromkeys(tested, "test")
    return splits | dict.fromkeys(validating[:NUM_VALIDATION_VIDEOS], "val")
