"""How well the boxes of score maps fit, at the best threshold."""

from __future__ import annotations

import numpy as np

from config.errors import InputError
from ops.box_overlaps import iou
from ops.map_boxes import boxes_from_mask


def max_box_acc(
    maps: list[np.ndarray],
    true_boxes: np.ndarray,
    thresholds: np.ndarray,
    deltas: tuple[float, ...] = (0.3, 0.5, 0.7),
) -> dict[float, float]:
    """Compute MaxBoxAcc of score maps: the accuracy of their boxes at the best threshold.

    For every threshold t a picture's box is that of the largest connected area of {map >= t}, and
    BoxAcc(t, delta) the share of pictures whose box reaches an IoU of delta with the true one (an
    empty mask is wrong). MaxBoxAcc(delta) is its maximum over t, one t for all pictures.

    Args:
        maps: N maps (H, W), of any sizes.
        true_boxes: (N, 4) xyxy in pixels of each map, half-open.
        thresholds: (T,) values to try, T at least 1.
        deltas: IoU to be reached, in (0, 1].

    Returns:
        MaxBoxAcc in [0, 1] per delta.

    Raises:
        InputError: not one map per box, no threshold, or a delta is not in (0, 1].
        ValueError: a map is not (H, W).

    Example:
        >>> maps = [np.array([[0.1, 0.5, 0.9, 0.1]])]
        >>> max_box_acc(maps, [[1, 0, 3, 1]], thresholds=[0.4, 0.8], deltas=(0.5, 0.9))
        {0.5: 1.0, 0.9: 1.0}

    References:
        Choe et al., "Evaluating Weakly Supervised Object Localization Methods Right", CVPR 2020,
        section 4.1.
    """
    check_deltas(deltas)
    true_boxes = np.asarray(true_boxes, np.float64)
    thresholds = np.asarray(thresholds, np.float64).reshape(-1)
    if true_boxes.shape != (len(maps), 4) or not len(maps) or not len(thresholds):
        raise InputError(
            "`maps` must be N maps with `true_boxes` (N, 4), N at least 1, and `thresholds` not "
            f"empty. Received {len(maps)} maps, boxes of shape {true_boxes.shape} and "
            f"{len(thresholds)} thresholds."
        )
    overlaps = np.array(
        [
            [_overlap_at(each, box, t) for t in thresholds]
            for each, box in zip(maps, true_boxes, strict=True)
        ]
    )  # (N, T)
    return {delta: float((overlaps >= delta).mean(axis=0).max()) for delta in deltas}


def check_deltas(deltas: tuple[float, ...]) -> None:
    """Refuse IoUs to be reached that are none.

    Args:
        deltas: IoUs.

    Raises:
        InputError: there is none, or one is not in (0, 1].

    Example:
        >>> check_deltas((0.3, 0.5, 0.7))
    """
    if not len(deltas) or not all(0 < delta <= 1 for delta in deltas):
        raise InputError(f"`deltas` must be IoUs in (0, 1], at least one. Received {deltas}.")


def _overlap_at(score_map, box, threshold):
    found = boxes_from_mask(np.asarray(score_map) >= threshold)
    return float(iou(found[0], box)) if len(found) else 0.0
