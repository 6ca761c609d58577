"""Decodes the region of a picture that counts, from a mask or from polygons."""

from __future__ import annotations

import numpy as np

from config.errors import InputError
from datasets.images import read_labels
from datasets.matlab import read_mat
from datasets.records import Region

_MAX_CORNERS = 10_000


def read_region(region: Region | None, size: tuple[int, int]) -> np.ndarray:
    """Decode the part of a picture that counts.

    A pixel of a mask counts when it is not 0. A pixel counts for a polygon when its centre lies
    inside by the even-odd rule; corner (0, 0) is the upper left corner of the picture. With a mask
    and polygons, a pixel must be in both.

    Args:
        region: what to decode; None for the whole picture.
        size: (height, width) of the upright picture, in pixels.

    Returns:
        (H, W) bool.

    Raises:
        InputError: a mask cannot be read, has another size, or nothing counts.

    Example:
        >>> triangle = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]])
        >>> read_region(Region(polygons=(triangle,)), (3, 3)).astype(int)
        array([[1, 1, 0],
               [1, 0, 0],
               [0, 0, 0]])
    """
    inside = np.ones(size, bool)
    if region is None:
        return inside
    name = "A region's polygons"
    if region.mask is not None:
        name = f"`{region.mask}`"
        inside &= _read_mask(region, size)
    if region.polygons:
        inside &= np.any([_fill(corners, size) for corners in region.polygons], axis=0)
    if not inside.any():
        raise InputError(
            f"{name} must mark a pixel of its picture of {size[0]} x {size[1]} pixels. Nothing is "
            "marked; correct the region or leave it out."
        )
    return inside


def _read_mask(region: Region, size: tuple[int, int]) -> np.ndarray:
    if region.mask.suffix.lower() == ".mat":
        mask = read_mat(region.mask).get(region.key)
    else:
        mask = read_labels(region.mask)
    where = f"`{region.mask}`" + (f": `{region.key}`" if region.key else "")
    if not isinstance(mask, np.ndarray) or mask.dtype.kind not in "biuf":
        raise InputError(f"{where} must be a matrix of numbers. It is absent or another thing.")
    if mask.shape != tuple(size):
        raise InputError(
            f"{where} must have the size of its picture, {size[0]} x {size[1]} pixels. It has the "
            f"shape {mask.shape}."
        )
    return mask != 0


def _fill(corners: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return (H, W) bool: the pixels whose centres lie inside (M, 2) corners (row, column)."""
    if not (len(corners) <= _MAX_CORNERS and np.isfinite(corners).all()):
        raise InputError(
            f"A region's polygon must have at most {_MAX_CORNERS} finite corners. Received "
            f"{len(corners)}."
        )
    height, width = size
    centres = np.arange(height)[:, None] + 0.5  # (H, 1)
    start, end = corners, np.roll(corners, -1, axis=0)  # (M, 2)
    rows, edges = np.nonzero((start[:, 0] <= centres) != (end[:, 0] <= centres))
    share = (centres[rows, 0] - start[edges, 0]) / (end[edges, 0] - start[edges, 0])
    crossings = start[edges, 1] + share * (end[edges, 1] - start[edges, 1])
    # Every pixel from the first whose centre is right of a crossing changes sides there.
    first = np.clip(np.ceil(crossings - 0.5), 0, width).astype(np.int64)
    changes = np.zeros((height, width + 1), np.uint8)
    np.add.at(changes, (rows, first), 1)
    counts = np.cumsum(changes[:, :width], axis=1, dtype=np.uint8)  # wraps at 256: still even
    return counts % 2 == 1
