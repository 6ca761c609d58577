"""Runs a locator on the pictures of records and compares its boxes with theirs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import keras
import numpy as np

from config.errors import InputError
from datasets.images import read_image
from datasets.records import BoxRecord
from ops.boxes import iou
from reporting.predictors import trace_pictures


@dataclass(frozen=True)
class FoundBox:
    """What a locator says of one picture, beside what is true.

    Attributes:
        record: the picture and its true box.
        size: (height, width) in pixels.
        box: (4,) predicted xyxy, pixels of the picture.
        score: in [0, 1].
        class_id: predicted class from 1; 0 where the locator knows no classes.
        iou: of both boxes.
        seconds: what the answer took, decoding aside.

    Example:
        >>> # see `find_boxes`
    """

    record: BoxRecord
    size: tuple[int, int]
    box: np.ndarray
    score: float
    class_id: int
    iou: float
    seconds: float

    @property
    def true_box(self) -> np.ndarray:
        """(4,) true xyxy, pixels of the picture."""
        return np.asarray(self.record.boxes, np.float64)[0]

    @property
    def true_class(self) -> int:
        """True class from 1; 1 where the record has no classes."""
        return 1 if self.record.classes is None else int(self.record.classes[0])


def find_boxes(
    locator: keras.Model, records: Sequence[BoxRecord], *, max_pixels: int
) -> list[FoundBox]:
    """Find the object of every picture, one picture at a time.

    Args:
        locator: what `models.locator.build_locator` returned, or its file.
        records: with one box each.
        max_pixels: larger pictures are refused before decoding.

    Returns:
        One answer per record.

    Raises:
        InputError: a picture cannot be read, or a box is NaN.

    Example:
        >>> # see `training.localization.scoring`
    """
    call = trace_pictures(partial(locator, training=False))
    call(np.zeros((1, 32, 32, 3), np.uint8))  # The first call is slow and not to be counted.
    return [_find_box(call, record, max_pixels) for record in records]


def _find_box(call: Callable, record: BoxRecord, max_pixels: int) -> FoundBox:
    image = read_image(record.image, max_pixels=max_pixels)
    started = time.perf_counter()
    found = call(image[np.newaxis])
    seconds = time.perf_counter() - started
    box = found["boxes"][0].astype(np.float64)
    if not np.isfinite(box).all():
        raise InputError(
            f"{record.image}: the predicted box is {box.tolist()}; train anew with a lower "
            "`learning_rate`."
        )
    true = np.asarray(record.boxes, np.float64)
    return FoundBox(
        record=record,
        size=image.shape[:2],
        box=box,
        score=float(found["scores"][0]),
        class_id=int(found["classes"][0]) if "classes" in found else 0,
        iou=float(iou(box[np.newaxis], true)[0]),
        seconds=seconds,
    )
