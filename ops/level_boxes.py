"""Boxes of a score map at many thresholds, each distinct mask looked at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ops.blobs import check_map
from ops.box_forms import xywh_to_xyxy
from ops.opencv import cv2


class LevelBoxes(NamedTuple):
    """The boxes of the masks that T thresholds make of a map, of which L differ.

    Attributes:
        levels: (T,) int64, the mask of each threshold, 0 to L - 1.
        largest: (L, 4) float64 xyxy, half-open: the box of each mask's contour of the largest
            area; of an empty mask NaN.
        every: (M, 4) float64, the boxes of all contours, those of holes too, mask by mask; (0, 4)
            where they were not asked for.
        counts: (L,) int64, how many of them are each mask's.

    Example:
        >>> find_level_boxes(np.array([[0.2, 1.0]]), [0.1, 0.15, 0.5]).levels.tolist()
        [0, 0, 1]
    """

    levels: np.ndarray
    largest: np.ndarray
    every: np.ndarray
    counts: np.ndarray


def find_level_boxes(
    score_map: np.ndarray, thresholds: np.ndarray, *, every_contour: bool = True
) -> LevelBoxes:
    """Draw a box around the contours of {u > int(t max u)}, u = int(255 map), for each t.

    Thresholds of one integer level, and levels between which no pixel lies, share their mask: of
    1,000 thresholds at most 255 masks are left. Masks are nested, so each is looked for in the
    bounds of the one before.

    Args:
        score_map: (H, W) in [0, 1].
        thresholds: (T,) shares of the map's maximum, in [0, 1].
        every_contour: whether the boxes of all contours are wanted.

    Returns:
        The boxes. Of contours of one area the first of OpenCV's order counts as the largest.

    Raises:
        ValueError: `score_map` is no map in [0, 1], or a threshold is out of range.

    Example:
        >>> score_map = np.zeros((224, 224))
        >>> score_map[50:100, 30:120] = 1
        >>> find_level_boxes(score_map, [0.5]).largest.tolist()
        [[30.0, 50.0, 120.0, 100.0]]

    References:
        Choe et al., "Evaluating Weakly Supervised Object Localization Methods Right", CVPR 2020;
        clovaai/wsolevaluation, which goes through all thresholds.
    """
    grey, thresholds = _read(score_map, thresholds)
    values = np.unique(grey)
    cuts = (thresholds * float(values[-1])).astype(np.int64)
    # The mask is that of the first value above the cut; none above the last.
    places, levels = np.unique(np.searchsorted(values, cuts, side="right"), return_inverse=True)
    values = values[places[places < len(values)]]
    largest, every, counts = np.zeros((len(places), 4)), [], np.zeros(len(places), np.int64)
    for number, contours in enumerate(_trace(grey, values)):
        boxes = list(map(cv2.boundingRect, contours)) if every_contour else []
        largest[number] = cv2.boundingRect(max(contours, key=cv2.contourArea))
        counts[number] = len(boxes)
        every += boxes
    largest[len(values) :] = np.nan
    every = np.array(every, np.float64).reshape(-1, 4)
    return LevelBoxes(levels, *map(xywh_to_xyxy, (largest, every)), counts)


def _trace(grey, values):
    """Yield the contours of {grey >= v} for each value, looked for in the mask's bounds alone."""
    spans = [_find_span(grey.max(axis=axis), values) for axis in (1, 0)]
    for value, top, bottom, left, right in zip(values.tolist(), *spans[0], *spans[1], strict=True):
        part = grey[top:bottom, left:right]
        _, mask = cv2.threshold(part, value - 1, 255, cv2.THRESH_BINARY)
        yield cv2.findContours(mask, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE, offset=(left, top))[0]


def _find_span(profile, values):
    """Return lists of the first place at which a profile reaches each value, and past the last."""
    reached = profile >= values[:, np.newaxis]
    return reached.argmax(axis=1).tolist(), (
        len(profile) - reached[:, ::-1].argmax(axis=1)
    ).tolist()


def _read(score_map, thresholds):
    score_map = np.asarray(score_map, np.float64)
    check_map("score_map", score_map)
    if not (score_map.min() >= 0 and score_map.max() <= 1):
        raise ValueError(
            "`score_map` must be in [0, 1]. Received "
            f"{score_map.min()} to {score_map.max()}; scale it, and mend what is NaN."
        )
    thresholds = np.asarray(thresholds, np.float64).reshape(-1)
    if not ((thresholds >= 0) & (thresholds <= 1)).all():
        raise ValueError("`thresholds` must be shares of the maximum, in [0, 1].")
    return (255 * score_map).astype(np.uint8), thresholds
