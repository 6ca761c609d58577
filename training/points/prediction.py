"""Runs a point counter on the pictures of records and compares what it finds with their points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from config.errors import InputError
from datasets.images import read_image
from datasets.records import PointRecord
from datasets.regions import read_region
from metrics.localization import Matches, count_blob_hits, count_matches
from ops.class_blobs import class_points, label_class_blobs
from training.points.pictures import count_classes, point_classes


@dataclass(frozen=True)
class PictureScore:
    """What was found in one picture, and how much of it is right.

    Attributes:
        record: the picture and its true points.
        size: (height, width) in pixels.
        counts: (K,) true counts per class.
        predicted: (K,) predicted counts per class.
        points: (M, 2) float32 predicted (row, column) pixels.
        matches: per class, how many predicted points lie near a true one of their own.
        hits: per class, how many blobs hold a true point.

    Example:
        >>> # see `score_picture`
    """

    record: PointRecord
    size: tuple[int, int]
    counts: np.ndarray
    predicted: np.ndarray
    points: np.ndarray
    matches: tuple[Matches, ...]
    hits: tuple[Matches, ...]


def make_predict(
    counter: keras.Model, *, max_pixels: int
) -> Callable[[PointRecord], tuple[np.ndarray, np.ndarray]]:
    """Make the function that predicts one picture.

    Args:
        counter: a point counter.
        max_pixels: larger pictures are refused before decoding.

    Returns:
        record -> (probabilities (H, W, K) float32, region (H, W) bool). It raises InputError for a
        picture that cannot be read and for probabilities that are NaN.

    Example:
        >>> # see `training.points.scoring`
    """
    network = keras.Model(counter.input, counter.output["probabilities"])

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8)])
    def call(images):
        return network(images, training=False)

    def predict(record: PointRecord) -> tuple[np.ndarray, np.ndarray]:
        image = read_image(record.image, max_pixels=max_pixels)
        where = read_region(record.region, image.shape[:2])
        probabilities = call(tf.constant(image[np.newaxis])).numpy()[0]  # (H, W, K)
        if np.isnan(probabilities).any():
            raise InputError(
                f"{record.image}: the network's probabilities are NaN; train it anew with a lower "
                "`learning_rate`."
            )
        return probabilities, where

    return predict


def score_picture(
    record: PointRecord,
    probabilities: np.ndarray,
    where: np.ndarray,
    *,
    threshold: float,
    min_area: int,
    radius: float,
) -> PictureScore:
    """Find the blobs of a picture and compare them with its points.

    Args:
        record: the picture and its true points.
        probabilities: (H, W, K), of each class.
        where: (H, W) bool, the region that counts.
        threshold: a blob's pixels are above it.
        min_area: smaller blobs are dropped, in pixels.
        radius: largest distance of a predicted point from its true one, in pixels.

    Returns:
        The score.

    Example:
        >>> from pathlib import Path
        >>> record = PointRecord(Path("a.png"), np.array([[0.0, 1.0]]))
        >>> maps, where = np.array([[[0.9], [0.1], [0.9]]]), np.ones((1, 3), bool)
        >>> options = {"threshold": 0.5, "min_area": 1, "radius": 2.0}
        >>> score = score_picture(record, maps, where, **options)
        >>> score.predicted.tolist(), score.matches[0].num_right, score.hits[0].num_right
        ([2], 1, 0)
    """
    labels = label_class_blobs(probabilities, threshold=threshold, min_area=min_area, where=where)
    points, classes = class_points(labels)
    true_classes = point_classes(record)
    matches, hits = [], []
    for c in range(probabilities.shape[-1]):
        true = record.points[true_classes == c + 1]
        matches.append(count_matches(true, points[classes == c + 1], radius=radius))
        hits.append(count_blob_hits(labels[..., c], true))
    return PictureScore(
        record=record,
        size=where.shape,
        counts=count_classes(record, probabilities.shape[-1]),
        predicted=labels.max(axis=(0, 1)),
        points=points,
        matches=tuple(matches),
        hits=tuple(hits),
    )


def sort_by_error(scores: Sequence[PictureScore]) -> list[PictureScore]:
    """Sort pictures from the worst to the best.

    Args:
        scores: one per picture.

    Returns:
        By the falling error of the counts, summed over the classes; then by the rising number of
        points found; then in their order.

    Example:
        >>> sort_by_error([])
        []
    """

    def badness(score: PictureScore) -> tuple[int, int]:
        found = sum(match.num_right for match in score.matches)
        return -int(np.abs(score.predicted - score.counts).sum()), found

    return sorted(scores, key=badness)
