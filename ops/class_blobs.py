"""Blobs of several classes in one picture, outside a graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ops.blob_levels import label_leaf_blobs, level_thresholds
from ops.blobs import blob_points


@dataclass(frozen=True)
class BlobRule:
    """What counts as a blob.

    Attributes:
        threshold: its pixels have a probability above it, in [0, 1).
        levels: thresholds from there to 1, over which blobs that touch may come apart; 1 for one.
        min_area: smaller blobs are dropped, in pixels of the map; need not be whole.

    Example:
        >>> BlobRule(min_area=2).scaled(3.0).min_area
        18.0
    """

    threshold: float = 0.5
    levels: int = 1
    min_area: float = 1

    def scaled(self, scale: float) -> BlobRule:
        """Return the rule for a map whose sides are `scale` times as long."""
        return BlobRule(self.threshold, self.levels, max(1.0, self.min_area * scale**2))


def class_masks(probabilities: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """Tell which pixels belong to which class.

    A pixel belongs to class c when p_c exceeds the threshold and neither another class nor the
    background, with 1 - sum p, is likelier; from a threshold of .5 on the first says it all.

    Args:
        probabilities: (H, W, K), of each class; NaN belongs to none.
        threshold: in [0, 1).

    Returns:
        (H, W, K) bool.

    Example:
        >>> class_masks(np.array([[[0.3, 0.5], [0.3, 0.3]]]), 0.2).tolist()
        [[[False, True], [False, False]]]
    """
    return _keep_likeliest(np.asarray(probabilities), threshold) > threshold


def class_depths(
    probabilities: np.ndarray, threshold: float, levels: int
) -> tuple[np.ndarray, np.ndarray]:
    """Tell the class of each pixel, and how many thresholds its probability exceeds.

    Args:
        probabilities: (H, W, K), of each class; NaN belongs to none.
        threshold: attribute of `BlobRule`, as is the next.
        levels: thresholds over which blobs that touch may come apart.

    Returns:
        (H, W) int32 classes of `class_masks`, from 1, 0 where there is none; and (H, W) int32
        depths, from 1 to `levels`, 0 where there is none.

    Raises:
        ValueError: a number is out of range.

    Example:
        >>> classes, depths = class_depths(np.array([[[0.1, 0.8], [0.6, 0.1], [0.2, 0.3]]]), 0.5, 2)
        >>> classes.tolist(), depths.tolist()
        ([[2, 1, 0]], [[2, 1, 0]])
    """
    first, *others = level_thresholds(threshold, levels)
    masks = class_masks(probabilities, first)
    classes = np.max(masks * np.arange(1, masks.shape[-1] + 1, dtype=np.int32), axis=-1)
    depths = (classes > 0).astype(np.int32)
    for higher in others:
        # The class is the likeliest, so what exceeds a higher threshold is its probability.
        depths += (probabilities > higher).any(axis=-1) & (classes > 0)
    return classes, depths


def label_class_blobs(
    probabilities: np.ndarray,
    *,
    threshold: float = 0.5,
    levels: int = 1,
    min_area: float = 1,
    where: np.ndarray | None = None,
) -> np.ndarray:
    """Label the blobs of every class, as the saved point counter finds them.

    The blobs are made of the pixels of `class_masks`; where they touch they come apart as
    `ops.blob_levels.label_leaf_blobs` tells.

    Args:
        probabilities: (H, W, K), of each class; NaN belongs to none.
        threshold: attribute of `BlobRule`, as are the next two.
        levels: thresholds over which blobs that touch may come apart.
        min_area: smaller blobs are dropped, in pixels.
        where: (H, W) bool, the region that counts; None for the whole picture.

    Returns:
        (H, W, K) int32; of each class 0 background, 1 to M the blobs.

    Raises:
        ValueError: a number is out of range, or `where` is of another size.

    Example:
        >>> maps = np.array([[[0.3, 0.5], [0.3, 0.3]]])
        >>> label_class_blobs(maps, threshold=0.2).tolist()
        [[[0, 1], [0, 0]]]
    """
    probabilities = _keep_likeliest(np.asarray(probabilities), threshold)
    thresholds = level_thresholds(threshold, levels)
    labels = [
        label_leaf_blobs(probs, thresholds, min_area=min_area, where=where)
        for probs in np.moveaxis(probabilities, -1, 0)
    ]
    return np.stack(labels, axis=-1)


def class_points(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return one point per blob and its class.

    Args:
        labels: (H, W, K) integers, of `label_class_blobs`.

    Returns:
        (M, 2) float32 (row, column) pixels, each inside its blob, and (M,) int64 classes from 1.

    Example:
        >>> points, classes = class_points(np.array([[[1, 0], [0, 1]]]))
        >>> points.tolist(), classes.tolist()
        ([[0.0, 0.0], [0.0, 1.0]], [1, 2])
    """
    points = [blob_points(channel) for channel in np.moveaxis(labels, -1, 0)]
    classes = [np.full(len(found), c, np.int64) for c, found in enumerate(points, 1)]
    return np.concatenate(points), np.concatenate(classes)


def _keep_likeliest(probabilities, threshold):
    """Return the probabilities with 0 wherever another class or the background is likelier."""
    if probabilities.shape[-1] == 1 or threshold >= 0.5:
        return probabilities
    background = 1 - probabilities.sum(axis=-1, keepdims=True)
    likeliest = np.concatenate([background, probabilities], axis=-1).argmax(axis=-1)
    own = np.arange(1, probabilities.shape[-1] + 1)
    return np.where(likeliest[..., np.newaxis] == own, probabilities, 0)
