"""One point per blob of a label map that comes in parts."""

from __future__ import annotations

import numpy as np


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
