"""How large objects are that only dots mark: what the dots' distances tell."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree
from scipy.stats import kendalltau, theilslopes

from ops.point_maps import check_points

LEAST_RADIUS = 2.0  # pixels
LARGEST_SHARE = 1 / 12  # of the picture's shorter side; also the radius of a lone dot
_QUANTILE = 0.3  # of the distances: neighbours that nearly touch, not those far apart
_BAND_POINTS, _MOST_BANDS = 8, 6  # rows are looked at in bands of so many points
_CLEAR_TREND = 0.6  # Kendall's tau between a band's row and its distances


def radii_from_points(points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Guess each object's radius from the distances between nearest neighbours.

    Objects that nearly touch have their points a diameter apart, so half of a low quantile (.3) of
    the distances to the nearest neighbour is taken. Where it clearly grows with the row, as in a
    photo with perspective, a line through the quantiles of bands of rows is taken instead, held
    within their range. It is a guess: heads of a sparse crowd come out with their shoulders.

    Args:
        points: (N, 2) float (row, column) pixels; N may be 0.
        size: (height, width) of the picture, in pixels.

    Returns:
        (N,) float64 pixels, from 2 to 1/12 of the picture's shorter side.

    Raises:
        ValueError: `points` is not (N, 2) or not finite.

    Example:
        >>> radii_from_points(np.array([[20.0, 20.0], [20.0, 32.0]]), (120, 160))
        array([6., 6.])
    """
    points = check_points(points)
    largest = max(min(size) * LARGEST_SHARE, LEAST_RADIUS)
    if len(points) < 2:
        return np.full(len(points), largest)
    distances = cKDTree(points).query(points, k=2)[0][:, 1]
    radii = _fit_by_row(points[:, 0], distances) / 2
    return radii.clip(LEAST_RADIUS, largest)


def _fit_by_row(rows, distances):
    """Return (N,) distances of neighbours that nearly touch, at each point's row."""
    num_bands = min(len(rows) // _BAND_POINTS, _MOST_BANDS)
    bands = np.array_split(np.argsort(rows, kind="stable"), max(num_bands, 1))
    places = np.array([rows[band].mean() for band in bands])
    typical = np.array([np.quantile(distances[band], _QUANTILE) for band in bands])
    if num_bands < 3 or not kendalltau(places, typical).statistic >= _CLEAR_TREND:
        return np.full(len(rows), np.quantile(distances, _QUANTILE))
    slope, start = theilslopes(typical, places)[:2]
    return (start + slope * rows).clip(typical.min(), typical.max())
