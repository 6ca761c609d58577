"""Sums up what a seeder knows: which tags, and where they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from datasets.label_maps import read_label_map
from metrics.average_precision import average_precision
from metrics.seed_curves import (
    THRESHOLDS,
    best_seed_threshold,
    mean_precision_at_recall,
    seed_confusions,
)
from metrics.segmentation import class_iou, mean_iou, mean_without_nan
from ops.seeds import seed_labels
from training.scored_splits import describe_scored
from training.seeds.heat_maps import FoundMaps, enlarge_maps

PUBLISHED_THRESHOLD = 0.2
Confusions = np.ndarray  # (T, K + 1, K + 1) int64 pixels, see `metrics.seed_curves`


@dataclass(frozen=True)
class ChosenThreshold:
    """From which heat on a pixel is a seed, and why.

    Attributes:
        value: share of a class's own maximum, in [0, 1].
        reason: a few words.

    Example:
        >>> ChosenThreshold(0.2, "given").value
        0.2
    """

    value: float
    reason: str


def count_seeds(
    found: Sequence[FoundMaps], *, num_classes: int, image_size: int, max_pixels: int
) -> Confusions | None:
    """Compare seeds with masks at every threshold of `metrics.seed_curves.THRESHOLDS`.

    Args:
        found: of pictures with and without masks.
        num_classes: number of tags, K.
        image_size: of `MapSettings`.
        max_pixels: larger masks are refused.

    Returns:
        (T, K + 1, K + 1) int64 pixels; None where no picture has a mask.

    Raises:
        InputError: a mask cannot be used.

    Example:
        >>> count_seeds([], num_classes=1, image_size=33, max_pixels=100) is None
        True
    """
    total = None
    for each in found:
        if each.record.mask is None:
            continue
        truth = read_label_map(each.record, each.size, max_pixels=max_pixels)
        heat = enlarge_maps(each.maps, each.size, image_size)
        winners, confidence = seed_labels(heat, each.record.tags, threshold=0)
        counted = seed_confusions(truth, winners, confidence, num_classes=num_classes)
        total = counted if total is None else total + counted
    return total


def choose_threshold(given: float | None, validation: Confusions | None) -> ChosenThreshold:
    """Choose from which heat on a pixel is a seed.

    Args:
        given: by the configuration; None to choose.
        validation: of the validation pictures; None where they have no masks.

    Returns:
        What was given; else what has the highest mean IoU on the validation pictures; else the
        published .2.

    Example:
        >>> choose_threshold(None, None).value
        0.2
    """
    if given is not None:
        return ChosenThreshold(given, "as configured")
    best = float("nan") if validation is None else best_seed_threshold(validation)[0]
    if np.isnan(best):
        return ChosenThreshold(PUBLISHED_THRESHOLD, "as published, without masks to choose by")
    return ChosenThreshold(best, "the best mean IoU on the validation pictures with masks")


def summarise(
    found: Sequence[FoundMaps],
    confusions: Confusions | None,
    *,
    class_names: Sequence[str],
    threshold: float,
) -> tuple[dict[str, float], dict[str, str]]:
    """Compute every metric of a seeds run.

    Args:
        found: one per picture, at least one.
        confusions: of `count_seeds`; None without masks.
        class_names: names of tags 1 to K.
        threshold: of the seeds.

    Returns:
        (metrics, units): `map`, the mean over tags of VOC's average precision, and `ap_<tag>`;
        with masks `mp` (`metrics.seed_curves.mean_precision_at_recall`), and at the threshold
        `seed_miou` and `seed_iou_<tag>`, of tags that some mask shows; `seed_threshold`,
        `num_images`, `num_masks`.

    Example:
        >>> # see `training.seeds.scoring`
    """
    scores = np.stack([each.scores for each in found])
    present = np.full(scores.shape, -1)
    for row, each in zip(present, found, strict=True):
        row[np.array(each.record.tags, int) - 1] = 1
    areas = [average_precision(*pair) for pair in zip(scores.T, present.T, strict=True)]
    metrics = {"map": float(mean_without_nan(np.array(areas)))}
    metrics |= {f"ap_{name}": area for name, area in zip(class_names, areas, strict=True)}
    if confusions is not None:
        metrics["mp"] = mean_precision_at_recall(confusions)
        at = int(np.argmin(np.abs(np.asarray(THRESHOLDS) - threshold)))
        ious = class_iou(confusions[at])
        shown = confusions[at].sum(axis=1) > 0
        metrics["seed_miou"] = mean_iou(confusions[at])
        for name, iou, seen in zip(("background", *class_names), ious, shown, strict=True):
            if seen:
                metrics[f"seed_iou_{name}"] = float(iou)
    metrics["seed_threshold"] = threshold
    metrics["num_images"] = float(len(found))
    metrics["num_masks"] = float(sum(each.record.mask is not None for each in found))
    return metrics, {"num_images": "pictures", "num_masks": "pictures"}


def describe_choices(
    split: str, num_images: int, fitted: dict, threshold: ChosenThreshold
) -> list[str]:
    """Say in words on what a run was scored and how its weights were chosen.

    Args:
        split: "test" or "val".
        num_images: pictures scored.
        fitted: content of the run's `fit.json`.
        threshold: of the seeds.

    Returns:
        Sentences for the report.

    Example:
        >>> describe_choices("test", 9, {"num_epochs": 0, "mapped": {"horse": ["sorrel"]}},
        ...     ChosenThreshold(0.2, "as configured"))
        ['Scored on the 9 test pictures.', 'horse comes from the pre-trained classifier: sorrel.', \
'Nothing was trained.', 'Seeds reach 0.2 of their maximum, as configured.']
    """
    notes = [describe_scored(split, num_images, "less")]
    for tag, labels in fitted["mapped"].items():
        notes.append(f"{tag} comes from the pre-trained classifier: {'; '.join(labels)}.")
    if fitted["num_epochs"]:
        notes.append(
            f"The best of {fitted['num_epochs']} epochs by {fitted['monitor']} on the "
            f"{fitted['num_validation_images']} validation pictures: {fitted['best']:.4g}."
        )
    else:
        notes.append("Nothing was trained.")
    return [*notes, f"Seeds reach {threshold.value:.3g} of their maximum, {threshold.reason}."]
