"""Blobs that come apart at higher probabilities: the leaves of a map's component tree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ops.blobs import label_blobs

MAX_LEVELS = 100  # what users may ask for; each is a labelling of its own


def level_thresholds(threshold: float, levels: int) -> list[float]:
    """Spread thresholds evenly between the lowest one and 1.

    t_i = threshold + (1 - threshold) i / levels for i = 0 .. levels - 1.

    Args:
        threshold: the lowest, in [0, 1).
        levels: how many, at least 1; 1 gives `threshold` alone.

    Returns:
        The thresholds, rising.

    Raises:
        ValueError: `threshold` or `levels` is out of range.

    Example:
        >>> level_thresholds(0.5, 2)
        [0.5, 0.75]
    """
    if not 0 <= threshold < 1:
        raise ValueError(f"`threshold` must be at least 0 and below 1. Received {threshold}.")
    if levels < 1:
        raise ValueError(f"`levels` must be at least 1. Received {levels}.")
    return [threshold + (1 - threshold) * i / levels for i in range(levels)]


def label_leaf_blobs(
    probs: np.ndarray,
    thresholds: Sequence[float],
    *,
    min_area: float = 1,
    where: np.ndarray | None = None,
) -> np.ndarray:
    """Label the blobs of a map that hold no smaller blob at a higher threshold.

    Objects that touch form one blob at a low threshold and several at a higher one, while a faint
    object is gone there. The 8-connected areas above all thresholds form a tree; its leaves are
    counted. One threshold gives what `label_blobs` gives.

    Args:
        probs: (H, W) probabilities; NaN belongs to no blob.
        thresholds: a blob's pixels are above one of them, rising.
        min_area: smaller areas are dropped before the leaves are found, in pixels.
        where: (H, W) bool, the region that counts; None for the whole picture.

    Returns:
        (H, W) int32 labels, 0 background, 1 to M without gaps, by the blobs' first pixels. A leaf
        is labelled where it exceeds its own threshold.

    Raises:
        ValueError: `thresholds` is empty or does not rise; else as `label_blobs`.

    Example:
        >>> probs = np.array([[0.9, 0.6, 0.9, 0.1, 0.6]])
        >>> label_leaf_blobs(probs, [0.5, 0.75]).tolist()
        [[1, 0, 2, 0, 3]]

    References:
        Najman and Couprie, "Building the Component Tree in Quasi-Linear Time", IEEE TIP 2006.
    """
    if not len(thresholds) or any(np.diff(thresholds) <= 0):
        raise ValueError(f"`thresholds` must be numbers that rise. Received {list(thresholds)}.")
    leaves = np.zeros(np.shape(probs), np.int32)
    inner = leaves > 0  # pixels of the areas one threshold above
    for threshold in reversed(thresholds):
        labels = label_blobs(probs, threshold=threshold, min_area=min_area, where=where)
        is_leaf = np.ones(labels.max() + 1, bool)
        is_leaf[0] = False
        is_leaf[labels[inner]] = False
        chosen = is_leaf[labels]
        leaves[chosen] = labels[chosen] + leaves.max()
        inner = labels > 0
    return _number_by_first_pixel(leaves)


def _number_by_first_pixel(labels: np.ndarray) -> np.ndarray:
    """Number labels anew, 1 to M in the order in which their first pixels come."""
    pixels = np.flatnonzero(labels)
    owners = labels.ravel()[pixels]
    firsts = np.full(labels.max() + 1, labels.size)
    np.minimum.at(firsts, owners, pixels)
    found = np.flatnonzero(firsts < labels.size)
    numbers = np.zeros(len(firsts), np.int32)
    numbers[found[np.argsort(firsts[found])]] = np.arange(1, len(found) + 1)
    return numbers[labels]
