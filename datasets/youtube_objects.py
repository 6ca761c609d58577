"""Reads YouTube-Objects v1.0: videos cut into shots, with boxes in a few frames."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from config.errors import InputError
from datasets.frame_fitting import keep_boxed_frames
from datasets.images import read_header
from datasets.matlab import read_mat
from datasets.named_shots import NamedShot, name_shot, order_frames
from datasets.paths import find_dataset, keep_inside, list_pictures, require_size
from datasets.split_folders import list_folders

NUM_VALIDATION_VIDEOS = 5  # of each class
_BOX_SUFFIX = "_sticks.mat"
_MAX_LIST_BYTES = 1 << 20
# Two boxes that the published files have wrong.
_SWAPPED = "horse/data/0004/shots/055/frame0020.jpg"
_TOO_WIDE = "boat/data/0006/shots/026/frame0001.jpg"
_logger = logging.getLogger(__name__)


def list_youtube_objects(data_dir: Path, dataset: str) -> list[NamedShot]:
    """List the shots of YouTube-Objects v1.0.

    Layout: `<class>/data/<video>/shots/<shot>/frame0001.jpg`, boxes of a few frames in
    `frame0001.jpg_sticks.mat` (`coor`, a cell of [x0 y0 x1 y1] an object), and the videos of each
    split in `<class>/sets/train.txt` and `test.txt`. The test takes the annotated frames of the
    test videos alone; five of the train videos that have boxes, drawn a class, validate with
    theirs; of all others every frame is for training, without boxes. Shots left without frames are
    not listed. Numbers are taken as the files have them, and negative ones become 0; of two frames
    the boxes are put right, as published: one has x0 and x1 swapped, one is too wide.

    The published draw of the validation videos is another one; its fold files, the format `wsol`,
    have it.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the folder of the classes.

    Returns:
        Shots sorted by class, video and shot, each with a split.

    Raises:
        InputError: there is no class, or a list of videos is absent.

    Example:
        >>> # see `datasets.shots.read_shots` with the format youtube_objects

    References:
        Prest et al., "Learning Object Class Detectors from Weakly Annotated Video", CVPR 2012;
        splits of TCAM, arXiv 2208.14542.
    """
    folder = find_dataset(data_dir, dataset)
    classes = [each for each in list_folders(data_dir, folder) if (each / "data").is_dir()]
    if not classes:
        raise InputError(
            f"`{folder}` must hold a folder for each class with a folder `data`, as "
            "YouTube-Objects v1.0 does. There is none."
        )
    shots = []
    for number, each in enumerate(classes):
        for video, split in _split_videos(data_dir, each, number):
            for shot in list_folders(data_dir, video / "shots"):
                shots.append(_read_shot(data_dir, dataset, shot, folder, each.name, split))
    return [shot for shot in shots if shot.frames]


def _split_videos(data_dir: Path, folder: Path, number: int) -> list[tuple[Path, str]]:
    """Return the videos of a class that has this number, each with its split."""
    told = {
        video: split
        for split in ("train", "test")
        for video in _read_list(keep_inside(data_dir, folder / "sets" / f"{split}.txt"))
    }
    videos = [each for each in list_folders(data_dir, folder / "data") if (each / "shots").is_dir()]
    splits = {each: told.get(each.name.lstrip("0")) for each in videos}
    for video in [each for each, split in splits.items() if split is None]:
        _logger.warning("Left out the video %s, which is in no list of `sets`.", video)
        del splits[video]
    boxed = [
        each
        for each, split in splits.items()
        if split == "train" and next(each.glob(f"shots/*/*{_BOX_SUFFIX}"), None) is not None
    ]
    drawn = np.random.default_rng(number).permutation(len(boxed))[:NUM_VALIDATION_VIDEOS]
    return list((splits | {boxed[i]: "val" for i in drawn}).items())


def _read_list(path: Path) -> list[str]:
    """Return the numbers of videos of a list, without leading zeros."""
    require_size(path, _MAX_LIST_BYTES)
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    return [Path(line.split()[0]).name.lstrip("0") for line in lines if line.strip()]


def _read_shot(
    data_dir: Path, dataset: str, folder: Path, root: Path, tag: str, split: str
) -> NamedShot:
    name = name_shot(dataset, folder.relative_to(root).as_posix())
    frames = order_frames(list_pictures(data_dir, folder))
    if split == "train":
        return NamedShot(name, frames, tag, split)
    found = {}
    for number, frame in enumerate(frames):
        path = Path(f"{frame}{_BOX_SUFFIX}")
        boxes = _read_boxes(keep_inside(data_dir, path)) if path.is_file() else None
        if boxes is not None:
            found[number] = _mend(boxes, frame, frame.relative_to(root).as_posix())
    return keep_boxed_frames(NamedShot(name, frames, tag, split), found)


def _read_boxes(path: Path) -> np.ndarray | None:
    """Return (N, 4) boxes; None, told by the log, where the file is not one of boxes."""
    try:
        cells = read_mat(path).get("coor")
        if cells is None:
            raise InputError(f"`{path}` must hold `coor`. It does not.")
        rows = list(cells.ravel()) if cells.dtype == object else [cells]
        boxes = np.concatenate([np.asarray(row, np.float64).reshape(-1, 4) for row in rows])
    except (InputError, ValueError, TypeError) as error:
        _logger.warning("Left out the boxes of %s: %s", path, error)
        return None
    return np.maximum(boxes, 0)


def _mend(boxes: np.ndarray, frame: Path, place: str) -> np.ndarray:
    if place == _SWAPPED:
        return boxes[:, [2, 1, 0, 3]]
    if place == _TOO_WIDE:
        boxes[:, 2] = np.minimum(boxes[:, 2], read_header(frame).width - 1)
    return boxes
