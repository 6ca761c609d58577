"""Scores the maps of the frames of shots against boxes: by class, by shot, and over all frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from config.errors import InputError
from datasets.frame_boxes import read_frame_truth
from datasets.images import read_header
from datasets.records import ShotRecord
from datasets.shot_views import enlarge_map
from metrics.max_box_acc import MaxBoxAccuracy
from metrics.pixel_average_precision import PixelAveragePrecision
from ops.map_thresholds import choose_threshold_without_labels
from ops.opencv import cv2


class ShotScores:
    """Counts which thresholds give a right box, frame by frame of shots.

    A map is enlarged to the network's input, S x S pixels, as the protocol does, and the true boxes
    of the frame are brought there too. So is its mask where there is one: then PxAP is counted.

    Args:
        shots: those that are scored, at least one; `update` is told their places.
        image_size: side of the network's input, S, pixels.
        max_pixels: larger frames and masks are refused.
        inclusive: as `metrics.max_box_acc.MaxBoxAccuracy` takes it.
        step: between thresholds, likewise; .001 is the protocol's, .004 its choice between epochs.
        every_contour: whether V2 of MaxBoxAcc is wanted too.

    Attributes:
        shots: as given.
        num_frames: frames counted so far that have a true box.
        num_masks: frames counted so far that have a true mask.

    Example:
        >>> # see `training.video_classifier.scoring`
    """

    def __init__(
        self,
        shots: Sequence[ShotRecord],
        image_size: int,
        *,
        max_pixels: int,
        inclusive: bool = False,
        step: float = 0.001,
        every_contour: bool = True,
    ):
        self.shots, self.image_size = list(shots), image_size
        self._max_pixels, self.num_frames, self.num_masks = max_pixels, 0, 0
        names = [shot.name for shot in self.shots]
        self._by_shot = MaxBoxAccuracy(
            names, inclusive=inclusive, step=step, every_contour=every_contour
        )
        self._by_pixel, self._shows_object = PixelAveragePrecision(), False

    def update(
        self, place: int, number: int, score_map: np.ndarray, scores: np.ndarray | None = None
    ) -> None:
        """Count a frame; one without true boxes only counts as unknown.

        Args:
            place: of the shot.
            number: place of the frame in it.
            score_map: (h, w) in [0, 1], over the whole frame.
            scores: (K,) of the classes, whatever ranks them; None where nothing was classified.

        Raises:
            InputError: the frame's header or mask cannot be read.
            ValueError: the map is of another form.

        Example:
            >>> # see the class
        """
        shot, size = self.shots[place], self.image_size
        boxes, mask = read_frame_truth(shot, number, max_pixels=self._max_pixels)
        if boxes is not None and len(boxes):
            header = read_header(shot.frames[number], max_pixels=self._max_pixels)
            boxes = boxes * np.tile([size / header.width, size / header.height], 2)
            self.num_frames += 1
        ranking = None if scores is None else _rank(place + 1, scores, shot.tag)
        enlarged = enlarge_map(score_map, size)
        self._by_shot.update(enlarged, boxes, place + 1, ranking)
        if mask is not None:
            small = cv2.resize(mask.view(np.uint8), (size, size), interpolation=cv2.INTER_NEAREST)
            self._by_pixel.update(enlarged, small)
            self.num_masks += 1
            self._shows_object |= bool(small.any())

    def result(self, *, threshold: float | None = None) -> dict[str, Any]:
        """Sum up all frames.

        Args:
            threshold: share of a map's maximum; None for the one that is best for these very
                frames, an oracle.

        Returns:
            What `MaxBoxAccuracy.result` says of the classes, so that `corloc_macro` is over them;
            also `corloc_shots`, the mean over shots that have a true box, and `per_shot` as
            `per_class`. Where a mask shows an object, `pxap`, whatever the threshold, and
            `num_masks`, the frames it is of.

        Raises:
            InputError: no frame has a true box.

        Example:
            >>> # see the class
        """
        names = self.shots[0].class_names
        classes = self._by_shot.regroup(names, [shot.tag for shot in self.shots])
        result = classes.result(threshold=threshold)
        shots = self._by_shot.result(threshold=result["threshold"])
        pixels = {}
        if self._shows_object:
            pixels = {"pxap": self._by_pixel.result(), "num_masks": self.num_masks}
        return {
            **result,
            **pixels,
            "corloc_shots": shots["corloc_macro"],
            "per_shot": shots["per_class"],
        }


def choose_label_free_threshold(
    maps: Iterable[np.ndarray],
    image_size: int,
    *,
    cure: str = "train the classifier for longer, or draw them with another `cam_method`",
) -> float:
    """Choose the threshold of boxes without looking at any, from maps of training frames.

    Args:
        maps: (h, w) in [0, 1] each.
        image_size: side of the network's input, to which they are enlarged, pixels.
        cure: what helps where they show nothing, for the message.

    Returns:
        Share of a map's maximum, see `ops.map_thresholds`.

    Raises:
        InputError: every map is constant, or one cannot be made.

    Example:
        >>> choose_label_free_threshold([np.array([[0.0, 1.0]])], 2)
        0.5
    """
    try:
        return choose_threshold_without_labels(enlarge_map(cam, image_size) for cam in maps)
    except InputError:  # of what makes the maps
        raise
    except ValueError as error:
        raise InputError(
            "maps must show something to choose a threshold by. Those of the training frames are "
            f"all constant; {cure}."
        ) from error


def _rank(group: int, scores: np.ndarray, tag: int) -> list[int]:
    """Rank groups of frames as if each class before the frame's own were another group, 0."""
    own = scores[tag - 1]
    num_before = int((scores > own).sum() + (scores[: tag - 1] == own).sum())
    return [*([0] * num_before), group]
