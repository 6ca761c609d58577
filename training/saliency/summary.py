"""Sums up the scores of a saliency run, and says in words how they came about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from training.saliency.prediction import ScoredPicture
from training.scored_splits import describe_scored

# Of a method's name in `ScoredPicture.scores` and a score's: what the metric is called.
_METHODS = {"network": "", "rbd": "rbd_", "rbd_grabcut": "rbd_grabcut_"}
_SCORES = {"iou": "mean_iou", "mae": "mae", "f_measure": "f_measure"}


def summarise(scored: Sequence[ScoredPicture]) -> tuple[dict[str, float], dict[str, str]]:
    """Average the scores of all pictures.

    Args:
        scored: one per picture, at least one.

    Returns:
        (metrics, units): `mean_iou`, `mae` and `f_measure` of the network, and of what needs none
        under `rbd_` and `rbd_grabcut_`, see `metrics.saliency.saliency_scores`; the first letters
        are `label_` where the pictures have no masks and labels were taken for the truth;
        `num_images`; `pictures_per_second`, one at a time and without decoding.

    Example:
        >>> # see `training.saliency.scoring`
    """
    prefix = "" if scored[0].record.mask is not None else "label_"
    metrics = {
        f"{prefix}{method}{score}": float(np.nanmean([each.scores[name][key] for each in scored]))
        for name, method in _METHODS.items()
        for key, score in _SCORES.items()
    }
    metrics["num_images"] = float(len(scored))
    metrics["pictures_per_second"] = len(scored) / sum(each.seconds for each in scored)
    return metrics, {"num_images": "pictures", "pictures_per_second": "pictures/s"}


def describe_choices(
    split: str, scored: Sequence[ScoredPicture], labels: str, fitted: dict
) -> list[str]:
    """Say in words on what a run was scored and how its weights were chosen.

    Args:
        split: "test" or "val".
        scored: the pictures.
        labels: "boxes" or "rbd".
        fitted: content of the run's `fit.json`.

    Returns:
        Sentences for the report.

    Example:
        >>> describe_choices("val", [], "rbd", {"best_val_iou": 0.5, "num_validation_images": 4,
        ...     "num_epochs": 3})[1]
        'Labels: robust background detection and GrabCut, without annotation. The best of 3 epochs \
by the mean IoU with such labels on the 4 validation pictures: 0.5.'
    """
    masked = scored and scored[0].record.mask is not None
    source = "their masks" if masked else "labels like those learnt"
    learnt = {
        "boxes": "GrabCut in boxes",
        "rbd": "robust background detection and GrabCut, without annotation",
    }[labels]
    return [
        f"{describe_scored(split, len(scored), 'less')} Maps are taken at half of their maximum, "
        f"against {source}.",
        f"Labels: {learnt}. The best of {fitted['num_epochs']} epochs by the mean IoU with such "
        f"labels on the {fitted['num_validation_images']} validation pictures: "
        f"{fitted['best_val_iou']:.4g}.",
    ]
