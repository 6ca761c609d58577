"""From what was found in each frame of a shot to one track: smoothed boxes, frames without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ops.box_tracks import find_absent, smooth_track
from reporting.videos import FrameResult


def follow_object(
    results: Sequence[FrameResult], *, radius: int = 0, absent_below: float | None = None
) -> list[FrameResult]:
    """Smooth the boxes of a shot over time, and decide in which frames the object is absent.

    Args:
        results: of all frames of one shot, in time.
        radius: of `ops.box_tracks.smooth_track`, frames; 0 leaves the boxes as they are. The
            decision of absence takes the median of the scores over as many.
        absent_below: score that an object reaches; None where it is never absent. The boxes of
            frames without it take no part in the smoothing.

    Returns:
        The results.

    Raises:
        ValueError: a score is not finite, or `radius` is negative.

    Example:
        >>> boxes = np.array([[0.0, 0, 4, 4], [9, 0, 13, 4], [1, 0, 5, 4]])
        >>> results = [FrameResult(i, "", "cat", score, box)
        ...            for i, (score, box) in enumerate(zip([0.9, 0.9, 0.1], boxes))]
        >>> [each.present for each in follow_object(results, absent_below=0.5)]
        [True, True, False]
        >>> follow_object(results, radius=1)[1].box.round(2).tolist()  # mean of 0, median, 1
        [0.67, 0.0, 4.67, 4.0]
    """
    if not results:
        return []
    present = np.ones(len(results), bool)
    if absent_below is not None:
        scores = [result.score for result in results]
        present = ~find_absent(scores, threshold=absent_below, radius=radius)
    boxes = np.full((len(results), 4), np.nan)
    for number, result in enumerate(results):
        if result.box is not None and present[number]:
            boxes[number] = result.box
    if radius:
        boxes = smooth_track(boxes, radius=radius)
    return [
        replace(result, box=box if here and not np.isnan(box).any() else None, present=bool(here))
        for result, box, here in zip(results, boxes, present, strict=True)
    ]
