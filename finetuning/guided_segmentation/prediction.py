"""Runs a segmenter on pictures, and sharpens its answers along their edges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import keras
import numpy as np

from config.errors import InputError
from config.schema import GuidedSegmentationParams
from datasets.images import read_image
from datasets.records import TagRecord
from finetuning.guided_segmentation.guides import crf_options
from ops.sharpening import sharpen_probabilities
from reporting.predictors import trace_pictures


@dataclass(frozen=True)
class Answer:
    """What a segmenter says of one picture.

    Attributes:
        record: the picture.
        image: (H, W, 3) uint8.
        probabilities: (H, W, K + 1) float32, background first.

    Example:
        >>> record = TagRecord("a.jpg", (1,), ("cat",))
        >>> Answer(record, np.zeros((1, 1, 3), np.uint8), np.array([[[0.2, 0.8]]])).labels.tolist()
        [[1]]
    """

    record: TagRecord
    image: np.ndarray
    probabilities: np.ndarray

    @property
    def labels(self) -> np.ndarray:
        """(H, W) int32, the likeliest label of each pixel."""
        return self.probabilities.argmax(axis=2).astype(np.int32)


def answer_pictures(
    segmenter: keras.Model, records: Sequence[TagRecord], *, max_pixels: int
) -> Iterator[Answer]:
    """Run a segmenter on the pictures of records, one at a time.

    Args:
        segmenter: what `models.segmenter.build_segmenter` returned, or its file.
        records: the pictures.
        max_pixels: larger pictures are refused before decoding.

    Yields:
        One answer per record.

    Raises:
        InputError: a picture cannot be read, or an answer is NaN.

    Example:
        >>> # see `finetuning.guided_segmentation.scoring`
    """
    call = trace_pictures(partial(segmenter, training=False), ["probabilities"])
    for record in records:
        image = read_image(record.image, max_pixels=max_pixels)
        probabilities = call(image[np.newaxis])["probabilities"][0]
        if not np.isfinite(probabilities).all():
            raise InputError(
                f"{record.image}: the segmenter's probabilities are not finite; train anew with a "
                "lower `learning_rate`."
            )
        yield Answer(record, image, probabilities)


def sharpen_labels(
    answer: Answer, params: GuidedSegmentationParams, *, labels: Sequence[int] | None = None
) -> np.ndarray:
    """Let a dense CRF move the labels to the picture's edges.

    Args:
        answer: of a segmenter.
        params: resolved parameters, with the CRF's.
        labels: those that may be given, such as background and the picture's tags, ascending; None
            for all.

    Returns:
        (H, W) int32 labels.

    Example:
        >>> # see `finetuning.guided_segmentation.scoring`
    """
    return sharpen_probabilities(
        answer.image, answer.probabilities, labels=labels, **crf_options(params), num_threads=1
    )
