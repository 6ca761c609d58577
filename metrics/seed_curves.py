"""How well seeds agree with masks, over all thresholds of their confidence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from metrics.segmentation import (
    VOID,
    check_labels,
    class_iou,
    divide_or_nan,
    mean_without_nan,
)

THRESHOLDS = tuple(np.linspace(0, 0.99, 100))


def seed_confusions(
    truth: np.ndarray,
    winners: np.ndarray,
    confidence: np.ndarray,
    *,
    num_classes: int,
    thresholds: Sequence[float] = THRESHOLDS,
) -> np.ndarray:
    """Count pixels as `confusion_matrix` does, once per threshold.

    A pixel is its winner where the confidence reaches the threshold, else background. Those of
    several pictures add up.

    Args:
        truth: (H, W) labels, 0 background, 1 to K, 255 void.
        winners: (H, W) labels of the hottest class, whatever its confidence:
            `ops.seeds.seed_labels` with threshold 0.
        confidence: (H, W) in [0, 1].
        num_classes: number of classes besides background, K.
        thresholds: T numbers, increasing.

    Returns:
        (T, K + 1, K + 1) int64 pixels: threshold, true label, predicted label.

    Raises:
        ValueError: the maps differ in size, a winner is void, a confidence NaN, or the
            thresholds do not increase.
        InputError: a map holds another label.

    Example:
        >>> confusions = seed_confusions(
        ...     np.array([[0, 1]]), np.array([[1, 1]]), np.array([[0.3, 0.8]]),
        ...     num_classes=1, thresholds=[0.2, 0.5],
        ... )
        >>> confusions.tolist()
        [[[0, 1], [0, 1]], [[1, 0], [0, 1]]]
    """
    truth, winners = np.asarray(truth), np.asarray(winners)
    confidence, levels = np.asarray(confidence, np.float32), np.asarray(thresholds, np.float32)
    if not truth.shape == winners.shape == confidence.shape:
        raise ValueError(
            "`truth`, `winners` and `confidence` must be maps of one size. "
            f"Received {truth.shape}, {winners.shape} and {confidence.shape}."
        )
    if np.isnan(confidence).any() or (winners == VOID).any():
        raise ValueError(
            f"`winners` must not hold {VOID}, nor `confidence` NaN: a pixel of no class is 0 with "
            "confidence 0. Received one of them."
        )
    if levels.ndim != 1 or not levels.size or (np.diff(levels) <= 0).any():
        raise ValueError(f"`thresholds` must increase. Received {list(thresholds)}.")
    check_labels("truth", truth, num_classes)
    check_labels("winners", winners, num_classes)
    kept = truth != VOID
    reached = np.searchsorted(levels, confidence[kept], side="right")  # thresholds passed
    shape = (len(levels) + 1, num_classes + 1, num_classes + 1)
    cells = np.ravel_multi_index((reached, truth[kept], winners[kept]), shape)
    counts = np.bincount(cells, minlength=np.prod(shape)).reshape(shape)
    passed = counts[::-1].cumsum(axis=0)[::-1][1:]  # (T, K + 1, K + 1)
    passed[..., 0] += (counts.sum(axis=0) - passed).sum(axis=-1)
    return passed


def seed_precision_recall(confusions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute precision and recall of each label at each threshold.

    Args:
        confusions: (T, K + 1, K + 1) of `seed_confusions`.

    Returns:
        (T, K + 1) precision, NaN where the label is never predicted; and (T, K + 1) recall, NaN
        for a label that is never true.

    Example:
        >>> precision, recall = seed_precision_recall(np.array([[[3, 1], [0, 1]]]))
        >>> precision.tolist(), recall.tolist()
        ([[1.0, 0.5]], [[0.75, 1.0]])
    """
    hits = np.diagonal(confusions, axis1=-2, axis2=-1)
    precision = divide_or_nan(hits, np.sum(confusions, axis=-2))
    return precision, divide_or_nan(hits, np.sum(confusions, axis=-1))


def foreground_curve(confusions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Average precision and recall over the classes, each class of equal weight.

    Args:
        confusions: (T, K + 1, K + 1) of `seed_confusions`.

    Returns:
        (T,) precision and (T,) recall over the classes that are true somewhere; precision also
        leaves out those not predicted at the threshold. NaN where nothing is left.

    Example:
        >>> precision, recall = foreground_curve(np.array([[[3, 1], [0, 1]]]))
        >>> precision.tolist(), recall.tolist()
        ([0.5], [1.0])
    """
    precision, recall = (each[:, 1:] for each in seed_precision_recall(confusions))
    precision = np.where(np.isnan(recall), np.nan, precision)
    return mean_without_nan(precision), mean_without_nan(recall)


def mean_precision_at_recall(
    confusions: np.ndarray, *, foreground_recall: float = 0.2, background_recall: float = 0.8
) -> float:
    """Compute mP, one score of seeds: the precision that they reach at a useful recall.

    Half the precision of the foreground at the smallest recall above .2 and half that of the
    background at the smallest recall above .8; of thresholds with one recall the best precision.

    Args:
        confusions: (T, K + 1, K + 1) of `seed_confusions`, for many thresholds.
        foreground_recall: what `foreground_curve` has to exceed.
        background_recall: what the background has to exceed.

    Returns:
        mP in [0, 1]; a side that never reaches its recall counts 0. NaN when the truth has no
        foreground or no background.

    Example:
        >>> mean_precision_at_recall(np.array([[[3, 1], [0, 1]], [[4, 0], [0, 1]]]))
        1.0

    References:
        Oh et al., "Exploiting Saliency for Object Segmentation from Image Level Labels", CVPR 2017;
        `src/seed/eval.py` of coallaoh/GuidedLabelling.
    """
    precision, recall = seed_precision_recall(confusions)
    background = _precision_above(precision[:, 0], recall[:, 0], background_recall)
    foreground = _precision_above(*foreground_curve(confusions), foreground_recall)
    return (foreground + background) / 2


def best_seed_threshold(
    confusions: np.ndarray, thresholds: Sequence[float] = THRESHOLDS
) -> tuple[float, float]:
    """Find the threshold at which seeds agree best with the masks.

    Args:
        confusions: (T, K + 1, K + 1) of `seed_confusions`.
        thresholds: the T thresholds.

    Returns:
        (threshold, mIoU there); the lowest of equally good ones. NaN for both without pixels.

    Example:
        >>> best_seed_threshold(np.array([[[3, 1], [0, 1]], [[4, 0], [0, 1]]]), [0.2, 0.4])
        (0.4, 1.0)
    """
    scores = mean_without_nan(class_iou(confusions))
    if np.isnan(scores).all():
        return float("nan"), float("nan")
    best = int(np.nanargmax(scores))
    return float(thresholds[best]), float(scores[best])


def _precision_above(precision, recall, level):
    """Return the best precision at the smallest recall above a level."""
    if np.isnan(recall).all():
        return float("nan")
    above = recall[recall > level]
    return float(np.nanmax(precision[recall == above.min()])) if above.size else 0.0
