"""Fits the boxes that a file gives for some frames of a shot to the frames as they are."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from config.errors import InputError
from datasets.box_flaws import PHRASES, find_flaw
from datasets.images import read_header
from datasets.named_shots import NamedShot

_NUM_NAMED = 3
_logger = logging.getLogger(__name__)


def fit_frame_boxes(
    frames: Sequence[Path], found: Mapping[int, np.ndarray], where: str
) -> tuple[np.ndarray | None, ...]:
    """Cut boxes at the border of their frames, and leave out those that are no boxes.

    Only headers are read, those of annotated frames; a frame without a sound one keeps its boxes
    as they are. Boxes that are not finite, empty, inverted or outside are left out, which the log
    tells in one line. A frame that has none left is not annotated: where its object is is unknown.

    Args:
        frames: T picture files.
        found: (N, 4) float xyxy boxes in pixels, half-open, by place of the frame; of N = 0 for a
            frame that is known to show none.
        where: the file of the boxes, for the log.

    Returns:
        T entries as `datasets.records.ShotRecord` has them; () where no frame has one.

    Example:
        >>> found = {1: np.array([[2.0, 1, 9, 3]]), 2: np.array([[5.0, 1, 2, 3]])}
        >>> boxes = fit_frame_boxes([Path("absent")] * 3, found, "a.csv")
        >>> [each if each is None else each.tolist() for each in boxes]
        [None, [[2.0, 1.0, 9.0, 3.0]], None]
    """
    flaws: list[str] = []
    fitted = {
        number: _fit(np.asarray(boxes, np.float64).reshape(-1, 4), frames[number], flaws)
        for number, boxes in sorted(found.items())
    }
    if flaws:
        shown = "; ".join(flaws[:_NUM_NAMED]) + ("; ..." if len(flaws) > _NUM_NAMED else "")
        _logger.warning("Left out %d boxes of %s: %s.", len(flaws), where, shown)
    if all(boxes is None for boxes in fitted.values()):
        return ()
    return tuple(fitted.get(number) for number in range(len(frames)))


def keep_boxed_frames(shot: NamedShot, found: Mapping[int, np.ndarray]) -> NamedShot:
    """Keep the frames of a shot that have sound boxes, with these.

    Args:
        shot: a shot without boxes.
        found: boxes by place of the frame, as for `fit_frame_boxes`.

    Returns:
        The shot with `boxes`; perhaps without any frame.

    Example:
        >>> shot = NamedShot("a", (Path("1.jpg"), Path("2.jpg")), "cat")
        >>> keep_boxed_frames(shot, {1: np.array([[2.0, 1, 9, 3]])}).frames
        (PosixPath('2.jpg'),)
    """
    boxes = fit_frame_boxes(shot.frames, found, f"the shot {shot.name}") if found else ()
    kept = [number for number, each in enumerate(boxes) if each is not None]
    frames = tuple(shot.frames[number] for number in kept)
    return replace(shot, frames=frames, boxes=tuple(boxes[number] for number in kept))


def _fit(boxes: np.ndarray, frame: Path, flaws: list[str]) -> np.ndarray | None:
    if not len(boxes):
        return boxes
    height, width = _read_size(frame)
    kept = []
    for i, box in enumerate(boxes):
        kind = find_flaw(box, (height, width)) if np.isfinite(box).all() else "infinite"
        if kind in ("", "beyond"):
            kept.append(i)
        else:
            phrase = PHRASES.get(kind, "is not of finite numbers")
            flaws.append(f"`{frame.name}`, whose box {[float(side) for side in box]} {phrase}")
    return np.clip(boxes[kept], 0, [width, height] * 2) if kept else None


def _read_size(frame: Path) -> tuple[float, float]:
    try:
        header = read_header(frame)
    except InputError:  # told again, and counted, when the frame is decoded
        return math.inf, math.inf
    return header.height, header.width
