"""Sums up what a video classifier knows: the tags of shots, and where the object is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from datasets.records import ShotRecord
from training.scored_splits import describe_scored

_OVERALL = ("corloc_macro", "corloc_micro", "corloc_shots", "threshold")
_OF_MASKS = ("pxap", "num_masks")  # where frames have masks
_PROTOCOL = ("max_box_acc_", "top1_", "top5_")
_KNOWN_TAGS = "Frames and tags of the scored shots were learnt from; their boxes and masks never."


@dataclass(frozen=True, eq=False)
class Localization:
    """How right the boxes of maps are.

    Attributes:
        oracle: of `training.shot_scores.ShotScores`, at the threshold that is best for the frames
            scored.
        label_free: the same at the threshold that was chosen without boxes.

    Example:
        >>> # see `training.video_classifier.scoring`
    """

    oracle: Mapping[str, Any]
    label_free: Mapping[str, Any]


def summarise_tags(
    shots: Sequence[ShotRecord], scores: Sequence[np.ndarray]
) -> tuple[dict[str, float], dict[str, str]]:
    """Say how often the tag is right, of frames and of shots.

    Args:
        shots: those scored, at least one.
        scores: (T, K) logits of each one's frames.

    Returns:
        (metrics, units): `accuracy`, the share of frames whose own tag scores best;
        `shot_accuracy`, that of shots by the mean of their frames' probabilities; `num_shots`,
        `num_frames`.

    Example:
        >>> from pathlib import Path
        >>> shot = ShotRecord("1", (Path("1.jpg"), Path("2.jpg")), 2, ("cat", "rat"))
        >>> summarise_tags([shot], [np.array([[0.0, 3.0], [1.0, 0.0]])])[0]["accuracy"]
        0.5
    """
    right = [each.argmax(axis=1) == shot.tag - 1 for shot, each in zip(shots, scores, strict=True)]
    right_shots = [
        _softmax(each).mean(axis=0).argmax() == shot.tag - 1
        for shot, each in zip(shots, scores, strict=True)
    ]
    metrics = {
        "accuracy": float(np.concatenate(right).mean()),
        "shot_accuracy": float(np.mean(right_shots)),
        "num_shots": float(len(shots)),
        "num_frames": float(sum(len(each) for each in scores)),
    }
    return metrics, {"num_shots": "shots", "num_frames": "frames"}


def summarise_boxes(found: Localization) -> tuple[dict[str, float], dict[str, str]]:
    """Compute the metrics of boxes, at the best threshold and at the one without labels.

    Args:
        found: how right they are.

    Returns:
        (metrics, units): `corloc_macro` over tags, `corloc_micro` over frames, `corloc_shots`
        over shots, `corloc_<tag>`, whose unit tells its n frames, at `threshold`, an oracle;
        MaxBoxAcc and top-1 and top-5 localisation, each at its own; `label_free_...` of the first
        three and of the threshold; `num_boxed_frames`; where frames have masks, `pxap`, at all
        thresholds, and `num_masks`.

    Example:
        >>> # see `training.video_classifier.scoring`
    """
    oracle = found.oracle
    metrics = {name: oracle[name] for name in _OVERALL}
    metrics |= {f"label_free_{name}": found.label_free[name] for name in _OVERALL}
    metrics |= {name: oracle[name] for name in oracle if name.startswith(_PROTOCOL)}
    metrics |= {name: float(oracle[name]) for name in _OF_MASKS if name in oracle}
    units = {name: "frames" for name in ("num_boxed_frames", "num_masks")}
    for name, each in oracle["per_class"].items():
        if each["num_frames"]:
            metrics[f"corloc_{name}"] = each["corloc"]
            units[f"corloc_{name}"] = f"(n = {each['num_frames']})"
    metrics["num_boxed_frames"] = float(oracle["num_frames"])
    return metrics, {name: unit for name, unit in units.items() if name in metrics}


def describe_choices(
    split: str, num_frames: int, fitted: Mapping[str, Any], method: str
) -> list[str]:
    """Say in words on what a run was scored and how its weights were chosen.

    Args:
        split: "test" or "val".
        num_frames: frames scored.
        fitted: content of the run's `fit.json`.
        method: how maps were drawn.

    Returns:
        Sentences for the report.

    Example:
        >>> fitted = {"mapped": {"cow": ["ox"]}, "transductive": True, "num_epochs": 0}
        >>> for note in describe_choices("test", 9, fitted, "cam"):
        ...     print(note)
        Scored on the 9 test pictures.
        Frames and tags of the scored shots were learnt from; their boxes and masks never.
        Maps are drawn by cam, of the tag that a shot is known to have.
        cow comes from the pre-trained classifier: ox.
        Nothing was trained.
    """
    notes = [describe_scored(split, num_frames, "less")]
    if fitted["transductive"]:
        notes.append(_KNOWN_TAGS)
    notes.append(f"Maps are drawn by {method}, of the tag that a shot is known to have.")
    for tag, labels in fitted["mapped"].items():
        notes.append(f"{tag} comes from the pre-trained classifier: {'; '.join(labels)}.")
    if not fitted["num_epochs"]:
        return [*notes, "Nothing was trained."]
    on = f"{fitted['num_validation_shots']} validation shots"
    if not fitted["num_validation_shots"]:
        on = "training shots, without any to validate on"
    notes.append(
        f"Tags: the best of {fitted['num_epochs']} epochs by {fitted['monitor']} on the {on}: "
        f"{fitted['best']:.4g}."
    )
    if fitted["best_corloc"] is None:
        return [*notes, "Maps: of the same epoch, without boxes to choose another by."]
    return [*notes, f"Maps: the best epoch by CorLoc there: {fitted['best_corloc']:.4g}."]


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
