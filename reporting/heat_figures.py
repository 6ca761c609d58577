"""Lays a heat map over a picture."""

from __future__ import annotations

import matplotlib
import numpy as np

_MOST_WEIGHT = 0.6  # of the colour where it is hottest: the picture stays to be seen


def overlay_heat(image: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Tint a picture by a heat map, blue to red; where it is cold it stays as it is.

    Args:
        image: (H, W, 3) uint8.
        heat: (H, W) in [0, 1].

    Returns:
        (H, W, 3) uint8.

    Raises:
        ValueError: the sizes differ.

    Example:
        >>> image = np.full((1, 2, 3), 100, np.uint8)
        >>> overlay_heat(image, np.array([[0.0, 1.0]]))[0].tolist()  # .6 of 122, 4, 2
        [[100, 100, 100], [113, 42, 41]]
    """
    image, heat = np.asarray(image), np.asarray(heat, np.float32)
    if heat.shape != image.shape[:2]:
        raise ValueError(
            f"`heat` must be of the picture's {image.shape[:2]} pixels. Received {heat.shape}."
        )
    levels = np.rint(255 * heat.clip(0, 1)).astype(np.uint8)
    colours = matplotlib.colormaps["turbo"](np.arange(256), bytes=True)[:, :3].astype(np.float32)
    weights = _MOST_WEIGHT * heat.clip(0, 1)[..., np.newaxis]
    return np.rint(image * (1 - weights) + colours[levels] * weights).astype(np.uint8)
