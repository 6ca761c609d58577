"""Chooses the threshold and the smallest area of blobs on validation pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from datasets.records import PointRecord
from metrics.localization import add_matches, count_matches
from ops.blobs import find_blobs
from ops.class_blobs import class_masks, class_points, label_class_blobs
from training.points.pictures import count_classes, point_classes

THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
MIN_AREAS = (1, 2, 4, 8, 16, 32, 64)

# record -> (probabilities (H, W, K), region (H, W) bool)
Predict = Callable[[PointRecord], tuple[np.ndarray, np.ndarray]]


def choose_settings(
    records: Sequence[PointRecord], predict: Predict, *, radius: float
) -> tuple[float, int]:
    """Choose the threshold and smallest area whose counts are nearest to the truth.

    The smallest MAE wins, over pictures and classes; of equal ones the largest F1, then the
    threshold nearest to .5, then the smallest area. Pictures are predicted one at a time.

    Args:
        records: validation pictures, at least one.
        predict: gives a picture's probabilities and the region that counts.
        radius: as for `metrics.localization.count_matches`, in pixels.

    Returns:
        (threshold, min_area).

    Example:
        >>> from pathlib import Path
        >>> record = PointRecord(Path("a.png"), np.array([[0.0, 0.0]]))
        >>> predict = lambda record: (np.array([[[0.75], [0.1], [0.55]]]), np.ones((1, 3), bool))
        >>> choose_settings([record], predict, radius=2)  # one blob of the two must go
        (0.6, 1)
    """
    errors = sum(_count_errors(record, *predict(record)) for record in records)
    tied = np.argwhere(errors == errors.min())
    candidates = [(THRESHOLDS[i], MIN_AREAS[j]) for i, j in tied]
    if len(candidates) > 1:
        scores = _locate(records, predict, candidates, radius)
        candidates = [
            each for each, f1 in zip(candidates, scores, strict=True) if f1 == max(scores)
        ]
    return min(candidates, key=lambda each: (round(abs(each[0] - 0.5), 6), each[1]))


def _count_errors(record: PointRecord, probabilities: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Return |blobs - points| summed over the classes: (thresholds, areas)."""
    num_classes = probabilities.shape[-1]
    truth = count_classes(record, num_classes)
    errors = np.zeros((len(THRESHOLDS), len(MIN_AREAS)), np.int64)
    for i, threshold in enumerate(THRESHOLDS):
        masks = class_masks(probabilities, threshold) & where[..., np.newaxis]
        for c in range(num_classes):
            areas = find_blobs(masks[..., c]).areas[1:]
            counts = np.array([np.count_nonzero(areas >= least) for least in MIN_AREAS])
            errors[i] += np.abs(counts - truth[c])
    return errors


def _locate(records, predict, candidates, radius: float) -> list[float]:
    """Return the F1 of every candidate; 0 where nothing was there to find or claim."""
    matches = [[] for _ in candidates]
    for record in records:
        probabilities, where = predict(record)
        for each, (threshold, min_area) in zip(matches, candidates, strict=True):
            labels = label_class_blobs(
                probabilities, threshold=threshold, min_area=min_area, where=where
            )
            points, classes = class_points(labels)
            each.append(
                count_matches(
                    record.points, points, radius=radius, classes=(point_classes(record), classes)
                )
            )
    return [float(np.nan_to_num(add_matches(each).scores()["f1"])) for each in matches]
