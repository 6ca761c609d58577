"""What a picture would show without its objects: a smooth ground, and its grain."""

from __future__ import annotations

import numpy as np

from ops.opencv import cv2
from ops.saliency import check_picture

_TRUNCATE = 3.0  # standard deviations that the blur reaches
_LEAST_WEIGHT = 1e-3  # where so little is known nearby, the picture's median stands in
_GRAIN_SIDE = 8  # pixels of the blocks that grain is copied in


def smooth_background(image: np.ndarray, objects: np.ndarray, *, sigma: float) -> np.ndarray:
    """Draw the ground between the objects on under them.

    A Gaussian mean over the pixels that show no object, held near their median where none is near.
    It keeps the light of a microscope's field and loses all texture.

    Args:
        image: (H, W, 3) uint8 RGB.
        objects: (H, W) bool, with the halos of the objects.
        sigma: standard deviation in pixels; several times an object's radius.

    Returns:
        (H, W, 3) float32, 0 to 255.

    Raises:
        ValueError: the arrays do not fit, or `sigma` is not above 0.

    Example:
        >>> image = np.full((5, 5, 3), 9, np.uint8)
        >>> image[2, 2] = 200
        >>> float(smooth_background(image, image[..., 0] > 9, sigma=2.0)[2, 2, 0])
        9.0
    """
    image, known = check_picture(image), ~_check_objects(objects, image)
    if not sigma > 0:
        raise ValueError(f"`sigma` must be above 0 pixels. Received {sigma}.")
    median = np.median(image[known] if known.any() else image.reshape(-1, 3), axis=0)
    side = 2 * int(np.ceil(_TRUNCATE * sigma)) + 1
    difference = (image - median).astype(np.float32) * known[..., None]
    weights, sums = (
        cv2.GaussianBlur(each, (side, side), sigma, borderType=cv2.BORDER_REFLECT)
        for each in (known.astype(np.float32), difference)
    )
    # A little weight for the median keeps the quotient calm far from all that is known.
    smooth = sums / (weights + _LEAST_WEIGHT)[..., None]
    return (median + smooth).clip(0, 255).astype(np.float32)


def add_grain(
    ground: np.ndarray, image: np.ndarray, objects: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Give a smooth ground the grain of the picture that it was drawn from.

    What the smooth ground leaves of the picture between the objects is cut into blocks of 8 x 8
    pixels, which are laid anew in random order. A picture without such a block gives no grain.

    Args:
        ground: (H, W, 3) float, from `smooth_background`.
        image: (H, W, 3) uint8 RGB, the picture it was drawn from.
        objects: (H, W) bool, as there.
        rng: picks the blocks.

    Returns:
        (H, W, 3) uint8.

    Raises:
        ValueError: the arrays do not fit.

    Example:
        >>> image = np.full((9, 9, 3), 7, np.uint8)
        >>> none = np.zeros((9, 9), bool)
        >>> bool((add_grain(image.astype(float), image, none, np.random.default_rng(0)) == 7).all())
        True
    """
    image, objects = check_picture(image), _check_objects(objects, image)
    if np.shape(ground) != image.shape:
        raise ValueError(
            f"`ground` must be of the picture's shape {image.shape}. Received {np.shape(ground)}."
        )
    side, (height, width) = _GRAIN_SIDE, objects.shape
    tops, lefts = np.meshgrid(
        np.arange(0, height - side + 1, side // 2), np.arange(0, width - side + 1, side // 2)
    )
    corners = np.stack([tops.ravel(), lefts.ravel()], axis=1)
    free = [not objects[top : top + side, left : left + side].any() for top, left in corners]
    corners = corners[np.array(free, bool)]
    if not len(corners):
        return np.rint(ground).clip(0, 255).astype(np.uint8)
    grain = np.zeros((height + side, width + side, 3), np.float32)
    difference = image - np.asarray(ground, np.float32)
    for top in range(0, height, side):
        for left in range(0, width, side):
            y, x = corners[rng.integers(len(corners))]
            block = difference[y : y + side, x : x + side]
            # What is left of slow shades would show as squares.
            grain[top : top + side, left : left + side] = block - block.mean(axis=(0, 1))
    return np.rint(ground + grain[:height, :width]).clip(0, 255).astype(np.uint8)


def _check_objects(objects, image):
    objects = np.asarray(objects)
    if objects.shape != image.shape[:2] or objects.dtype != bool:
        raise ValueError(
            f"`objects` must be a bool map of the picture's {image.shape[:2]} pixels. Received "
            f"shape {objects.shape}, {objects.dtype}."
        )
    return objects
