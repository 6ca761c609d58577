"""Sums up the scores of all pictures: every metric of a points run, and how it came about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from metrics.class_counts import class_count_metrics
from metrics.counting import counting_metrics, grid_average_error, mean_absolute_error
from metrics.localization import add_matches
from reporting.point_settings import PointSettings
from training.points.prediction import PictureScore
from training.scored_splits import describe_scored

GAME_LEVELS = (0, 1, 2, 3)


def summarise(
    scores: Sequence[PictureScore],
    *,
    mean_count: float,
    class_names: Sequence[str] = (),
    objects_per_blob: float = 1.0,
) -> tuple[dict[str, float], dict[str, str]]:
    """Compute every metric of a points run.

    Args:
        scores: one per picture, at least one.
        mean_count: mean count of the training pictures.
        class_names: names of the classes, in order; fewer than two give no metrics per class.
        objects_per_blob: counts are blobs times this.

    Returns:
        (metrics, units): those of `metrics.counting.counting_metrics` on all objects; `mae_blobs`,
        the MAE of the blobs alone, where `objects_per_blob` is not 1; of the blobs' points
        `game_0` to `game_3`, `precision`, `recall` and `f1` within the radius, and of the blobs
        `blob_precision`, `blob_recall` and `blob_f1`; with several classes also `mae_<class>` and
        `f1_<class>`, and the four of `class_count_metrics`.

    Example:
        >>> # see `score_run`
    """
    counts = np.stack([score.counts for score in scores])  # (N, K)
    blobs = np.stack([score.blobs for score in scores])
    predicted, totals = objects_per_blob * blobs, counts.sum(axis=1)
    metrics, units = counting_metrics(totals, predicted.sum(axis=1), mean_count=mean_count)
    if objects_per_blob != 1:
        metrics["mae_blobs"] = mean_absolute_error(totals, blobs.sum(axis=1))
        units["mae_blobs"] = "objects"
    for level in GAME_LEVELS:
        metrics[f"game_{level}"] = grid_average_error(
            [score.record.points for score in scores],
            [score.points for score in scores],
            [score.size for score in scores],
            level=level,
        )
        units[f"game_{level}"] = "objects"
    metrics |= add_matches([each for score in scores for each in score.matches]).scores()
    hits = add_matches([each for score in scores for each in score.hits]).scores()
    metrics |= {f"blob_{name}": value for name, value in hits.items()}
    if len(class_names) > 1:
        for c, name in enumerate(class_names):
            metrics[f"mae_{name}"] = mean_absolute_error(counts[:, c], predicted[:, c])
            metrics[f"f1_{name}"] = add_matches([s.matches[c] for s in scores]).scores()["f1"]
            units[f"mae_{name}"] = "objects"
        metrics |= class_count_metrics(counts, predicted)
        units |= {"m_rmse": "objects", "m_rmse_nz": "objects"}
    return metrics, units


def describe_choices(
    split: str, num_images: int, settings: PointSettings, chosen: str
) -> list[str]:
    """Say in words on what a run was scored and how its settings came about.

    Args:
        split: "test" or "val".
        num_images: pictures scored.
        settings: of the counter.
        chosen: how they were chosen.

    Returns:
        Sentences for the report.

    Example:
        >>> describe_choices("test", 3, PointSettings(), "given")[1]
        'Blobs: threshold 0.5, levels 1, at least 1 pixels, each counts 1; given.'
    """
    blobs = (
        f"Blobs: threshold {settings.threshold:g}, levels {settings.levels}, at least "
        f"{settings.min_area:g} pixels, each counts {settings.objects_per_blob:.4g}; {chosen}."
    )
    return [describe_scored(split, num_images, "larger errors"), blobs]
