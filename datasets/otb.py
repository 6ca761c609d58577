"""Reads tracking sequences in the layout of OTB: a folder of frames and a box for each."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import numpy as np

from config.errors import InputError
from datasets.frame_fitting import fit_frame_boxes
from datasets.named_shots import NamedShot, name_shot, order_frames
from datasets.paths import find_dataset, keep_inside, list_pictures, require_size
from datasets.split_folders import list_folders
from ops.box_forms import xywh_to_xyxy

_FRAMES = "img"
_MAX_BYTES = 1 << 24
_SEPARATORS = re.compile(r"[,;\s]+")
_FIRST_BOX = {"david": 300}  # number in the name of the first frame that has one, from 1
_logger = logging.getLogger(__name__)


def list_otb_shots(data_dir: Path, dataset: str) -> list[NamedShot]:
    """List the sequences of a folder.

    Layout: `<sequence>/img/0001.jpg` and `<sequence>/groundtruth_rect.txt`, a line `x, y, width,
    height` a frame, separated by commas, blanks or tabs. Of a sequence with several targets, whose
    files are `groundtruth_rect.1.txt` and so on, all count. Off by one: x and y count pixels from
    1, as MATLAB does, so 1 is taken off them. A line of NaN, or an empty box, is a frame that is
    not annotated; so are the frames beyond the last line. A sequence's name is its tag.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the folder of the sequences, or of one.

    Returns:
        Shots, sorted by sequence; without a file of boxes they have none.

    Raises:
        InputError: there is no sequence, or a file of boxes cannot be read or has more lines than
            there are frames.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> (data_dir / "otb" / "Car" / "img").mkdir(parents=True)
        >>> (data_dir / "otb" / "Car" / "img" / "0001.jpg").touch()
        >>> _ = (data_dir / "otb" / "Car" / "groundtruth_rect.txt").write_text("3,2,5,4\\n")
        >>> shot = list_otb_shots(data_dir, "otb")[0]
        >>> shot.name, shot.boxes[0].tolist()
        ('otb/Car', [[2.0, 1.0, 7.0, 5.0]])

    References:
        Wu, Lim, Yang, "Object Tracking Benchmark", PAMI 2015.
    """
    folder = find_dataset(data_dir, dataset)
    if (folder / _FRAMES).is_dir():
        return [_read_sequence(data_dir, folder, name_shot(dataset))]
    sequences = [each for each in list_folders(data_dir, folder) if (each / _FRAMES).is_dir()]
    if not sequences:
        raise InputError(
            f"`{folder}` must hold sequences, folders with a folder `{_FRAMES}` each, as OTB does. "
            "There is none."
        )
    return [_read_sequence(data_dir, each, name_shot(dataset, each.name)) for each in sequences]


def _read_sequence(data_dir: Path, folder: Path, name: str) -> NamedShot:
    frames = order_frames(list_pictures(data_dir, folder / _FRAMES))
    found: dict[int, np.ndarray] = {}
    paths = [folder / "groundtruth_rect.txt"]
    if not paths[0].is_file():
        paths = sorted(folder.glob("groundtruth_rect.*.txt"))
    for path in paths if frames else ():
        boxes = read_rectangles(keep_inside(data_dir, path))
        first = _find_first(path, frames, len(boxes))
        for number, box in enumerate(boxes, start=first):
            if number in found:
                box = np.concatenate([found[number], box[np.newaxis]])
            found[number] = box.reshape(-1, 4)
    boxes = fit_frame_boxes(frames, found, f"`{folder}`") if found else ()
    return NamedShot(name, frames, folder.name, boxes=boxes)


def read_rectangles(path: Path) -> np.ndarray:
    """Read the boxes of a tracking sequence.

    Args:
        path: text file with a line `x, y, width, height` a frame, x and y in pixels from 1.

    Returns:
        (T, 4) float64 xyxy in pixels from 0, half-open; NaN where the file says so.

    Raises:
        InputError: no such file, too large, or a line that is not four numbers, with its number.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "groundtruth_rect.txt"
        >>> _ = path.write_text("1\\t1\\t4\\t3\\n")
        >>> read_rectangles(path).tolist()
        [[0.0, 0.0, 4.0, 3.0]]
    """
    require_size(path, _MAX_BYTES)
    rows = []
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            x, y, width, height = (float(part) for part in _SEPARATORS.split(line.strip()))
        except ValueError as error:
            raise InputError(
                f"`{path}` line {number} must be four numbers x, y, width, height. Received "
                f"{line[:80]!r}."
            ) from error
        rows.append((x - 1, y - 1, width, height))
    return xywh_to_xyxy(np.array(rows, np.float64).reshape(-1, 4))


def _find_first(path: Path, frames: tuple[Path, ...], num_boxes: int) -> int:
    """Return the place of the frame that the first line is about."""
    if num_boxes > len(frames):
        raise InputError(
            f"`{path}` must have a line a frame at most. It has {num_boxes} for {len(frames)} "
            "frames; put the missing frames back."
        )
    if num_boxes == len(frames):
        return 0
    first = _FIRST_BOX.get(path.parent.name.lower(), 1) - 1
    first = first if first + num_boxes <= len(frames) else 0
    told = (path, num_boxes, len(frames), frames[first].name)
    _logger.info("%s has boxes of %d of %d frames, the first %s.", *told)
    return first
