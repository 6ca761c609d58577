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
            out; 0 for the background and for blobs that are too small.
        classes: (M,) int32, from 1.
        areas: (M,) int64 pixels.
        centres: (M, 2) float64 centroids, row and column in pixels.
        boxes: (M, 4) int32 boxes, xyxy in pixels, half-open.
        firsts: (M,) int64, the first pixel of each, counted row by row through the picture.

    Example:
        >>> BlobMerger(3).finish().areas.tolist()
        []
    """

    numbers: np.ndarray
    classes: np.ndarray
    areas: np.ndarray
    centres: np.ndarray
    boxes: np.ndarray
    firsts: np.ndarray


class _Pieces(NamedTuple):
    """What is known of the blobs of one part, or of all; sums are float64 but whole numbers."""

    classes: np.ndarray
    areas: np.ndarray
    sums: np.ndarray  # (N, 2) of rows and of columns
    firsts: np.ndarray  # see `MergedBlobs`
    boxes: np.ndarray


class BlobMerger:
    """Labels the 8-connected areas of each class of a picture that comes in parts.

    Parts come row by row, from left to right, those of a row with one height; together they are
    the picture. The result is that of the whole picture at once, whatever the parts: areas and
    centroids are summed exactly, the smallest area counts after the parts are joined.

    Args:
        width: of the picture, pixels.

    Attributes:
        num_labels: the largest label that `add` gave out.

    Example:
        >>> merger = BlobMerger(4)
        >>> _ = merger.add(np.array([[0, 1]]), 0, 0), merger.add(np.array([[1, 0]]), 0, 2)
        >>> merger.finish().areas.tolist()
        [2]
    """

    def __init__(self, width: int):
        self._width = width
        self.num_labels = 0
        self._pieces: list[_Pieces] = []
        self._contacts: list[np.ndarray] = []
        # A column more at each side: diagonal neighbours need no special case.
        self._above = np.zeros(width + 2, np.int32)
        self._below = np.zeros(width + 2, np.int32)
        self._column = np.zeros(0, np.int32)

    def add(self, classes: np.ndarray, top: int, left: int) -> np.ndarray:
        """Label the next part.

        Args:
            classes: (h, w) integers, 0 background, else the class.
            top: row of its first pixel in the picture.
            left: column of its first pixel in the picture.

        Returns:
            (h, w) int32 labels, 0 background; no label is given out twice.

        Raises:
            ValueError: `classes` is no map, or the picture has more than five million blobs.

        Example:
            >>> merger = BlobMerger(2)
            >>> merger.add(np.array([[1, 2]]), 0, 0), merger.add(np.array([[1, 0]]), 1, 0)
            (array([[1, 2]], dtype=int32), array([[3, 0]], dtype=int32))
        """
        classes = np.asarray(classes)
        check_map("classes", classes)
        labels, found = self._label(classes)
        self.num_labels += len(found)
        check_number(self.num_labels)
        self._pieces.append(self._measure(labels, found, top, left))
        self._join(labels, left)
        return labels

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
        if not self.num_labels:
            empty = np.zeros(0, np.int64)
            return MergedBlobs(
                np.zeros(1, np.int32),
                empty.astype(np.int32),
                empty,
                np.zeros((0, 2)),
                np.zeros((0, 4), np.int32),
                empty,
            )
        pieces = _Pieces(*(np.concatenate(parts) for parts in zip(*self._pieces, strict=True)))
        owners = self._find_owners(pieces.classes)
        blobs = _sum_up(pieces, owners)
        order = np.argsort(blobs.firsts)
        order = order[blobs.areas[order] >= min_area]
        numbers = np.zeros(len(blobs.areas), np.int32)
        numbers[order] = np.arange(1, len(order) + 1)
        return MergedBlobs(
            np.concatenate([np.zeros(1, np.int32), numbers[owners]]),
            blobs.classes[order],
            blobs.areas[order],
            blobs.sums[order] / blobs.areas[order, np.newaxis],
            blobs.boxes[order],
            blobs.firsts[order],
        )

    def _label(self, classes):
        """Return labels that go on from the last part's, and the class of each new one."""
        labels, found = np.zeros(classes.shape, np.int32), []
        for number in np.flatnonzero(np.bincount(classes.ravel())[1:]) + 1:
            own = find_blobs(classes == number).labels
            start = self.num_labels + len(found)
            labels += np.where(own > 0, own + start, 0)
            found += [number] * int(own.max())
        return labels, np.array(found, np.int32)

    def _measure(self, labels, classes, top, left):
        rows, columns = np.nonzero(labels)
        owners = labels[rows, columns] - (self.num_labels - len(classes) + 1)
        rows, columns = rows + top, columns + left
        num = len(classes)
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
        return _Pieces(classes, areas, np.stack(sums, axis=1), firsts, boxes)

    def _join(self, labels, left):
        """Note which labels touch those of the part above and of the part on the left."""
        height, width = labels.shape
        if left == 0:
            self._above, self._below = self._below, np.zeros_like(self._below)
            self._column = np.zeros(height, np.int32)
        for shift in range(3):
            self._note(labels[0], self._above[left + shift : left + shift + width])
        padded = np.pad(self._column, 1)
        for shift in range(3):
            self._note(labels[:, 0], padded[shift : shift + height])
        self._below[left + 1 : left + 1 + width] = labels[-1]
        self._column = labels[:, -1]

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


class NearestPixels:
    """Finds each blob's pixel nearest to its centroid, of labels that come in parts.

    Of several, the first row by row: what `ops.blobs.blob_points` gives for the whole picture.

    Args:
        centres: (M, 2) float64 centroids of labels 1 to M, row and column in pixels.

    Example:
        >>> nearest = NearestPixels(np.array([[0.0, 0.9]]))
        >>> nearest.add(np.array([[1, 1]]), 0, 0), nearest.add(np.array([[1, 0]]), 0, 2)
        (None, None)
        >>> nearest.points.tolist()
        [[0.0, 1.0]]
    """

    def __init__(self, centres: np.ndarray):
        self._centres = np.asarray(centres)
        self._distances = np.full(len(centres), np.inf)
        self._points = np.full((len(centres), 2), np.iinfo(np.int64).max)

    @property
    def points(self) -> np.ndarray:
        """(M, 2) float64 (row, column) pixels."""
        return self._points.astype(np.float64)

    def add(self, labels: np.ndarray, top: int, left: int) -> None:
        """Look at the next part.

        Args:
            labels: (h, w) integers, 0 background, 1 to M the blobs.
            top: row of its first pixel in the picture.
            left: column of its first pixel in the picture.

        Example:
            >>> # see the class
        """
        rows, columns = np.nonzero(labels)
        owners = labels[rows, columns] - 1
        rows, columns = rows + top, columns + left
        distances = (rows - self._centres[owners, 0]) ** 2
        distances += (columns - self._centres[owners, 1]) ** 2
        order = np.lexsort((distances, owners))
        nearest = order[np.unique(owners[order], return_index=True)[1]]
        owners, distances = owners[nearest], distances[nearest]
        points = np.stack([rows[nearest], columns[nearest]], axis=1)
        earlier = self._points[owners]
        before = (points[:, 0] < earlier[:, 0]) | (
            (points[:, 0] == earlier[:, 0]) & (points[:, 1] < earlier[:, 1])
        )
        known = self._distances[owners]
        better = (distances < known) | ((distances == known) & before)
        self._distances[owners[better]] = distances[better]
        self._points[owners[better]] = points[better]


def check_number(num_blobs: int) -> None:
    """Refuse more blobs than can be joined in bounded memory.

    Args:
        num_blobs: in the whole picture so far.

    Raises:
        ValueError: there are more than five million.

    Example:
        >>> check_number(5_000_000)
    """
    if num_blobs > MAX_BLOBS:
        raise ValueError(
            f"A picture must have at most {MAX_BLOBS} blobs. Received more; raise the "
            "threshold, or train the model longer."
        )


def _sum_up(pieces: _Pieces, owners: np.ndarray) -> _Pieces:
    """Add up the pieces of each blob; the first and last of their edges are the blob's."""
    num = owners.max() + 1
    classes = np.zeros(num, np.int32)
    classes[owners] = pieces.classes
    sums = [np.bincount(owners, values, minlength=num) for values in pieces.sums.T]
    areas = np.zeros(num, np.int64)
    np.add.at(areas, owners, pieces.areas)
    firsts = np.full(num, np.iinfo(np.int64).max)
    np.minimum.at(firsts, owners, pieces.firsts)
    boxes = np.zeros((num, 4), np.int32)
    boxes[:, :2] = np.iinfo(np.int32).max
    np.minimum.at(boxes[:, :2], owners, pieces.boxes[:, :2])
    np.maximum.at(boxes[:, 2:], owners, pieces.boxes[:, 2:])
    return _Pieces(classes, areas, np.stack(sums, axis=1), firsts, boxes)
