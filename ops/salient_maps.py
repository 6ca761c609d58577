"""Weighs the maps of a classifier by saliency, which knows an object's extent but not its name."""

from __future__ import annotations

import numpy as np

from ops.opencv import cv2


def weigh_by_saliency(maps: np.ndarray, saliency: np.ndarray) -> np.ndarray:
    """Multiply maps by saliency: high where the class is seen and something stands out.

    Saliency is brought to the maps' size, by areas. Each product then goes from 0 to 1: the least
    is subtracted and the largest divides.

    Args:
        maps: (T, h, w) in [0, 1].
        saliency: (T, H, W) in [0, 1] of the same frames, of any size.

    Returns:
        (T, h, w) float32 in [0, 1]; all 0 where a product is constant.

    Raises:
        ValueError: the arrays are of other forms.

    Example:
        >>> maps = np.array([[[0.5, 0.5, 1.0]]])
        >>> weigh_by_saliency(maps, np.array([[[0.0, 1.0, 0.25]]])).tolist()
        [[[0.0, 1.0, 0.5]]]
    """
    if maps.ndim != 3 or saliency.ndim != 3 or len(maps) != len(saliency):
        raise ValueError(
            "`maps` and `saliency` must be (T, h, w) and (T, H, W) of the same frames. Received "
            f"shapes {maps.shape} and {saliency.shape}."
        )
    if not maps.size:
        return np.zeros(maps.shape, np.float32)
    size = maps.shape[:0:-1]
    shrunk = [
        cv2.resize(each.astype(np.float32), size, interpolation=cv2.INTER_AREA) for each in saliency
    ]
    product = np.asarray(maps, np.float32) * np.stack(shrunk)
    product -= product.min(axis=(1, 2), keepdims=True)
    largest = product.max(axis=(1, 2), keepdims=True)
    return np.divide(product, largest, out=np.zeros_like(product), where=largest != 0)
