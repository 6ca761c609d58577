"""Runs a point counter on the pictures of records and compares what it finds with their points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import keras
import numpy as np

from config.errors import InputError
from datasets.images import read_image
from datasets.records import PointRecord
from datasets.regions import read_region
from datasets.scaled_images import resize_mask
from metrics.localization import Matches, count_blob_hits, count_matches
from ops.class_blobs import BlobRule, class_points, label_class_blobs
from reporting.predictors import trace_pictures
from training.points.pictures import count_classes, point_classes


@dataclass(frozen=True)
class PictureMaps:
    """What a network says about a picture; the maps may be larger than the picture.

    Attributes:
        probabilities: (h, w, K) float32, of each class.
        where: (h, w) bool, the region that counts.
        size: (height, width) of the picture, in pixels.

    Example:
        >>> maps = PictureMaps(np.zeros((4, 6, 1)), np.ones((4, 6), bool), (2, 3))
        >>> maps.map_scale, maps.to_picture(np.array([[3.0, 0.0]])).tolist()
        (2.0, [[1.25, 0.0]])
    """

    probabilities: np.ndarray
    where: np.ndarray
    size: tuple[int, int]

    @property
    def map_scale(self) -> float:
        """Pixels of the maps per pixel of the picture, along an axis."""
        return max(self.where.shape) / max(self.size)

    def label(self, rule: BlobRule) -> np.ndarray:
        """Label the blobs, (h, w, K) int32, by a rule in pixels of the picture."""
        rule = rule.scaled(self.map_scale)
        return label_class_blobs(self.probabilities, **asdict(rule), where=self.where)

    def to_picture(self, points: np.ndarray) -> np.ndarray:
        """Turn pixels of the maps, (N, 2), into pixels of the picture."""
        return np.maximum(0, (points + 0.5) / self.map_scale - 0.5)


Predict = Callable[[PointRecord], PictureMaps]


@dataclass(frozen=True)
class PictureScore:
    """What was found in one picture, and how much of it is right.

    Attributes:
        record: the picture and its true points.
        size: (height, width) in pixels.
        counts: (K,) true counts per class.
        blobs: (K,) blobs per class.
        points: (M, 2) float predicted (row, column) pixels.
        matches: per class, how many predicted points lie near a true one of their own.
        hits: per class, how many blobs hold a true point.

    Example:
        >>> # see `score_picture`
    """

    record: PointRecord
    size: tuple[int, int]
    counts: np.ndarray
    blobs: np.ndarray
    points: np.ndarray
    matches: tuple[Matches, ...]
    hits: tuple[Matches, ...]


def make_predict(counter: keras.Model, *, max_pixels: int) -> Predict:
    """Make the function that predicts one picture.

    Args:
        counter: a point counter.
        max_pixels: larger pictures are refused before decoding.

    Returns:
        record -> `PictureMaps`. It raises InputError for a picture that cannot be read and for
        probabilities that are NaN.

    Example:
        >>> # see `training.points.scoring`
    """
    network = keras.Model(counter.input, {"probabilities": counter.output["probabilities"]})
    call = trace_pictures(partial(network, training=False))

    def predict(record: PointRecord) -> PictureMaps:
        image = read_image(record.image, max_pixels=max_pixels)
        where = read_region(record.region, image.shape[:2])
        probabilities = call(image[np.newaxis])["probabilities"][0]  # (h, w, K)
        if np.isnan(probabilities).any():
            raise InputError(
                f"{record.image}: the network's probabilities are NaN; train it anew with a lower "
                "`learning_rate`."
            )
        return PictureMaps(
            probabilities, resize_mask(where, probabilities.shape[:2]), image.shape[:2]
        )

    return predict


def score_picture(
    record: PointRecord, maps: PictureMaps, rule: BlobRule, *, radius: float
) -> PictureScore:
    """Find the blobs of a picture and compare them with its points.

    Args:
        record: the picture and its true points.
        maps: what the network says about it.
        rule: what counts as a blob, in pixels of the picture.
        radius: largest distance of a predicted point from its true one, in pixels of the picture.

    Returns:
        The score.

    Example:
        >>> from pathlib import Path
        >>> record = PointRecord(Path("a.png"), np.array([[0.0, 1.0]]))
        >>> maps = PictureMaps(np.array([[[0.9], [0.1], [0.9]]]), np.ones((1, 3), bool), (1, 3))
        >>> score = score_picture(record, maps, BlobRule(), radius=2.0)
        >>> score.blobs.tolist(), score.matches[0].num_right, score.hits[0].num_right
        ([2], 1, 0)
    """
    labels = maps.label(rule)
    places, classes = class_points(labels)
    points = maps.to_picture(places)
    true_classes, num_classes = point_classes(record), labels.shape[-1]
    # What is found is the number of a pixel; what was clicked may lie anywhere in it.
    true_pixels = np.floor(np.asarray(record.points, np.float64).reshape(-1, 2))
    matches, hits = [], []
    for c in range(num_classes):
        true = true_pixels[true_classes == c + 1]
        matches.append(count_matches(true, points[classes == c + 1], radius=radius))
        in_map = true * np.divide(labels.shape[:2], maps.size)
        hits.append(count_blob_hits(labels[..., c], in_map))
    return PictureScore(
        record=record,
        size=maps.size,
        counts=count_classes(record, num_classes),
        blobs=labels.max(axis=(0, 1)),
        points=points,
        matches=tuple(matches),
        hits=tuple(hits),
    )


def sort_by_error(scores: Sequence[PictureScore]) -> list[PictureScore]:
    """Sort pictures from the worst to the best.

    Args:
        scores: one per picture.

    Returns:
        By the falling difference of blobs and points, summed over the classes; then by the rising
        number of points found; then in their order.

    Example:
        >>> sort_by_error([])
        []
    """

    def badness(score: PictureScore) -> tuple[int, int]:
        found = sum(match.num_right for match in score.matches)
        return -int(np.abs(score.blobs - score.counts).sum()), found

    return sorted(scores, key=badness)
