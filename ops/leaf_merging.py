"""Blobs over several thresholds, of a picture that comes in parts: leaves joined across seams."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ops.blob_levels import level_thresholds
from ops.blob_merging import BlobMerger, check_number
from ops.class_blobs import BlobRule, class_masks


class MergedLeaves(NamedTuple):
    """The leaves of a whole picture, M of them, in the order of their first pixels.

    Attributes:
        numbers: one array per level: (N + 1,) int32, the number from 1 to M of each label that
            `LeafMerger.add` gave out there; 0 for the background and for areas that are no leaf.
        classes: (M,) int32, from 1.
        areas: (M,) int64 pixels.
        centres: (M, 2) float64 centroids, row and column in pixels.
        boxes: (M, 4) int32 boxes, xyxy in pixels, half-open.

    Example:
        >>> LeafMerger(3, BlobRule()).finish().numbers[0].tolist()
        [0]
    """

    numbers: tuple[np.ndarray, ...]
    classes: np.ndarray
    areas: np.ndarray
    centres: np.ndarray
    boxes: np.ndarray


class LeafMerger:
    """Finds the blobs of probabilities that come in parts, as `BlobMerger` those of classes.

    A blob is an 8-connected area of its class above a threshold that holds no such area above the
    next one (`ops.blob_levels`). The areas of each threshold are merged on their own; of each area
    in a part is kept which one it lies in a threshold below. What is a leaf is decided when all
    areas are whole, so the result is that of the whole picture, whatever the parts.

    Args:
        width: of the picture, pixels.
        rule: what counts as a blob, in pixels of the parts.

    Raises:
        ValueError: a number of the rule is out of range.

    Example:
        >>> merger = LeafMerger(3, BlobRule(levels=2))
        >>> first = list(merger.add(np.array([[[0.9], [0.6]]]), 0, 0))
        >>> second = list(merger.add(np.array([[[0.9]]]), 0, 2))
        >>> leaves = merger.finish()
        >>> number_leaves(first, leaves.numbers).tolist(), leaves.areas.tolist()
        ([[1, 0]], [1, 1])
    """

    def __init__(self, width: int, rule: BlobRule):
        self._thresholds = level_thresholds(rule.threshold, rule.levels)
        self._min_area = rule.min_area
        self._mergers = [BlobMerger(width) for _ in self._thresholds]
        # Of each level, part by part, the label one level below that holds each new label.
        self._holders: list[list[np.ndarray]] = [[] for _ in self._thresholds]

    def add(self, probabilities: np.ndarray, top: int, left: int) -> Iterator[np.ndarray]:
        """Label the next part, level by level; all must be taken before the part after it.

        Args:
            probabilities: (h, w, K), of each class; NaN belongs to none.
            top: row of its first pixel in the picture.
            left: column of its first pixel in the picture.

        Yields:
            (h, w) int32 labels, 0 background, of the first level, then of the next ones that have
            an area in this part; where one has none, no higher one has.

        Raises:
            ValueError: `probabilities` is no map of classes, or the picture has more than five
                million areas.

        Example:
            >>> labels = LeafMerger(2, BlobRule(levels=3)).add(np.array([[[0.6], [0.7]]]), 0, 0)
            >>> [each.tolist() for each in labels]
            [[[1, 1]], [[0, 1]]]
        """
        probabilities = np.asarray(probabilities)
        if probabilities.ndim != 3:
            raise ValueError(
                "`probabilities` must be maps (h, w, K), one per class. Received shape "
                f"{probabilities.shape}."
            )
        classes = _to_classes(class_masks(probabilities, self._thresholds[0]))
        labels = self._mergers[0].add(classes, top, left)
        yield labels
        for level in range(1, len(self._mergers)):
            # A pixel's class is the likeliest one, so at a higher threshold it is that or none.
            above = (probabilities > self._thresholds[level]).any(axis=-1)
            classes = np.where(above, classes, 0)
            labels = self._add_level(level, classes, labels, top, left)
            if labels.any():
                yield labels

    def finish(self) -> MergedLeaves:
        """Join what touches across the seams, and number the leaves.

        Returns:
            The leaves of the whole picture.

        Raises:
            ValueError: the smallest area is below 1.

        Example:
            >>> # see the class
        """
        levels = [merger.finish(self._min_area) for merger in self._mergers]
        are_leaves = [np.ones(len(blobs.areas), bool) for blobs in levels]
        for level in range(1, len(levels)):
            holders = np.concatenate([np.zeros(0, np.int32), *self._holders[level]])
            holders = holders[levels[level].numbers[1:] > 0]  # those of areas large enough
            are_leaves[level - 1][levels[level - 1].numbers[holders] - 1] = False
        classes, areas, centres, boxes, firsts = (
            np.concatenate([values[kept] for values, kept in zip(each, are_leaves, strict=True)])
            for each in list(zip(*levels, strict=True))[1:]
        )
        order = np.argsort(firsts)
        ranks = np.zeros(len(order), np.int32)
        ranks[order] = np.arange(1, len(order) + 1)
        return MergedLeaves(
            tuple(_number_levels(levels, are_leaves, ranks)),
            classes[order],
            areas[order],
            centres[order],
            boxes[order],
        )

    def _add_level(self, level, classes, below, top, left):
        """Label a part at one level, given its labels one level below."""
        merger = self._mergers[level]
        start = merger.num_labels + 1
        labels = merger.add(classes, top, left)
        inner = labels > 0
        holders = np.zeros(merger.num_labels + 1 - start, np.int32)
        holders[labels[inner] - start] = below[inner]  # the same for all pixels of a label
        self._holders[level].append(holders)
        check_number(sum(merger.num_labels for merger in self._mergers))
        return labels


def number_leaves(labels: Iterable[np.ndarray], numbers: Sequence[np.ndarray]) -> np.ndarray:
    """Turn the labels of a part to the numbers of the leaves.

    Args:
        labels: (h, w) int32 labels of one or more levels, as `LeafMerger.add` gave them.
        numbers: of `MergedLeaves`.

    Returns:
        (h, w) int32, 0 background, 1 to M the leaves, each where it exceeds its own threshold.

    Example:
        >>> levels = np.array([[1, 1]]), np.array([[0, 1]])
        >>> number_leaves(levels, [np.array([0, 0]), np.array([0, 1])]).tolist()
        [[0, 1]]
    """
    found = None
    for level, each in enumerate(labels):
        own = numbers[level][each]
        # No pixel belongs to two leaves.
        found = own if found is None else np.maximum(found, own, out=found)
    return found


def _to_classes(masks):
    """Turn (H, W, K) masks that do not overlap to (H, W) classes, 0 where there is none."""
    classes = np.arange(1, masks.shape[-1] + 1, dtype=np.int32)
    return np.max(masks * classes, axis=-1)


def _number_levels(levels, are_leaves, ranks):
    """Yield the number of each label of each level; `ranks` number the leaves, level by level."""
    start = 0
    for blobs, kept in zip(levels, are_leaves, strict=True):
        stop = start + np.count_nonzero(kept)
        numbers = np.zeros(len(kept) + 1, np.int32)
        numbers[1:][kept] = ranks[start:stop]
        yield numbers[blobs.numbers]
        start = stop
