"""Blobs of a picture that comes in parts: labelled one by one, joined across the seams."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from ops.blobs import check_map, find_blobs

MAX_BLOBS = 5_000_000  # some 200 bytes each while they are joined


class MergedBlobs(NamedTuple):
    """The blobs of a whole picture, M of them, in the order of their first pixels.

    Attributes:
        numbers: (N + 1,) int32, the number from 1 to M of each label that `BlobMerger.add` gave
            out; 0 for the background, for blobs that are too small or that hold others.
        classes: (M,) int32, from 1.
        areas: (M,) int64 pixels.
        centres: (M, 2) float64 centroids, row and column in pixels.
        boxes: (M, 4) int32 boxes, xyxy in pixels, half-open.

    Example:
        >>> BlobMerger(3).finish().areas.tolist()
        []
    """

    numbers: np.ndarray
    classes: np.ndarray
    areas: np.ndarray
    centres: np.ndarray
    boxes: np.ndarray


class _Pieces(NamedTuple):
    """What is known of the blobs of one part, or of all; sums are float64 but whole numbers."""

    levels: np.ndarray
    parents: np.ndarray  # the label, or the blob, one level below that holds it
    classes: np.ndarray
    areas: np.ndarray
    sums: np.ndarray  # (N, 2) of rows and of columns
    firsts: np.ndarray  # first pixel, counted row by row through the picture
    boxes: np.ndarray


class BlobMerger:
    """Labels the 8-connected areas of each class of a picture that comes in parts.

    Parts come row by row, from left to right, those of a row with one height; together they are
    the picture. The result is that of the whole picture at once, whatever the parts: areas and
    centroids are summed exactly, the smallest area counts after the parts are joined. With several
    levels, each a part of the one below, the blobs are those that hold no other: what
    `ops.blob_levels.label_leaf_blobs` gives for the whole picture.

    Args:
        width: of the picture, pixels.
        levels: number of levels.

    Example:
        >>> merger = BlobMerger(4)
        >>> _ = merger.add(np.array([[0, 1]]), 0, 0), merger.add(np.array([[1, 0]]), 0, 2)
        >>> merger.finish().areas.tolist()
        [2]
    """

    def __init__(self, width: int, levels: int = 1):
        self._width = width
        self._num_labels = 0
        self._pieces: list[_Pieces] = []
        self._contacts: list[np.ndarray] = []
        # A column more at each side: diagonal neighbours need no special case.
        self._above = np.zeros((levels, width + 2), np.int32)
        self._below = np.zeros((levels, width + 2), np.int32)
        self._columns = np.zeros((levels, 0), np.int32)

    def add(
        self, classes: np.ndarray, top: int, left: int, *, depths: np.ndarray | None = None
    ) -> np.ndarray:
        """Label the next part.

        Args:
            classes: (h, w) integers, 0 background, else the class.
            top: row of its first pixel in the picture.
            left: column of its first pixel in the picture.
            depths: (h, w) integers, how many levels each pixel reaches; None for all.

        Returns:
            (h, w) int32 labels of the highest level that each pixel reaches, 0 background; no label
            is given out twice.

        Raises:
            ValueError: `classes` or `depths` is no map, or the picture has more than five million
                blobs.

        Example:
            >>> merger = BlobMerger(2)
            >>> merger.add(np.array([[1, 2]]), 0, 0), merger.add(np.array([[1, 0]]), 1, 0)
            (array([[1, 2]], dtype=int32), array([[3, 0]], dtype=int32))
        """
        classes = np.asarray(classes)
        check_map("classes", classes)
        if depths is not None:
            check_map("depths", np.asarray(depths), classes.shape)
        if left == 0:
            self._above, self._below = self._below, np.zeros_like(self._below)
            self._columns = np.zeros((len(self._above), len(classes)), np.int32)
        highest = np.zeros(classes.shape, np.int32)
        for level in range(len(self._above)):
            here = classes if depths is None else np.where(depths > level, classes, 0)
            labels = self._label(here, highest, level, top, left)
            self._join(labels, level, left)
            highest = np.where(labels > 0, labels, highest)
        return highest

    def finish(self, min_area: float = 1) -> MergedBlobs:
        """Join what touches across the seams, and number the blobs.

        Args:
            min_area: smaller blobs are dropped, in pixels; need not be whole.

        Returns:
            The blobs of the whole picture.

        Raises:
            ValueError: `min_area` is below 1.

        Example:
            >>> BlobMerger(3).finish().numbers.tolist()
            [0]
        """
        if min_area < 1:
            raise ValueError(f"`min_area` must be at least 1 pixel. Received {min_area}.")
        if not self._num_labels:
            return _no_blobs()
        pieces = _Pieces(*(np.concatenate(parts) for parts in zip(*self._pieces, strict=True)))
        owners = self._find_owners(pieces.classes)
        blobs = _sum_up(pieces, owners)
        remain = blobs.areas >= min_area
        holds = np.zeros(len(remain), bool)
        holds[blobs.parents[remain & (blobs.levels > 0)]] = True
        order = np.flatnonzero(remain & ~holds)
        order = order[np.argsort(blobs.firsts[order])]
        numbers = np.zeros(len(remain), np.int32)
        numbers[order] = np.arange(1, len(order) + 1)
        for level in range(1, len(self._above)):  # what is too small belongs to its holder
            small = ~remain & (blobs.levels == level)
            numbers[small] = numbers[blobs.parents[small]]
        return MergedBlobs(
            np.concatenate([np.zeros(1, np.int32), numbers[owners]]),
            blobs.classes[order],
            blobs.areas[order],
            blobs.sums[order] / blobs.areas[order, np.newaxis],
            blobs.boxes[order],
        )

    def _label(self, classes, below, level, top, left):
        """Label a level of a part, going on from the labels before; note what is known of it."""
        labels, found = np.zeros(classes.shape, np.int32), []
        for number in np.flatnonzero(np.bincount(classes.ravel())[1:]) + 1:
            own = find_blobs(classes == number).labels
            start = self._num_labels + len(found)
            labels += np.where(own > 0, own + start, 0)
            found += [number] * int(own.max())
        self._num_labels += len(found)
        if self._num_labels > MAX_BLOBS:
            raise ValueError(
                f"A picture must have at most {MAX_BLOBS} blobs. Received more; raise the "
                "threshold, or train the model longer."
            )
        self._pieces.append(self._measure(labels, found, below, level, top, left))
        return labels

    def _measure(self, labels, classes, below, level, top, left):
        rows, columns = np.nonzero(labels)
        num = len(classes)
        owners = labels[rows, columns] - (self._num_labels - num + 1)
        parents = np.zeros(num, np.int32)
        parents[owners] = below[rows, columns]  # one label for all of them
        rows, columns = rows + top, columns + left
        sums = [np.bincount(owners, values, minlength=num) for values in (rows, columns)]
        # Of indices given twice NumPy keeps the last, so the reversed order keeps the first.
        firsts, lasts = np.zeros(num, np.int64), np.zeros(num, np.int64)
        firsts[owners[::-1]] = (rows * self._width + columns)[::-1]
        lasts[owners] = rows
        boxes = np.zeros((num, 4), np.int32)
        boxes[:, 0] = self._width
        np.minimum.at(boxes[:, 0], owners, columns)
        np.maximum.at(boxes[:, 2], owners, columns + 1)
        boxes[:, 1], boxes[:, 3] = firsts // self._width, lasts + 1
        areas = np.bincount(owners, minlength=num)
        levels, classes = np.full(num, level, np.int32), np.array(classes, np.int32)
        return _Pieces(levels, parents, classes, areas, np.stack(sums, axis=1), firsts, boxes)

    def _join(self, labels, level, left):
        """Note which labels touch those of the part above and of the part on the left."""
        height, width = labels.shape
        above, column = self._above[level], np.pad(self._columns[level], 1)
        for shift in range(3):
            self._note(labels[0], above[left + shift : left + shift + width])
            self._note(labels[:, 0], column[shift : shift + height])
        self._below[level, left + 1 : left + 1 + width] = labels[-1]
        self._columns[level] = labels[:, -1]

    def _note(self, mine, theirs):
        touching = (mine > 0) & (theirs > 0)
        if touching.any():
            self._contacts.append(np.unique(np.stack([mine, theirs])[:, touching], axis=1))

    def _find_owners(self, classes):
        """Return the blob that each label belongs to, from 0."""
        pairs = np.concatenate([np.zeros((2, 0), np.int32), *self._contacts], axis=1) - 1
        pairs = pairs[:, classes[pairs[0]] == classes[pairs[1]]]
        graph = coo_matrix((np.ones(pairs.shape[1], bool), tuple(pairs)), (len(classes),) * 2)
        return connected_components(graph, directed=False)[1]


def _sum_up(pieces: _Pieces, owners: np.ndarray) -> _Pieces:
    """Add up the pieces of each blob; the first and last of their edges are the blob's."""
    num = owners.max() + 1
    levels, parents, classes = (np.zeros(num, np.int32) for _ in range(3))
    levels[owners], classes[owners] = pieces.levels, pieces.classes
    inner = pieces.parents > 0
    parents[owners[inner]] = owners[pieces.parents[inner] - 1]
    sums = [np.bincount(owners, values, minlength=num) for values in pieces.sums.T]
    areas = np.zeros(num, np.int64)
    np.add.at(areas, owners, pieces.areas)
    firsts = np.full(num, np.iinfo(np.int64).max)
    np.minimum.at(firsts, owners, pieces.firsts)
    boxes = np.zeros((num, 4), np.int32)
    boxes[:, :2] = np.iinfo(np.int32).max
    np.minimum.at(boxes[:, :2], owners, pieces.boxes[:, :2])
    np.maximum.at(boxes[:, 2:], owners, pieces.boxes[:, 2:])
    return _Pieces(levels, parents, classes, areas, np.stack(sums, axis=1), firsts, boxes)


def _no_blobs() -> MergedBlobs:
    return MergedBlobs(
        np.zeros(1, np.int32),
        np.zeros(0, np.int32),
        np.zeros(0, np.int64),
        np.zeros((0, 2)),
        np.zeros((0, 4), np.int32),
    )
