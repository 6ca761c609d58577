"""How well a saliency map agrees with a mask."""

from __future__ import annotations

import numpy as np

from config.errors import InputError
from metrics.segmentation import VOID
from ops.salient_components import salient_mask

BETA_SQUARED = 0.3  # weighs precision above recall, as the field does since Achanta et al.


def saliency_scores(saliency: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Compute the scores of one picture's saliency map.

    Args:
        saliency: (H, W) in [0, 1].
        truth: (H, W) labels: 0 background, 255 void and skipped, all else object.

    Returns:
        `iou` of the mask and what reaches half of the map's maximum; `mae`, the mean absolute
        difference; `f_measure`, (1 + .3) P R / (.3 P + R) of what reaches twice the map's mean
        (at most its maximum). Where there is no object, IoU and F are 1 if nothing is found, else
        0. All are NaN where every pixel is void.

    Raises:
        InputError: the sizes differ.
        ValueError: `saliency` is not finite or negative.

    Example:
        >>> saliency_scores(np.array([[1.0, 0.5, 0.0, 0.0]]), np.array([[1, 0, 0, 255]]))["iou"]
        0.5

    References:
        Achanta et al., "Frequency-tuned Salient Region Detection", CVPR 2009, for the F-measure
        and its threshold; Perazzi et al., "Saliency Filters", CVPR 2012, for the MAE.
    """
    saliency, truth = np.asarray(saliency), np.asarray(truth)
    if saliency.shape != truth.shape:
        raise InputError(
            f"the mask must be of the saliency map's {saliency.shape} pixels. "
            f"Received {truth.shape}."
        )
    counted, object_ = truth != VOID, (truth != 0) & (truth != VOID)
    if not counted.any():
        return dict.fromkeys(("iou", "mae", "f_measure"), float("nan"))
    half = salient_mask(saliency) & counted
    level = min(2 * float(saliency.mean()), float(saliency.max()))
    bright = (saliency > 0) & (saliency >= level) & counted
    return {
        "iou": _divide(np.sum(half & object_), np.sum(half | object_)),
        "mae": float(np.abs(saliency - object_)[counted].mean()),
        "f_measure": _f_measure(bright, object_),
    }


def _f_measure(found, true):
    hits = np.sum(found & true)
    if not found.any() or not true.any():
        return float(not found.any() and not true.any())
    precision, recall = hits / found.sum(), hits / true.sum()
    below = BETA_SQUARED * precision + recall
    return float((1 + BETA_SQUARED) * precision * recall / below) if below else 0.0


def _divide(part, whole):
    return float(part / whole) if whole else 1.0
