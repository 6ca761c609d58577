"""Sums up what a decoder of activation maps reached, beside the maps that it learnt from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from datasets.records import ShotRecord
from metrics.max_box_acc import CORLOC_DELTA
from reporting.videos import FrameResult
from training.scored_splits import describe_scored
from training.video_classifier.summary import Localization, summarise_boxes

DECODER = "decoder"
_COMPARED = ("corloc_macro", "corloc_micro", "corloc_shots", "threshold", "max_box_acc_v2", "pxap")
_KNOWN_TAGS = "Frames and tags of the scored shots were learnt from; their boxes and masks never."


def summarise(
    found: Mapping[str, Localization],
    tracks: Sequence[Sequence[FrameResult]],
    shots: Sequence[ShotRecord],
) -> tuple[dict[str, float], dict[str, str]]:
    """Compute every metric of a run.

    Args:
        found: how right the boxes are of the decoder's maps, under `DECODER`, and of the
            classifier's, under their methods; {} where no frame has a true box.
        tracks: the boxes of each shot's frames as they are told, see `summarise_tracks`.
        shots: those scored.

    Returns:
        (metrics, units): of the decoder what
        `training.video_classifier.summary.summarise_boxes` tells; of each method the first of
        these, as `<method>_corloc_macro` and `<method>_label_free_corloc_macro`; `box_...` of the
        boxes as they are told; `num_shots`.

    Example:
        >>> summarise({}, [], [])
        ({'num_shots': 0.0}, {'num_shots': 'shots'})
    """
    metrics, units = {}, {}
    if DECODER in found:
        metrics, units = summarise_boxes(found[DECODER])
    for method, each in found.items():
        if method != DECODER:
            own = summarise_boxes(each)[0]
            for prefix in ("", "label_free_"):
                names = [f"{prefix}{name}" for name in _COMPARED if f"{prefix}{name}" in own]
                metrics |= {f"{method}_{name}": own[name] for name in names}
    metrics |= summarise_tracks(tracks, shots)
    return {**metrics, "num_shots": float(len(shots))}, {**units, "num_shots": "shots"}


def summarise_tracks(
    tracks: Sequence[Sequence[FrameResult]], shots: Sequence[ShotRecord]
) -> dict[str, float]:
    """Say how right the boxes are that a run tells, as anybody would use them.

    They are those of the threshold without labels, smoothed and left out as configured; overlaps
    are of half-open boxes.

    Args:
        tracks: results of each shot's frames.
        shots: the shots.

    Returns:
        `box_corloc_macro` over tags, `box_corloc_micro` over frames and `box_mean_iou`, of frames
        with a true box; {} where there is none.

    Example:
        >>> from pathlib import Path
        >>> shot = ShotRecord("1", (Path("1.jpg"),), 1, ("cat",))
        >>> result = FrameResult(0, "1.jpg", "cat", 1.0, np.array([0, 0, 4, 2]),
        ...                      truth=np.array([[0, 0, 4, 4]]))
        >>> summarise_tracks([[result]], [shot])["box_mean_iou"]
        0.5
    """
    overlaps = {}
    for shot, track in zip(shots, tracks, strict=True):
        known = [iou for result in track if (iou := result.measure_iou()) is not None]
        overlaps.setdefault(shot.tag, []).extend(known)
    overlaps = [np.array(each) for each in overlaps.values() if each]
    if not overlaps:
        return {}
    every = np.concatenate(overlaps)
    return {
        "box_corloc_macro": float(np.mean([(each >= CORLOC_DELTA).mean() for each in overlaps])),
        "box_corloc_micro": float((every >= CORLOC_DELTA).mean()),
        "box_mean_iou": float(every.mean()),
    }


def describe_choices(
    split: str, num_frames: int, fitted: Mapping[str, Any], *, maps: str, neighbours: int
) -> list[str]:
    """Say in words on what a run was scored and how its weights were chosen.

    Args:
        split: "test" or "val".
        num_frames: frames with a true box, or all where there is none.
        fitted: content of the run's `fit.json`.
        maps: how those were made that were learnt from, one of `config.cam_names.BASELINE_NAMES`.
        neighbours: frames whose maps were joined with a frame's own.

    Returns:
        Sentences for the report.

    Example:
        >>> fitted = {"transductive": True, "num_epochs": 9, "monitor": None, "threshold": 0.4}
        >>> for note in describe_choices("test", 9, fitted, maps="cam", neighbours=0):
        ...     print(note)
        Scored on the 9 test pictures.
        Frames and tags of the scored shots were learnt from; their boxes and masks never.
        Learnt from maps by cam, each frame's own (F-CAM).
        The last of 9 epochs, without boxes to choose another by.
        Boxes are drawn at 0.4 of a map's maximum, chosen on training frames without boxes; \
`threshold` is an oracle's, the best for the frames scored.
    """
    notes = [describe_scored(split, num_frames, "less")]
    if fitted["transductive"]:
        notes.append(_KNOWN_TAGS)
    joined = f"joined with {neighbours} neighbouring" if neighbours else "each frame's own (F-CAM)"
    notes.append(f"Learnt from maps by {maps}, {joined}.")
    if fitted["monitor"] is None:
        notes.append(
            f"The last of {fitted['num_epochs']} epochs, without boxes to choose another by."
        )
    else:
        notes.append(
            f"The best of {fitted['num_epochs']} epochs by CorLoc on "
            f"{fitted['num_validation_shots']} validation shots: {fitted['best']:.4g}."
        )
    notes.append(
        f"Boxes are drawn at {fitted['threshold']:.3g} of a map's maximum, chosen on training "
        "frames without boxes; `threshold` is an oracle's, the best for the frames scored."
    )
    return notes
