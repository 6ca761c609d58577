"""Sums up what a segmenter reached: every metric of a run, and how it came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from metrics.segmentation import class_iou, mean_iou, pixel_accuracy
from ops.boxes import iou
from training.scored_splits import describe_scored


@dataclass
class Scores:
    """What the scored pictures add up to, without and with the CRF.

    Attributes:
        class_names: the names of classes 1 to K.
        confusions: {"": (K + 1, K + 1) pixels of raw labels, "crf_": of sharpened ones, "tagged_":
            of sharpened ones where only the picture's own tags were allowed}.
        box_ious: (class id, IoU) of each class that is boxed in a picture.
        num_masks: pictures with a mask.
        num_images: pictures.

    Example:
        >>> Scores(("cat",)).num_masks
        0
    """

    class_names: tuple[str, ...]
    confusions: dict[str, np.ndarray] = field(default_factory=dict)
    box_ious: list[tuple[int, float]] = field(default_factory=list)
    num_masks: int = 0
    num_images: int = 0

    def add_confusion(self, kind: str, confusion: np.ndarray) -> None:
        """Add the pixels of a picture.

        Args:
            kind: "", "crf_" or "tagged_".
            confusion: (K + 1, K + 1) of `metrics.segmentation.confusion_matrix`.

        Example:
            >>> scores = Scores(("cat",))
            >>> scores.add_confusion("", np.eye(2, dtype=int))
            >>> scores.add_confusion("", np.eye(2, dtype=int))
            >>> scores.confusions[""].tolist()
            [[2, 0], [0, 2]]
        """
        self.confusions[kind] = self.confusions.get(kind, 0) + confusion


def box_overlaps(
    labels: np.ndarray, boxes: np.ndarray, classes: np.ndarray
) -> list[tuple[int, float]]:
    """Compare the extent of each boxed class with that of its boxes.

    The extent of a class is the smallest box around all its pixels, or around all its boxes.

    Args:
        labels: (H, W) predicted labels.
        boxes: (N, 4) xyxy half-open pixels.
        classes: (N,) ids.

    Returns:
        (class id, IoU) of each class that has a box, by id; 0 where it is not predicted.

    Example:
        >>> labels = np.array([[0, 2, 2], [0, 0, 0]])
        >>> box_overlaps(labels, np.array([[1.0, 0.0, 3.0, 2.0]]), np.array([2]))
        [(2, 0.5)]
    """
    found = []
    for number in np.unique(classes):
        own = np.asarray(boxes, np.float64)[np.asarray(classes) == number]
        true = np.concatenate([own[:, :2].min(axis=0), own[:, 2:].max(axis=0)])
        rows, columns = np.nonzero(np.asarray(labels) == number)
        overlap = 0.0
        if len(rows):
            extent = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            overlap = float(iou(np.array([extent], np.float64), true[np.newaxis])[0])
        found.append((int(number), overlap))
    return found


def summarise(scores: Scores, *, prefix: str = "") -> dict[str, float]:
    """Compute every metric of the scored pictures.

    Args:
        scores: what they add up to.
        prefix: before each name.

    Returns:
        Where there are masks `miou`, `pixel_accuracy` and `iou_<class>`, and the same after
        `crf_` and `tagged_`, see `Scores`; where there are boxes `box_iou` and `box_iou_<class>`,
        of sharpened labels.

    Example:
        >>> scores = Scores(("cat",), {"": np.array([[3, 0], [1, 0]])})
        >>> summarise(scores)["miou"]
        0.375
    """
    metrics = {}
    names = ("background", *scores.class_names)
    for kind, confusion in scores.confusions.items():
        metrics[f"{kind}miou"] = mean_iou(confusion)
        metrics[f"{kind}pixel_accuracy"] = pixel_accuracy(confusion)
        for name, value in zip(names, class_iou(confusion), strict=True):
            metrics[f"{kind}iou_{name}"] = float(value)
    if scores.box_ious:
        by_class = {number: [] for number, _ in sorted(scores.box_ious)}
        for number, value in scores.box_ious:
            by_class[number].append(value)
        metrics["box_iou"] = float(np.mean([value for _, value in scores.box_ious]))
        for number, values in by_class.items():
            metrics[f"box_iou_{scores.class_names[number - 1]}"] = float(np.mean(values))
    return {f"{prefix}{name}": value for name, value in metrics.items()}


def describe_labels(told: Mapping[str, Mapping], rule: str) -> dict[str, float]:
    """Take the quality of the labels that a segmenter learnt out of what their stage told.

    Args:
        told: {rule: {"miou", "labelled_miou", "ignored", ...}} of the training pictures that have
            masks.
        rule: the one whose labels are learnt.

    Returns:
        `label_miou`, of it, what it ignores counted as background; `label_miou_labelled`, over
        what it does not ignore; `label_ignored`, the share; and `label_miou_<rule>` of every rule
        compared; {} without masks.

    Example:
        >>> describe_labels({"G1": {"miou": 0.5, "labelled_miou": 0.6, "ignored": 0.1}}, "G1")
        {'label_miou': 0.5, 'label_miou_labelled': 0.6, 'label_ignored': 0.1, 'label_miou_G1': 0.5}
    """
    if rule not in told:
        return {}
    metrics = {
        "label_miou": told[rule]["miou"],
        "label_miou_labelled": told[rule]["labelled_miou"],
        "label_ignored": told[rule]["ignored"],
    }
    return metrics | {f"label_miou_{name}": each["miou"] for name, each in told.items()}


def describe_choices(split: str, num_images: int, fitted: Sequence[Mapping]) -> list[str]:
    """Say in words on what a run was scored and how its weights were chosen.

    Args:
        split: "test" or "val".
        num_images: pictures scored.
        fitted: `fit.json` of each round.

    Returns:
        Sentences for the report.

    Example:
        >>> fitted = {"best_val_mean_iou": 0.5, "num_validation_images": 4, "num_epochs": 3}
        >>> describe_choices("test", 9, [fitted])[0]
        'Scored on the 9 test pictures.'
    """
    told = [describe_scored(split, num_images, "less")]
    for number, each in enumerate(fitted, start=1):
        rounds = f"Round {number}: the" if len(fitted) > 1 else "The"
        told.append(
            f"{rounds} best of {each['num_epochs']} epochs by the agreement (mean IoU) with the "
            f"guide labels of {each['num_validation_images']} held-out pictures, not with masks: "
            f"{each['best_val_mean_iou']:.4g}."
        )
    return told
