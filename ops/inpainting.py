"""Fills holes in a picture, so that what stood there is gone."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from skimage.restoration import inpaint_biharmonic

from ops.opencv import cv2
from ops.patch_filling import PATCH_SIZE, fill_with_patches
from ops.saliency import check_picture

METHODS = ("telea", "navier_stokes", "biharmonic", "patches")
# Pixels around a hole that "patches" looks at: the hole's longer side, within these.
_LEAST_REACH, _MOST_REACH = 40, 80
_BIHARMONIC_REACH = 8  # its equations reach two pixels out


def inpaint(
    image: np.ndarray,
    mask: np.ndarray,
    *,
    method: str = "telea",
    radius: float = 3,
    blocked: np.ndarray | None = None,
) -> np.ndarray:
    """Fill a picture's holes from their surroundings.

    "telea" and "navier_stokes" carry on the colours of the rim and are the fastest, "biharmonic"
    draws the smoothest surface: all three blur. "patches" copies texture from up to the hole's
    length away (40 to 80 pixels), for objects on structured ground; it takes the longest.

    Args:
        image: (H, W, 3) uint8 RGB.
        mask: (H, W) bool, True where the picture is filled; its other pixels stay as they are.
        method: one of `METHODS`.
        radius: pixels around each filled pixel that "telea" and "navier_stokes" read.
        blocked: (H, W) bool, known pixels that "patches" does not copy while others are left,
            such as those of objects that stay; None for none.

    Returns:
        (H, W, 3) uint8 RGB, a new array.

    Raises:
        ValueError: the arrays do not fit, the method is unknown, or no pixel is known.

    Example:
        >>> image = np.full((9, 9, 3), 50, np.uint8)
        >>> image[4, 4] = 255
        >>> mask = np.zeros((9, 9), bool)
        >>> mask[4, 4] = True
        >>> inpaint(image, mask)[4, 4].tolist()
        [50, 50, 50]

    References:
        Telea, "An image inpainting technique based on the fast marching method", 2004. Bertalmio,
        Bertozzi and Sapiro, "Navier-Stokes, fluid dynamics, and image and video inpainting", 2001.
        Damelin and Hoang, "On surface completion and image inpainting by biharmonic functions",
        2018. For "patches" see `ops.patch_filling`.
    """
    image, mask = check_picture(image), np.asarray(mask)
    blocked = np.zeros_like(mask) if blocked is None else np.asarray(blocked)
    _check_masks(image, mask, blocked)
    if method not in METHODS:
        raise ValueError(f"`method` must be one of {', '.join(METHODS)}. Received {method!r}.")
    if not mask.any():
        return image.copy()
    if method in ("telea", "navier_stokes"):
        flag = cv2.INPAINT_TELEA if method == "telea" else cv2.INPAINT_NS
        return cv2.inpaint(np.ascontiguousarray(image), mask.astype(np.uint8), radius, flag)
    filled = image.copy()
    fill = _fill_smoothly if method == "biharmonic" else _fill_from_patches
    # Holes nearer to each other than a patch are one: none is drawn on from the other's pixels.
    groups, _ = ndimage.label(ndimage.binary_dilation(mask, np.ones((PATCH_SIZE, PATCH_SIZE))))
    groups[~mask] = 0
    for label, place in enumerate(ndimage.find_objects(groups), start=1):
        fill(filled, mask, blocked, groups == label, place)
    return filled


def _fill_smoothly(filled, mask, blocked, hole, place):
    window = _grow(place, _BIHARMONIC_REACH, mask.shape)
    known = np.where(mask[window][..., None], 0, filled[window])
    # Other holes in the window are filled too, but only this one's pixels are kept.
    smooth = inpaint_biharmonic(known, mask[window], channel_axis=-1) * 255
    filled[window][hole[window]] = np.rint(smooth.clip(0, 255))[hole[window]]


def _fill_from_patches(filled, mask, blocked, hole, place):
    sides = [side.stop - side.start for side in place]
    window = _grow(place, min(max(_LEAST_REACH, *sides), _MOST_REACH), mask.shape)
    others = (mask | blocked)[window] & ~hole[window]
    filled[window] = fill_with_patches(filled[window], hole[window], others)


def _grow(place, reach, size):
    return tuple(
        slice(max(side.start - reach, 0), min(side.stop + reach, end))
        for side, end in zip(place, size, strict=True)
    )


def _check_masks(image, mask, blocked):
    for name, each in (("mask", mask), ("blocked", blocked)):
        if each.shape != image.shape[:2] or each.dtype != bool:
            raise ValueError(
                f"`{name}` must be a bool map of the picture's {image.shape[:2]} pixels. Received "
                f"shape {each.shape}, {each.dtype}."
            )
    if mask.size and mask.all():
        raise ValueError("`mask` must leave a pixel of the picture to fill from. It covers all.")
