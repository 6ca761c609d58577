"""Tells where the object of a shot is in a frame, for scoring: boxes, or the mask's box."""

from __future__ import annotations

import numpy as np

from config.errors import InputError
from datasets.images import MAX_PIXELS, read_header, read_labels
from datasets.records import ShotRecord


def read_frame_boxes(
    shot: ShotRecord, number: int, *, max_pixels: int = MAX_PIXELS
) -> np.ndarray | None:
    """Read the true boxes of a frame.

    Where the shot has no boxes of the frame, but a mask, it is one box around all that is not 0.

    Args:
        shot: the shot.
        number: place of the frame, from 0.
        max_pixels: larger masks are refused.

    Returns:
        (N, 4) float64 xyxy in pixels of the frame, half-open; N = 0 where the object is not in
        sight; None where the frame is not annotated.

    Raises:
        InputError: the mask cannot be read, or is not of the frame's size.

    Example:
        >>> from pathlib import Path
        >>> shot = ShotRecord("1", (Path("1.jpg"),), 1, ("cat",), boxes=(np.ones((1, 4)),))
        >>> read_frame_boxes(shot, 0).shape
        (1, 4)
    """
    if shot.boxes and shot.boxes[number] is not None:
        return shot.boxes[number]
    return read_frame_truth(shot, number, max_pixels=max_pixels)[0]


def read_frame_truth(
    shot: ShotRecord, number: int, *, max_pixels: int = MAX_PIXELS
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Read the true boxes and the true mask of a frame, the mask's file once.

    Args:
        shot: the shot.
        number: place of the frame, from 0.
        max_pixels: larger masks are refused.

    Returns:
        (boxes of `read_frame_boxes`, mask of `read_frame_mask`).

    Raises:
        InputError: the mask cannot be read, or is not of the frame's size.

    Example:
        >>> from pathlib import Path
        >>> read_frame_truth(ShotRecord("1", (Path("1.jpg"),), 1, ("cat",)), 0)
        (None, None)
    """
    boxes = shot.boxes[number] if shot.boxes else None
    mask = read_frame_mask(shot, number, max_pixels=max_pixels)
    return box_mask(mask) if boxes is None and mask is not None else boxes, mask


def read_frame_mask(
    shot: ShotRecord, number: int, *, max_pixels: int = MAX_PIXELS
) -> np.ndarray | None:
    """Read the true mask of a frame.

    Args:
        shot: the shot.
        number: place of the frame, from 0.
        max_pixels: larger masks are refused.

    Returns:
        (H, W) bool of the frame's size, all objects together; None where there is no mask.

    Raises:
        InputError: the mask cannot be read, or is not of the frame's size.

    Example:
        >>> from pathlib import Path
        >>> read_frame_mask(ShotRecord("1", (Path("1.jpg"),), 1, ("cat",)), 0) is None
        True
    """
    path = shot.masks[number] if shot.masks else None
    if path is None:
        return None
    mask = read_labels(path, max_pixels=max_pixels)  # (H, W)
    header = read_header(shot.frames[number], max_pixels=max_pixels)
    if mask.shape != (header.height, header.width):
        raise InputError(
            f"`{path}` must be of the size of its frame `{shot.frames[number].name}`, "
            f"{header.width} x {header.height} (width x height). It has {mask.shape[1]} x "
            f"{mask.shape[0]}."
        )
    return mask != 0


def box_mask(mask: np.ndarray) -> np.ndarray:
    """Put one box around all objects of a mask.

    Args:
        mask: (H, W) bool.

    Returns:
        (1, 4) float64 xyxy in pixels, half-open; (0, 4) of an empty mask.

    Example:
        >>> box_mask(np.array([[False, True, False], [False, False, True]])).tolist()
        [[1.0, 0.0, 3.0, 2.0]]
    """
    rows, columns = (np.flatnonzero(np.any(mask, axis=axis)) for axis in (1, 0))
    if not len(rows):
        return np.zeros((0, 4))
    return np.array([[columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]], np.float64)
