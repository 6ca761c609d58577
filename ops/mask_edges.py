"""Masks made wider, or faded at their edge."""

from __future__ import annotations

import numpy as np

from ops.opencv import cv2


def widen_mask(mask: np.ndarray, margin: int) -> np.ndarray:
    """Widen a mask by a rim.

    Args:
        mask: (H, W) bool.
        margin: width of the rim, pixels; 0 for none.

    Returns:
        (H, W) bool.

    Example:
        >>> widen_mask(np.eye(3, dtype=bool) & (np.arange(3) == 1), 1).astype(int).tolist()
        [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
    """
    if not margin:
        return mask
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1,) * 2)
    return cv2.dilate(mask.astype(np.uint8), disc).astype(bool)


def fade_mask(mask: np.ndarray, width: int) -> np.ndarray:
    """Let a mask fall off outside its edge, linearly to 0 beyond `width` pixels.

    Args:
        mask: (H, W) bool.
        width: of the rim that fades, pixels; 0 for a hard edge.

    Returns:
        (H, W) float32 in 0..1, 1 inside the mask.

    Example:
        >>> fade_mask(np.array([[True, False, False]]), 1).tolist()
        [[1.0, 0.5, 0.0]]
    """
    if not mask.any():
        return np.zeros(mask.shape, np.float32)
    distance = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return (1 - distance / (width + 1)).clip(0, 1).astype(np.float32)


def cover_cells(mask: np.ndarray, cell: int) -> np.ndarray:
    """Fill every cell of a grid that a mask touches, so that a coarser grid loses none of it.

    Args:
        mask: (H, W) bool.
        cell: side of a cell, pixels; the grid starts at the top left.

    Returns:
        (H, W) bool.

    Example:
        >>> cover_cells(np.array([[False, True, False]]), 2).tolist()
        [[True, True, False]]
    """
    rows, columns = np.divmod(np.flatnonzero(mask), mask.shape[1])
    touched = np.zeros(np.floor_divide(mask.shape, cell) + 1, bool)
    touched[rows // cell, columns // cell] = True
    whole = touched.repeat(cell, axis=0).repeat(cell, axis=1)
    return whole[: mask.shape[0], : mask.shape[1]]
