"""Masks of objects that only dots mark, by the light that stands out around each dot."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ops.cut_outs import whole_objects
from ops.flood import flood
from ops.object_regions import regions_from_points
from ops.opencv import cv2
from ops.plain_backgrounds import smooth_background
from ops.point_maps import check_points
from ops.saliency import check_picture

LEVEL = 0.35  # of an object's own light
_FIRST_REACH, _REACH = 3.0, 1.5  # radii around a dot, guessed and measured ones
_GROUND_SIGMA = 4.0  # radii
_SMOOTHING = 1 / 6  # radii
_CORE = 0.5  # radii around a dot in which the object's light is read
_LEAST_LIGHT = 2.0  # levels of 256; less is rounding
_BRIGHT = 0.9  # quantile of the light at the dots that counts as one radius of distance


def masks_from_points(
    image: np.ndarray, points: np.ndarray, radii: np.ndarray, *, level: float = LEVEL
) -> np.ndarray:
    """Find the outline of each dotted object.

    How far a pixel's colour is from the smooth ground between the objects is their light. It is
    flooded from the dots, from bright to dark and from near to far, so that a dim object keeps its
    half of the way to a bright one. Of an object's pixels inside its disc those stay that reach a
    share of its own light and hang together with the dot. Made for cells and the like, which
    differ from a plain ground.

    Args:
        image: (H, W, 3) uint8 RGB, or grey.
        points: (N, 2) float (row, column) pixels inside the picture; N may be 0.
        radii: (N,) pixels; no object reaches farther from its dot.
        level: share of the light at the dot that still belongs to an object, 0 to 1.

    Returns:
        (H, W) int32, 0 background, i + 1 the pixels of point i. One that does not stand out, or
        shares its pixel with an earlier one, has none.

    Raises:
        ValueError: the arrays do not fit, a point lies outside, or `level` is not between 0 and 1.

    Example:
        >>> image = np.zeros((20, 20, 3), np.uint8)
        >>> image[5:10, 4:9] = 200
        >>> masks = masks_from_points(image, [[7.0, 6.0]], [6.0])
        >>> bool((masks[5:10, 4:9] == 1).all()), int(masks.sum()) < 50
        (True, True)
    """
    image, points = check_picture(image), check_points(points)
    radii, size = np.asarray(radii, np.float64), image.shape[:2]
    if not 0 < level < 1:
        raise ValueError(f"`level` must be between 0 and 1. Received {level}.")
    pixels = np.floor(points).astype(int)
    if ((pixels < 0) | (pixels >= size)).any():
        raise ValueError(f"`points` must lie inside the picture of {size[0]} x {size[1]} pixels.")
    discs = regions_from_points(points, radii, size)
    if not len(points):
        return discs
    light = _stand_out(image, discs > 0, float(np.median(radii)))
    markers = np.zeros(size, np.int32)
    markers[tuple(pixels[::-1].T)] = np.arange(len(points), 0, -1)
    owners = flood(_slope(light, pixels, float(np.median(radii))), markers)
    labels = np.zeros(size, np.int32)
    for i, place in enumerate(ndimage.find_objects(discs, len(points))):
        if place is not None:
            own = (owners[place] == i + 1) & (discs[place] > 0)
            start = points[i] - [side.start for side in place]
            labels[place][_keep_object(own, light[place], start, radii[i], level)] = i + 1
    return labels


def measure_objects(
    image: np.ndarray, points: np.ndarray, radii: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Find the outlines of dotted objects whose radii are only guessed.

    Among clustered dots the distances tell too small a radius. So outlines are first looked for in
    discs of three times the guess; the objects that show themselves whole there tell the size,
    and one and a half times that bounds the outlines.

    Args:
        image: (H, W, 3) uint8 RGB, or grey.
        points: (N, 2) float (row, column) pixels inside the picture; N may be 0.
        radii: (N,) pixels, right in proportion.

    Returns:
        (H, W) int32 as of `masks_from_points`, and (N,) float64 radii: those given times one
        factor between 1 and 3.

    Raises:
        ValueError: as `masks_from_points`.

    Example:
        >>> rows, columns = np.indices((40, 40))
        >>> disc = np.hypot(rows - 20, columns - 20) <= 6
        >>> image = np.repeat(disc[..., None], 3, axis=2).astype(np.uint8) * 200
        >>> labels, radii = measure_objects(image, [[20.0, 20.0]], [3.0])
        >>> 5.5 < float(radii[0]) < 7, bool((labels[disc] == 1).all())
        (True, True)
    """
    radii = np.asarray(radii, np.float64)
    labels = masks_from_points(image, points, _FIRST_REACH * radii)
    whole = whole_objects(labels)
    if len(whole):
        areas = np.bincount(labels.ravel())[whole]
        factor = np.median(np.sqrt(areas / np.pi) / radii[whole - 1])
        radii = radii * factor.clip(1, _FIRST_REACH)
    return masks_from_points(image, points, _REACH * radii), radii


def _stand_out(image, objects, radius):
    """Return (H, W) float32: each pixel's distance in RGB from the ground."""
    ground = smooth_background(image, objects, sigma=_GROUND_SIGMA * radius)
    smooth = cv2.GaussianBlur(image.astype(np.float32), (0, 0), max(_SMOOTHING * radius, 0.3))
    return np.linalg.norm(smooth - ground, axis=-1).astype(np.float32)


def _slope(light, pixels, radius):
    """Return (H, W) a relief that rises with the distance from the dots and falls with the light.

    Between a dim dot and a bright one, light alone would let the bright one flood past the dim.
    """
    dots = np.ones(light.shape, np.uint8)
    dots[tuple(pixels.T)] = 0
    distances = cv2.distanceTransform(dots, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    typical = max(float(np.quantile(light[tuple(pixels.T)], _BRIGHT)), 1.0)
    return distances / radius - light / typical


def _keep_object(own, light, start, radius, level):
    """Return (h, w) bool: of an object's pixels those that stand out around its dot."""
    rows, columns = np.indices(own.shape)
    distances = np.hypot(rows - start[0], columns - start[1])
    own = own & (distances <= radius)
    core = own & (distances <= max(_CORE * radius, 1))
    if not core.any() or light[core].max() < _LEAST_LIGHT:
        return np.zeros_like(own)
    pieces, _ = ndimage.label(own & (light >= level * light[core].max()), np.ones((3, 3)))
    nearest = np.where(pieces > 0, distances, np.inf).argmin()
    return ndimage.binary_fill_holes(pieces == pieces.flat[nearest]) & own
