"""Masks out of boxes: GrabCut inside each box, with what is doubtful left out."""

from __future__ import annotations

import numpy as np

from ops.grabcut import cut_states
from ops.opencv import cv2
from ops.saliency import check_picture
from ops.seeds import IGNORE

LONGER_SIDE = 256
BAND = 3  # pixels on either side of an outline that count as neither
LEAST_COVERED, MOST_COVERED = 0.2, 0.95  # shares of a box


def box_labels(image: np.ndarray, boxes: np.ndarray, *, band: int = BAND) -> np.ndarray:
    """Cut the objects of boxes out of a picture, as labels to learn from.

    Around each box all is surely background, inside it GrabCut finds the object. A result that
    covers less than 20 % or more than 95 % of its box went wrong: the box is ignored. So is what
    lies within `band` pixels of an outline.

    Args:
        image: (H, W, 3) uint8 RGB, or (H, W) or (H, W, 1) uint8 grey.
        boxes: (N, 4) float xyxy pixels, half-open; N may be 0.
        band: pixels.

    Returns:
        (H, W) uint8: 1 object, 0 background, 255 ignored.

    Raises:
        ValueError: `image` is of another form, `boxes` not (N, 4), or `band` negative.

    Example:
        >>> image = np.full((40, 60, 3), 200, np.uint8)
        >>> image[10:30, 20:40] = (200, 30, 30)
        >>> labels = box_labels(image, np.array([[16, 7, 44, 33]]), band=1)
        >>> [int((labels == value).sum()) for value in (1, 255)]  # 18 x 18, 22 x 22 - 18 x 18 - 4
        [324, 156]

    References:
        Khoreva et al., "Simple Does It: Weakly Supervised Instance and Semantic Segmentation",
        CVPR 2017, for GrabCut in boxes and what is ignored; Oh et al., CVPR 2017, section 4.
    """
    image, boxes = check_picture(image), np.asarray(boxes, np.float64)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"`boxes` must be (N, 4) xyxy. Received shape {boxes.shape}.")
    size = image.shape[:2]
    found, doubtful = np.zeros(size, bool), np.zeros(size, bool)
    for box in boxes:
        x0, y0, x1, y1 = _to_pixels(box, size)
        cut = _cut(image, (x0, y0, x1, y1))
        if LEAST_COVERED <= cut[y0:y1, x0:x1].mean() <= MOST_COVERED:
            found |= cut
        else:
            doubtful[y0:y1, x0:x1] = True
    labels = mask_labels(found, band=band)
    labels[doubtful & (labels == 0)] = IGNORE
    return labels


def mask_labels(mask: np.ndarray, *, band: int = BAND) -> np.ndarray:
    """Turn a mask into labels that say nothing along its outline.

    Args:
        mask: (H, W) bool.
        band: pixels on either side of the outline that are ignored.

    Returns:
        (H, W) uint8: 1 object, 0 background, 255 ignored.

    Raises:
        ValueError: `band` is negative.

    Example:
        >>> mask_labels(np.array([[False, False, False, True, True, True]]), band=1).tolist()
        [[0, 0, 255, 255, 1, 1]]
    """
    if band < 0:
        raise ValueError(f"`band` must be at least 0 pixels. Received {band}.")
    labels = np.asarray(mask, bool).astype(np.uint8)
    if band:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * band + 1, 2 * band + 1))
        near = cv2.dilate(labels, disc) != cv2.erode(labels, disc)
        labels[near] = IGNORE
    return labels


def shrink_picture(
    image: np.ndarray, boxes: np.ndarray, *, longer_side: int = LONGER_SIDE
) -> tuple[np.ndarray, np.ndarray]:
    """Shrink a picture and its boxes to a longer side; what is smaller stays as it is.

    GrabCut takes four times as long at a longer side of 500 as at 256.

    Args:
        image: (H, W, 3) uint8.
        boxes: (N, 4) float xyxy pixels.
        longer_side: pixels.

    Returns:
        ((h, w, 3) uint8, (N, 4) float64 boxes in its pixels).

    Example:
        >>> image, boxes = shrink_picture(np.zeros((100, 512, 3), np.uint8), [[0, 0, 256, 100]])
        >>> image.shape, boxes.tolist()
        ((50, 256, 3), [[0.0, 0.0, 128.0, 50.0]])
    """
    height, width = image.shape[:2]
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    scale = longer_side / max(height, width)
    if scale >= 1:
        return image, boxes
    small = max(1, round(width * scale)), max(1, round(height * scale))
    factors = np.tile(np.divide(small, (width, height)), 2)
    return cv2.resize(image, small, interpolation=cv2.INTER_AREA), boxes * factors


def _to_pixels(box, size):
    """Round a box to whole pixels of the picture, at least one a side."""
    x0, y0, x1, y1 = np.rint(box).astype(int)
    x0, y0 = min(max(x0, 0), size[1] - 1), min(max(y0, 0), size[0] - 1)
    return x0, y0, min(max(x1, x0 + 1), size[1]), min(max(y1, y0 + 1), size[0])


def _cut(image, box):
    """Return the object in a box as (H, W) bool; none where GrabCut has nothing to go by."""
    x0, y0, x1, y1 = box
    states = np.full(image.shape[:2], cv2.GC_BGD, np.uint8)
    states[y0:y1, x0:x1] = cv2.GC_PR_FGD
    if (states == cv2.GC_PR_FGD).all():  # no background to learn from
        return np.ones(states.shape, bool)
    cut = cut_states(image, states)
    return np.zeros(states.shape, bool) if cut is None else cut
