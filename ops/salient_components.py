"""Salient components: the areas of a saliency map that may be objects."""

from __future__ import annotations

import numpy as np

from ops.blobs import check_map, find_blobs
from ops.seeds import IGNORE


def oracle_saliency(truth: np.ndarray) -> np.ndarray:
    """Return the saliency that a perfect model would give, to tell its errors from those of seeds.

    Args:
        truth: (H, W) true labels, 0 background, 255 void.

    Returns:
        (H, W) float32, 1 where there is an object; void is none.

    Example:
        >>> oracle_saliency(np.array([[0, 7, 255]])).tolist()
        [[0.0, 1.0, 0.0]]
    """
    truth = np.asarray(truth)
    return ((truth != 0) & (truth != IGNORE)).astype(np.float32)


def salient_mask(saliency: np.ndarray, *, threshold: float = 0.5, floor: float = 0.0) -> np.ndarray:
    """Return where a picture is salient: at least a share of its own maximum.

    Args:
        saliency: (H, W), not negative.
        threshold: share of the maximum, in (0, 1].
        floor: what is below it is not salient, in the map's unit. Without it every picture has
            something salient, even an empty one.

    Returns:
        (H, W) bool; none where the map is all 0.

    Raises:
        ValueError: `saliency` is no map, negative or not finite.

    Example:
        >>> salient_mask(np.array([[0.1, 0.2, 0.4]])).tolist()
        [[False, True, True]]
    """
    saliency = np.asarray(saliency)
    check_map("saliency", saliency)
    if not np.isfinite(saliency).all() or saliency.min() < 0:
        raise ValueError("`saliency` must be finite and not negative. Received other values.")
    return (saliency > 0) & (saliency >= max(threshold * saliency.max(), floor))


def label_components(mask: np.ndarray, *, min_area: float) -> np.ndarray:
    """Label the 8-connected areas of a mask that are large enough and not one pixel thin.

    Args:
        mask: (H, W) bool.
        min_area: smaller areas are dropped, in pixels.

    Returns:
        (H, W) int32, 0 outside, 1 to M in the order of their first pixels, row by row.

    Example:
        >>> label_components(np.array([[0, 0, 0, 1, 1], [1, 1, 0, 1, 1], [1, 1, 0, 0, 0]], bool),
        ...                  min_area=3).tolist()
        [[0, 0, 0, 1, 1], [2, 2, 0, 1, 1], [2, 2, 0, 0, 0]]
    """
    blobs = find_blobs(np.asarray(mask, bool))
    sides = blobs.boxes[:, 2:] - blobs.boxes[:, :2]
    kept = np.flatnonzero((blobs.areas >= min_area) & (sides > 1).all(axis=1))
    kept = kept[kept > 0]
    rows = blobs.boxes[kept, 1]
    columns = [np.argmax(blobs.labels[row] == i) for i, row in zip(kept, rows, strict=True)]
    numbers = np.zeros(len(blobs.areas), np.int32)
    # OpenCV numbers blobs in an order of its own, which may change.
    numbers[kept[np.lexsort((columns, rows))]] = np.arange(1, len(kept) + 1)
    return numbers[blobs.labels]
