"""Chooses what counts as a blob, and how many objects one stands for, on validation pictures."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from datasets.records import PointRecord
from metrics.localization import add_matches
from ops.blobs import find_blobs
from ops.class_blobs import BlobRule, class_masks
from training.points.pictures import count_classes
from training.points.prediction import PictureMaps, Predict, score_picture

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
LEVELS = (1, 5)
MIN_AREAS = (1, 2, 4, 8, 16, 32)


def choose_rule(
    records: Sequence[PointRecord], predict: Predict, *, radius: float, fit_factor: bool = False
) -> tuple[BlobRule, float]:
    """Choose the rule whose counts are nearest to the truth.

    The smallest MAE wins, over pictures and classes; of equal ones the largest F1, then the fewest
    levels, the threshold nearest to .5 and the smallest area. Pictures are predicted one at a time.

    Args:
        records: validation pictures, at least one.
        predict: gives a picture's maps.
        radius: as for `metrics.localization.count_matches`, in pixels.
        fit_factor: then fit how many objects a blob stands for, see `fit_factor_to`. It has no
            say in the rule: a high threshold with a large factor suits a few pictures by chance.

    Returns:
        (rule in pixels of the picture, objects per blob: 1 unless fitted).

    Example:
        >>> from pathlib import Path
        >>> record = PointRecord(Path("a.png"), np.array([[0.0, 0.0]]))
        >>> maps = PictureMaps(np.array([[[0.75], [0.1], [0.55]]]), np.ones((1, 3), bool), (1, 3))
        >>> choose_rule([record], lambda record: maps, radius=2)  # one blob of the two must go
        (BlobRule(threshold=0.6, levels=1, min_area=1), 1.0)
    """
    rules = [BlobRule(*values) for values in itertools.product(THRESHOLDS, LEVELS, MIN_AREAS)]
    blobs = np.stack([count_blobs(predict(record), rules) for record in records], axis=1)
    counts = np.stack([count_classes(record, blobs.shape[-1]) for record in records])  # (N, K)
    errors = [np.abs(each - counts).mean() for each in blobs]
    tied = [i for i, error in enumerate(errors) if error <= min(errors) + 1e-9]
    if len(tied) > 1:
        f1 = _locate(records, predict, [rules[i] for i in tied], radius)
        tied = [i for i, score in zip(tied, f1, strict=True) if score == max(f1)]
    best = min(tied, key=lambda i: _plainness(rules[i]))
    return rules[best], fit_factor_to(blobs[best], counts) if fit_factor else 1.0


def fit_factor_to(blobs: np.ndarray, counts: np.ndarray) -> float:
    """Fit how many objects a blob stands for: the f of least sum |f blobs - counts|.

    Args:
        blobs: numbers of blobs, of any shape.
        counts: true counts, of the same shape.

    Returns:
        The median of counts / blobs, each weighted with its blobs; 1 where nothing is counted or
        found.

    Example:
        >>> fit_factor_to(np.array([10, 20, 1]), np.array([15, 30, 9]))
        1.5
    """
    found = blobs > 0
    if not found.any() or not counts.any():
        return 1.0
    ratios, weights = counts[found] / blobs[found], blobs[found]
    order = np.argsort(ratios, kind="stable")
    middle = np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)
    return float(ratios[order][middle]) or 1.0


def count_blobs(maps: PictureMaps, rules: Sequence[BlobRule]) -> np.ndarray:
    """Count the blobs of a picture by several rules.

    Args:
        maps: what the network says about the picture.
        rules: in pixels of the picture.

    Returns:
        (rules, K) int64.

    Example:
        >>> maps = PictureMaps(np.array([[[0.9], [0.1], [0.9]]]), np.ones((1, 3), bool), (1, 3))
        >>> count_blobs(maps, [BlobRule(), BlobRule(min_area=2)]).tolist()
        [[2], [0]]
    """
    areas = {}
    counted = []
    for rule in rules:
        if rule.levels > 1:
            counted.append(maps.label(rule).max(axis=(0, 1)))
            continue
        if rule.threshold not in areas:  # one labelling serves all smallest areas
            masks = class_masks(maps.probabilities, rule.threshold) & maps.where[..., np.newaxis]
            masks = np.moveaxis(masks, -1, 0)
            areas[rule.threshold] = [find_blobs(mask).areas[1:] for mask in masks]
        least = rule.scaled(maps.map_scale).min_area
        counted.append([np.count_nonzero(each >= least) for each in areas[rule.threshold]])
    return np.array(counted, np.int64)


def _plainness(rule: BlobRule) -> tuple:
    return rule.levels, round(abs(rule.threshold - 0.5), 6), rule.min_area


def _locate(records, predict: Predict, rules, radius: float) -> list[float]:
    """Return the F1 of every rule; 0 where nothing was there to find or claim."""
    matches = [[] for _ in rules]
    for record in records:
        maps = predict(record)
        for each, rule in zip(matches, rules, strict=True):
            each.extend(score_picture(record, maps, rule, radius=radius).matches)
    return [float(np.nan_to_num(add_matches(each).scores()["f1"])) for each in matches]
