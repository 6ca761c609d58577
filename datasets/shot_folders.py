"""Reads a folder of shots for each class, a shot being a folder of frames."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from config.errors import InputError
from datasets.frame_box_table import BOX_TABLE, read_frame_box_table
from datasets.frame_fitting import fit_frame_boxes
from datasets.named_shots import NamedShot, name_shot, order_frames
from datasets.paths import find_dataset, keep_inside, list_pictures
from datasets.split_folders import find_split_folders, list_folders

_logger = logging.getLogger(__name__)


def list_shot_folders(data_dir: Path, dataset: str) -> list[NamedShot]:
    """List the shots of a folder for each class, whose name is their tag.

    Layout: `<class>/<shot>/<frame>`, or `<split>/<class>/<shot>/<frame>` with the splits `train`,
    `val` (or `valid`, `validation`) and `test`. Frames are pictures, in time by the numbers in
    their names. Boxes may lie in `boxes.csv`, see `datasets.frame_box_table`: in the data set's
    folder, with frames such as `cat/0001/12.jpg`, or in a shot's, with frames such as `12.jpg`,
    which then is the one that counts.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the folder of the classes, or of the splits.

    Returns:
        Shots sorted by split, class and name; one without frames has none.

    Raises:
        InputError: there is no shot, a table cannot be read, or a link leads out of `data_dir`.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> (data_dir / "cat" / "0001").mkdir(parents=True)
        >>> (data_dir / "cat" / "0001" / "1.jpg").touch()
        >>> shot = list_shot_folders(data_dir, ".")[0]
        >>> shot.name, shot.tag, len(shot.frames)
        ('cat/0001', 'cat', 1)
    """
    folder = find_dataset(data_dir, dataset)
    shared = _read_shared(data_dir, folder / BOX_TABLE)
    shots = []
    for place, split in find_split_folders(data_dir, folder):
        for each in list_folders(data_dir, place):
            for shot in list_folders(data_dir, each):
                name = shot.relative_to(folder).as_posix()
                found = shared.pop(name, {})
                told = (name_shot(dataset, name), each.name, split)
                shots.append(_read_shot(data_dir, shot, told, found))
    if not shots:
        raise InputError(
            f"`{folder}` must hold a folder for each class with a folder of frames for each shot. "
            "It has none."
        )
    for name in shared:
        _logger.warning("%s has boxes of %s, which is no shot.", folder / BOX_TABLE, name)
    return shots


def _read_shared(data_dir: Path, path: Path) -> dict[str, dict[str, np.ndarray]]:
    """Return the boxes of a table of all shots, by shot and by frame without its suffix."""
    if not path.is_file():
        return {}
    shots: dict[str, dict[str, np.ndarray]] = {}
    for frame, boxes in read_frame_box_table(keep_inside(data_dir, path)).items():
        shot, _, stem = frame.rpartition("/")
        shots.setdefault(shot, {})[stem] = boxes
    return shots


def _read_shot(
    data_dir: Path,
    folder: Path,
    told: tuple[str, str, str | None],
    found: Mapping[str, np.ndarray],
) -> NamedShot:
    """Return a shot of `told` name, tag and split."""
    frames = order_frames(list_pictures(data_dir, folder))
    path = folder / BOX_TABLE
    if path.is_file():
        found = read_frame_box_table(keep_inside(data_dir, path))
    places = {frame.stem: number for number, frame in enumerate(frames)}
    absent = [stem for stem in found if stem not in places]
    if absent:
        _logger.warning(
            "%d boxed frames of %s are not there, the first %s.", len(absent), folder, absent[0]
        )
    by_place = {places[stem]: boxes for stem, boxes in found.items() if stem in places}
    boxes = fit_frame_boxes(frames, by_place, f"`{folder}`") if by_place else ()
    name, tag, split = told
    return NamedShot(name, frames, tag, split, boxes)
