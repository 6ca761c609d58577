"""Blobs of several classes in one picture, outside a graph."""

from __future__ import annotations

import numpy as np

from ops.blobs import blob_points, label_blobs


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
    probabilities = np.asarray(probabilities)
    masks = probabilities > threshold
    if probabilities.shape[-1] == 1 or threshold >= 0.5:
        return masks
    background = 1 - probabilities.sum(axis=-1, keepdims=True)
    likeliest = np.concatenate([background, probabilities], axis=-1).argmax(axis=-1)
    return masks & (likeliest[..., np.newaxis] == np.arange(1, probabilities.shape[-1] + 1))


def label_class_blobs(
    probabilities: np.ndarray,
    *,
    threshold: float = 0.5,
    min_area: int = 1,
    where: np.ndarray | None = None,
) -> np.ndarray:
    """Label the blobs of every class, as the saved point counter finds them.

    Args:
        probabilities: (H, W, K), of each class.
        threshold: a blob's pixels are above it.
        min_area: smaller blobs are dropped, in pixels.
        where: (H, W) bool, the region that counts; None for the whole picture.

    Returns:
        (H, W, K) int32; of each class 0 background, 1 to M the blobs.

    Raises:
        ValueError: `where` is of another size, or `min_area` is below 1.

    Example:
        >>> label_class_blobs(np.array([[[0.9, 0.1], [0.1, 0.8]]])).tolist()
        [[[1, 0], [0, 1]]]
    """
    masks = class_masks(probabilities, threshold)
    labels = [
        label_blobs(mask, threshold=0.5, min_area=min_area, where=where)
        for mask in np.moveaxis(masks, -1, 0)
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
