"""Saliency without a network: what does not look like the picture's border."""

from __future__ import annotations

import numpy as np
from scipy.sparse.csgraph import csgraph_from_dense, dijkstra
from scipy.spatial.distance import cdist

from ops.opencv import cv2
from ops.superpixels import Superpixels, cut_superpixels

LONGER_SIDE = 300
NUM_SUPERPIXELS = 200
COLOUR_SPREAD = 10.0  # Lab distance over which two patches count as one area
PLACE_SPREAD = 0.25  # share of the picture's sides
CONNECTIVITY_SPREAD = 1.0
BACKGROUND_WEIGHT = 5.0
SMOOTHNESS_FLOOR = 0.1
# Below it the picture is one colour but for rounding, which a division by the range would blow up.
MIN_CONTRAST = 0.5  # Lab distance; an eye tells about 2 apart


def robust_background_saliency(
    image: np.ndarray, *, num_superpixels: int = NUM_SUPERPIXELS
) -> np.ndarray:
    """Say how much each pixel belongs to an object, by robust background detection.

    An area is background when much of its outline lies on the picture's border. Superpixels that
    colour and place set apart from the background stand out, and one linear system makes the
    result smooth inside areas of one colour. The picture is shrunk to a longer side of 300 first.

    Args:
        image: (H, W, 3) uint8 RGB, or (H, W) or (H, W, 1) uint8 grey.
        num_superpixels: how many superpixels are aimed at.

    Returns:
        (H, W) float32 in [0, 1]; its maximum is 1, so that even an empty scene has something
        salient. All 0 when the picture has one colour.

    Raises:
        ValueError: `image` is of another form or type.

    Example:
        >>> image = np.full((40, 60, 3), 200, np.uint8)
        >>> image[10:30, 20:40] = (200, 30, 30)
        >>> saliency = robust_background_saliency(image)
        >>> bool(saliency[12:28, 22:38].min() > 0.8), bool(saliency[:6].max() < 0.1)
        (True, True)

    References:
        Zhu, Liang, Wei and Sun, "Saliency Optimization from Robust Background Detection", CVPR
        2014, equations 1 to 9. Distances are not clipped at a level found from the picture.
    """
    image = check_picture(image)
    size = image.shape[1::-1]
    patches = cut_superpixels(_shrink(image, LONGER_SIDE), num_superpixels)
    saliency = rate_superpixels(patches)[patches.labels].astype(np.float32)
    if saliency.shape == image.shape[:2]:
        return saliency
    saliency = cv2.resize(saliency, size, interpolation=cv2.INTER_LINEAR)
    return saliency / max(saliency.max(), np.finfo(np.float32).tiny)


def rate_superpixels(patches: Superpixels) -> np.ndarray:
    """Return the saliency of each superpixel.

    Args:
        patches: N superpixels.

    Returns:
        (N,) float64 in [0, 1], the least 0 and the largest 1; all 0 when their colours are alike.

    Example:
        >>> rate_superpixels(cut_superpixels(np.full((20, 20, 3), 9, np.uint8), 4)).tolist()
        [0.0]
    """
    colour = cdist(patches.colours, patches.colours)
    if colour.max() < MIN_CONTRAST:
        return np.zeros(len(colour))
    background = background_probability(patches)
    place = cdist(patches.centres, patches.centres)
    near = np.exp(-(place**2) / (2 * PLACE_SPREAD**2))
    contrast = _stretch((colour * near) @ background)  # w_fg
    smooth = np.exp(-(colour**2) / (2 * COLOUR_SPREAD**2)) + SMOOTHNESS_FLOOR
    smooth[~patches.touching] = 0
    # The derivative of 5 w_bg s^2 + w_fg (s - 1)^2 + sum of w_pq (s_p - s_q)^2, set to 0. The
    # matrix is positive definite: patches hang together, and those on the border have w_bg > 0.
    diagonal = BACKGROUND_WEIGHT * background + contrast + smooth.sum(axis=1)
    return _stretch(np.linalg.solve(np.diag(diagonal) - smooth, contrast))


def background_probability(patches: Superpixels) -> np.ndarray:
    """Say how likely each superpixel is background: 1 - exp(-con^2 / 2).

    con is the length of an area on the picture's border over the root of its size, where the area
    is soft: superpixels that a path of small colour steps joins. Paths may also jump between any
    two superpixels on the border, as objects cut the background in parts.

    Args:
        patches: N superpixels.

    Returns:
        (N,) float64 in [0, 1].

    Example:
        >>> patches = cut_superpixels(np.full((20, 20, 3), 9, np.uint8), 4)
        >>> background_probability(patches).round(3).tolist()  # con = 1
        [0.393]
    """
    border = patches.on_border
    linked = patches.touching | (border[:, np.newaxis] & border)
    steps = np.where(linked, cdist(patches.colours, patches.colours), np.inf)
    # Infinity is "no edge"; a step between equal colours stays an edge of length 0.
    paths = dijkstra(csgraph_from_dense(steps, null_value=np.inf), directed=False)
    joined = np.exp(-(paths**2) / (2 * COLOUR_SPREAD**2))
    connectivity = joined[:, border].sum(axis=1) / np.sqrt(joined.sum(axis=1))
    return 1 - np.exp(-(connectivity**2) / (2 * CONNECTIVITY_SPREAD**2))


def check_picture(image: np.ndarray) -> np.ndarray:
    """Return a picture of any number of channels as RGB, or refuse it.

    Args:
        image: (H, W, 3), (H, W, 1) or (H, W) uint8.

    Returns:
        (H, W, 3) uint8, in row order.

    Raises:
        ValueError: another shape, no pixel, or another type.

    Example:
        >>> check_picture(np.zeros((2, 3), np.uint8)).shape
        (2, 3, 3)
    """
    image = np.asarray(image)
    image = image[..., np.newaxis] if image.ndim == 2 else image
    if image.ndim != 3 or image.shape[2] not in (1, 3) or 0 in image.shape:
        raise ValueError(
            f"`image` must be (H, W, 3) RGB or (H, W) grey. Received shape {image.shape}."
        )
    if image.dtype != np.uint8:
        raise ValueError(
            f"`image` must be uint8, 0 to 255. Received {image.dtype}; multiply by 255 and cast."
        )
    return np.ascontiguousarray(np.broadcast_to(image, (*image.shape[:2], 3)))


def _shrink(image, longer_side):
    height, width = image.shape[:2]
    scale = longer_side / max(height, width)
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _stretch(values):
    """Scale to [0, 1]; rounding noise alone becomes 0."""
    low, high = values.min(), values.max()
    if high - low < 1e-9 * max(1.0, abs(high)):
        return np.zeros_like(values)
    return (values - low) / (high - low)
