"""Pastes cut-out objects onto a picture and tells what is then seen of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from ops.cut_outs import SOLID, CutOut, turn_cut_out
from ops.occlusion import OcclusionMap, overlap
from ops.opencv import cv2
from ops.point_maps import check_points
from ops.saliency import check_picture

BLENDINGS = ("alpha", "feather", "poisson")
_FEATHER = 0.15  # of the radius of a disc of the object's area
# Pixels around an object that Poisson blending is given: OpenCV leaves the outer three of a mask
# alone, and the step at the object's edge must lie inside what it solves.
_RIM = 5


class Pasted(NamedTuple):
    """A picture with objects pasted onto it.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        points: (N, 2) float64 (row, column) of the objects placed, pixels; perhaps hidden.
        boxes: (N, 4) float64 xyxy half-open pixels around the VISIBLE part of each.
        visible: (N,) float64, the share of each object's pixels that is seen.
        label_map: (H, W) int32, 0 background, i + 1 the visible part of object i.
        placed: (N,) int64, which of the cut-outs given were placed.

    Example:
        >>> # see `paste`
    """

    image: np.ndarray
    points: np.ndarray
    boxes: np.ndarray
    visible: np.ndarray
    label_map: np.ndarray
    placed: np.ndarray


def paste(
    background: np.ndarray,
    cut_outs: Sequence[CutOut],
    positions: np.ndarray,
    *,
    scales: np.ndarray | None = None,
    blending: str = "alpha",
    min_visible: float = 0.0,
) -> Pasted:
    """Paste objects onto a picture, from the farthest to the nearest.

    An object that would leave less than `min_visible` of itself or of an earlier one to be seen is
    left out; `ops.occlusion.OcclusionMap` finds such positions before. "alpha" lays the cut-out's
    own outline over the picture, "feather" a softer one that fades inwards over .15 of its radius,
    "poisson" carries the object's gradients over and so takes on the light of the place.

    Args:
        background: (H, W, 3) uint8 RGB.
        cut_outs: N objects, the farthest first.
        positions: (N, 2) float (row, column) of their points, pixels.
        scales: (N,) factors on their sizes; None for 1.
        blending: one of `BLENDINGS`.
        min_visible: share of each object that must stay visible, 0 to 1.

    Returns:
        Picture, points, boxes, visible shares, label map and which objects were placed. All but
        the picture is exact: an object's pixels are those where its alpha reaches .5.

    Raises:
        ValueError: numbers of cut-outs, positions and scales differ, or an option is unknown.

    Example:
        >>> square = CutOut(np.full((2, 2, 3), 200, np.uint8), np.ones((2, 2)), (0.5, 0.5))
        >>> pasted = paste(np.zeros((4, 6, 3), np.uint8), [square], [[1.5, 2.5]])
        >>> pasted.boxes.tolist(), int(pasted.image[1, 2, 0]), pasted.visible.tolist()
        ([[2.0, 1.0, 4.0, 3.0]], 200, [1.0])

    References:
        Perez, Gangnet and Blake, "Poisson image editing", SIGGRAPH 2003 (OpenCV's
        `seamlessClone`); Dwibedi, Misra and Hebert, "Cut, paste and learn", ICCV 2017.
    """
    image, positions = check_picture(background).copy(), check_points(positions)
    scales = np.ones(len(positions)) if scales is None else np.asarray(scales, np.float64)
    if not len(cut_outs) == len(positions) == len(scales):
        raise ValueError(
            "`cut_outs`, `positions` and `scales` must be of one number. Received "
            f"{len(cut_outs)}, {len(positions)} and {len(scales)}."
        )
    if blending not in BLENDINGS:
        raise ValueError(f"`blending` must be one of {', '.join(BLENDINGS)}. Received {blending}.")
    seen, placed = OcclusionMap(image.shape[:2], min_visible=min_visible), []
    for i, (cut, scale) in enumerate(zip(cut_outs, scales, strict=True)):
        scaled = cut if scale == 1 else turn_cut_out(cut, scale=float(scale))
        top, left = corner_of(scaled, positions[i])
        if seen.add(scaled.alpha >= SOLID, top, left):
            _blend(image, scaled, top, left, blending)
            placed.append(i)
    placed = np.array(placed, np.int64)
    boxes = _visible_boxes(seen.labels, len(placed))
    return Pasted(image, positions[placed], boxes, seen.visible, seen.labels, placed)


def corner_of(cut: CutOut, position: np.ndarray) -> tuple[int, int]:
    """Find where a cut-out's window starts when its point lies at a position.

    Args:
        cut: the object.
        position: (2,) row and column of its point, pixels.

    Returns:
        Row and column of the window's first pixel, whole pixels.

    Example:
        >>> cut = CutOut(np.zeros((3, 3, 3), np.uint8), np.ones((3, 3)), (1.0, 1.0))
        >>> corner_of(cut, (4.2, 0.0))
        (3, -1)
    """
    return tuple(round(float(at - own)) for at, own in zip(position, cut.point, strict=True))


def _visible_boxes(labels, num):
    boxes = np.zeros((num, 4))
    for i, place in enumerate(ndimage.find_objects(labels, num)):
        if place is not None:
            rows, columns = place
            boxes[i] = columns.start, rows.start, columns.stop, rows.stop
    return boxes


def _blend(image, cut, top, left, blending):
    """Lay a cut-out over a picture, in place."""
    place, part = overlap(cut.alpha.shape, top, left, image.shape[:2])
    if blending == "poisson":
        image[place] = _clone(image, cut, top, left)[part]
        return
    alpha = _feather(cut.alpha) if blending == "feather" else cut.alpha
    weight = alpha[part][..., None]
    mixed = weight * cut.pixels[part] + (1 - weight) * image[place]
    image[place] = np.rint(mixed).astype(np.uint8)


def _feather(alpha):
    solid = np.pad(alpha >= SOLID, 1).astype(np.uint8)
    depth = cv2.distanceTransform(solid, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    length = max(_FEATHER * np.sqrt(solid.sum() / np.pi), 1.0)
    return np.minimum(alpha, (depth / length).clip(0, 1))


def _clone(image, cut, top, left):
    """Return the (h, w, 3) uint8 window of the picture with the object cloned into it."""
    margin = _RIM + 1
    around = [(margin, margin), (margin, margin), (0, 0)]
    rows = np.arange(top - margin, top + cut.alpha.shape[0] + margin)
    columns = np.arange(left - margin, left + cut.alpha.shape[1] + margin)
    # Beyond the picture's edge its last pixels go on.
    target = image[rows.clip(0, image.shape[0] - 1)][:, columns.clip(0, image.shape[1] - 1)]
    source = np.pad(cut.pixels, around, mode="edge")
    solid = np.pad(cut.alpha >= SOLID, margin).astype(np.uint8)
    mask = cv2.dilate(solid, np.ones((2 * _RIM + 1, 2 * _RIM + 1), np.uint8))
    x, y, width, height = cv2.boundingRect(mask)
    middle = (x + width // 2, y + height // 2)
    cloned = cv2.seamlessClone(source, target, mask * 255, middle, cv2.NORMAL_CLONE)
    return cloned[margin:-margin, margin:-margin]
