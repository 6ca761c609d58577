"""How well objects are located: points matched one to one, and blobs that hold a point."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching
from scipy.spatial import cKDTree

from config.errors import InputError


class Matches(NamedTuple):
    """How many objects were found, and how many were there to be found or claimed.

    Attributes:
        num_right: predictions that found an object of their own.
        num_predicted: all predictions.
        num_true: all objects.

    Example:
        >>> Matches(2, 4, 3).scores()
        {'precision': 0.5, 'recall': 0.6666666666666666, 'f1': 0.5714285714285714}
    """

    num_right: int
    num_predicted: int
    num_true: int

    def scores(self) -> dict[str, float]:
        """Return `precision`, `recall` and `f1`; NaN for one that is 0 / 0."""
        return {
            "precision": _divide(self.num_right, self.num_predicted),
            "recall": _divide(self.num_right, self.num_true),
            "f1": _divide(2 * self.num_right, self.num_predicted + self.num_true),
        }


def match_points(points: np.ndarray, predicted: np.ndarray, *, radius: float) -> np.ndarray:
    """Match true and predicted points one to one: as many as can be, at the least total distance.

    Memory grows with the number of pairs within the radius, not with the product of the lists'
    lengths.

    Args:
        points: (N, 2) true (row, column) pixels.
        predicted: (M, 2) predicted ones.
        radius: largest distance of a pair, included, in pixels.

    Returns:
        (R, 2) int64 pairs of indices into `points` and `predicted`, sorted by the first.

    Raises:
        InputError: a list is not (N, 2) or not finite, or `radius` is not positive.

    Example:
        >>> match_points([[0.0, 0.0], [0.0, 5.0]], [[0.0, 4.0]], radius=4).tolist()
        [[1, 0]]
    """
    points, predicted = (_check_points(each) for each in (points, predicted))
    if not radius > 0:
        raise InputError(f"`radius` must be a positive number of pixels. Received {radius}.")
    if not len(points) or not len(predicted):
        return np.zeros((0, 2), np.int64)
    near = cKDTree(points).sparse_distance_matrix(
        cKDTree(predicted), radius, output_type="coo_matrix"
    )
    # Any true point may also take a dummy of its own, dearer than all pairs together. The 1 keeps
    # a distance of 0 from counting as no pair.
    alone = np.arange(len(points))
    rows, columns = np.concatenate([near.row, alone]), np.concatenate([near.col, alone])
    columns[len(near.row) :] += len(predicted)
    dummy = (1 + radius) * (len(points) + 1)
    costs = np.concatenate([1 + near.data, np.full(len(points), dummy)])
    shape = (len(points), len(predicted) + len(points))
    graph = csr_array((costs, (rows, columns)), shape=shape)
    true, found = min_weight_full_bipartite_matching(graph)
    real = found < len(predicted)
    return np.stack([true[real], found[real]], axis=1).astype(np.int64)


def count_matches(
    points: np.ndarray,
    predicted: np.ndarray,
    *,
    radius: float,
    classes: tuple[np.ndarray, np.ndarray] | None = None,
) -> Matches:
    """Count the predicted points that lie near a true one of their class.

    Args:
        points: (N, 2) true (row, column) pixels.
        predicted: (M, 2) predicted ones.
        radius: largest distance of a pair, in pixels.
        classes: (N,) and (M,) class ids; None for one class.

    Returns:
        The numbers; those of several pictures add up.

    Raises:
        InputError: as `match_points`.

    Example:
        >>> count_matches([[0.0, 0.0]], [[0.0, 1.0], [9.0, 9.0]], radius=2).num_right
        1
    """
    if classes is None:
        classes = np.zeros(len(points), int), np.zeros(len(predicted), int)
    true_of, predicted_of = map(np.asarray, classes)
    points, predicted = (_check_points(each) for each in (points, predicted))
    num_right = sum(
        len(match_points(points[true_of == c], predicted[predicted_of == c], radius=radius))
        for c in np.intersect1d(true_of, predicted_of)
    )
    return Matches(num_right, len(predicted), len(points))


def count_blob_hits(labels: np.ndarray, points: np.ndarray) -> Matches:
    """Count the blobs that hold a point: the paper's way to say where objects were found.

    A blob with at least one point is right, however many it holds; the others of its points, and
    those outside all blobs, are missed.

    Args:
        labels: (H, W) integers, 0 background, 1 to M the blobs.
        points: (N, 2) true (row, column) pixels inside the picture.

    Returns:
        The numbers; those of several pictures add up.

    Raises:
        InputError: a point is not finite or lies outside the picture.

    Example:
        >>> count_blob_hits(np.array([[1, 1, 0, 2]]), [[0.0, 0.0], [0.0, 1.0]])
        Matches(num_right=1, num_predicted=2, num_true=2)

    References:
        Laradji et al., "Where are the Blobs", arXiv 1807.09856, section 4: precision and recall
        with as many missed points as there are points beyond the right blobs.
    """
    labels, points = np.asarray(labels), _check_points(points)
    rows, columns = np.floor(points).astype(int).T
    height, width = labels.shape
    inside = (0 <= rows) & (rows < height) & (0 <= columns) & (columns < width)
    if not inside.all():
        raise InputError(
            f"`points` must lie inside the picture of {height} x {width} pixels. Received "
            f"{points[~inside][0].tolist()}."
        )
    hit = np.unique(labels[rows, columns])
    return Matches(int(np.count_nonzero(hit)), int(labels.max(initial=0)), len(points))


def add_matches(matches: list[Matches]) -> Matches:
    """Add up the numbers of several pictures.

    Args:
        matches: one entry per picture or class.

    Returns:
        Their sum; all 0 for none.

    Example:
        >>> add_matches([Matches(1, 2, 3), Matches(1, 1, 1)])
        Matches(num_right=2, num_predicted=3, num_true=4)
    """
    return (
        Matches(*(sum(numbers) for numbers in zip(*matches, strict=True)))
        if matches
        else (Matches(0, 0, 0))
    )


def _divide(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def _check_points(points):
    points = np.asarray(points, np.float64)
    points = points.reshape(0, 2) if points.size == 0 else points
    if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise InputError(
            "`points` must be (N, 2) finite (row, column) pixels. "
            f"Received shape {points.shape}, {np.isfinite(points).sum()} finite values."
        )
    return points
