"""Sums up what a localizer found: every metric of a localization run, and how it came about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from metrics.boxes import box_scores, class_scores
from training.localization.prediction import FoundBox
from training.scored_splits import describe_scored


def summarise(
    found: Sequence[FoundBox], *, mean_box: np.ndarray, class_names: Sequence[str] = ()
) -> tuple[dict[str, float], dict[str, str]]:
    """Compute every metric of a localization run.

    IoU is taken in fractions of the picture, so that `summed_iou` weighs pictures of unequal sizes
    alike, as its original does, whose pictures are resized.

    Args:
        found: one per picture, at least one.
        mean_box: (4,) xyxy fractions, the mean of the training pictures.
        class_names: names of classes 1 to K; () where the localizer tells none.

    Returns:
        (metrics, units): those of `metrics.boxes.box_scores`; `mean_box_iou`, the mean IoU of
        always answering `mean_box`; with classes `class_accuracy`, `macro_f1` and `f1_<class>`;
        `pictures_per_second`, one at a time and without decoding.

    Example:
        >>> # see `training.localization.scoring`
    """
    scale = np.array([[each.size[1], each.size[0]] * 2 for each in found], np.float64)
    predicted = np.stack([each.box for each in found]) / scale
    true = np.stack([each.true_box for each in found]) / scale
    metrics = box_scores(predicted, true)
    always = box_scores(np.tile(np.asarray(mean_box, np.float64), (len(found), 1)), true)
    metrics["mean_box_iou"] = always["mean_iou"]
    if class_names:
        scores = class_scores(
            np.array([each.class_id for each in found]),
            np.array([each.true_class for each in found]),
            len(class_names),
        )
        metrics["class_accuracy"], metrics["macro_f1"] = scores["accuracy"], scores["macro_f1"]
        for name, value in zip(class_names, scores["f1"], strict=True):
            metrics[f"f1_{name}"] = value
    metrics["pictures_per_second"] = len(found) / sum(each.seconds for each in found)
    return metrics, {"num_images": "pictures", "pictures_per_second": "pictures/s"}


def describe_choices(split: str, num_images: int, fitted: dict) -> list[str]:
    """Say in words on what a run was scored and how its weights were chosen.

    Args:
        split: "test" or "val".
        num_images: pictures scored.
        fitted: content of the run's `fit.json`.

    Returns:
        Sentences for the report.

    Example:
        >>> describe_choices("test", 9, {"best_val_iou": 0.5, "num_validation_images": 4,
        ...     "num_epochs": 3, "start_val_iou": None})
        ['Scored on the 9 test pictures.', 'The best of 3 epochs by the mean IoU on the 4 \
validation pictures: 0.5.']
    """
    best, start = fitted["best_val_iou"], fitted["start_val_iou"]
    chosen = (
        f"The best of {fitted['num_epochs']} epochs by the mean IoU on the "
        f"{fitted['num_validation_images']} validation pictures: {best:.4g}."
    )
    if start is not None:
        chosen += f" The localizer it began with has {start:.4g} there"
        chosen += ", and was kept." if start >= best else "."
    return [describe_scored(split, num_images, "less"), chosen]
