"""Scores guide labels against masks: one picture's, and those of all pictures by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from config.files import to_json
from metrics.segmentation import VOID, class_iou, confusion_matrix, mean_iou


def compare_labels(truth: np.ndarray, labels: np.ndarray, num_classes: int) -> dict:
    """Compare a guide with a mask.

    Args:
        truth: (H, W) true labels.
        labels: (H, W) guide labels.
        num_classes: number of classes, K.

    Returns:
        {"confusion": (K + 1, K + 1) list of pixels, "ignored": (K + 1) list of the pixels that the
        guide leaves out, by true label}.

    Raises:
        InputError: a label is no class.

    Example:
        >>> compare_labels(np.array([[0, 1, 255]]), np.array([[0, 255, 1]]), 1)
        {'confusion': [[1, 0], [0, 0]], 'ignored': [0, 1]}
    """
    truth, labels = np.asarray(truth), np.asarray(labels)
    confusion = confusion_matrix(truth, labels, num_classes=num_classes)
    left_out = truth[(truth != VOID) & (labels == VOID)]
    ignored = np.bincount(left_out, minlength=num_classes + 1)
    return {"confusion": confusion.tolist(), "ignored": ignored.tolist()}


def sum_scores(scores: Sequence[Mapping[str, Mapping] | None]) -> dict[str, dict]:
    """Add up what pictures say of each rule.

    What labels ignore counts as background in `miou`, so that rules and modes can be compared: a
    rule does not gain by saying little.

    Args:
        scores: of `compare_labels` by rule, one per picture; None where it has no mask.

    Returns:
        {rule: {"miou", "class_iou" (K + 1), "labelled_miou": over what has a label, "ignored":
        share of the true pixels, "num_pictures"}}, JSON-ready; {} without masks.

    Example:
        >>> one = {"confusion": [[3, 1], [0, 1]], "ignored": [1, 2]}
        >>> sum_scores([None, {"G2": one}])["G2"]
        {'miou': 0.4107..., 'class_iou': [0.5714..., 0.25], 'labelled_miou': 0.625, \
'ignored': 0.375, 'num_pictures': 1}
    """
    known = [each for each in scores if each]
    totals = {}
    for rule in known[0] if known else ():
        confusion, ignored = (
            np.sum([each[rule][name] for each in known], axis=0)
            for name in ("confusion", "ignored")
        )
        filled = confusion.copy()
        filled[:, 0] += ignored
        totals[rule] = {
            "miou": mean_iou(filled),
            "class_iou": class_iou(filled),
            "labelled_miou": mean_iou(confusion),
            "ignored": ignored.sum() / max(filled.sum(), 1),
            "num_pictures": len(known),
        }
    return to_json(totals)
