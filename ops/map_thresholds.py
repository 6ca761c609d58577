"""The threshold of score maps when no box is there to choose it by."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ops.seeds import TOP_LEVEL, grey_levels


def choose_threshold_without_labels(cams: Iterable[np.ndarray]) -> float:
    """Choose one threshold for all maps of a network, from maps of its training pictures alone.

    The mean over maps of `cross_entropy_level`, each as a share of its map's maximum (and halfway
    to the next level that occurs): what `metrics.max_box_acc.MaxBoxAccuracy` calls a threshold. No
    box is looked at, whereas the protocol chooses the best threshold on the boxes it scores.

    Chosen among Otsu's level, this one and the threshold at which boxes change least, by CAMs of
    an ImageNet classifier (MobileNetV2, 224 pixels) on pictures that no video system is scored on:
    CorLoc .490 on 98 kangaroos and .949 on 196 horses at half-open boxes, best thresholds .520
    and .964; Otsu .500 and .857; most stable boxes .224 and .821. Heat has a long slope, which
    Otsu's two equally wide classes cut too high.

    Args:
        cams: (H, W) maps in [0, 1], as boxes are drawn around them; of any sizes. A map of one
            value tells nothing and is left out.

    Returns:
        The threshold, in (0, 1).

    Raises:
        ValueError: a map is of another form, or none has two grey levels.

    Example:
        >>> choose_threshold_without_labels([np.array([[0.0, 0.0, 0.0, 1.0]])])
        0.5
    """
    shares = []
    for cam in cams:
        levels = grey_levels(cam)
        above = levels[levels > cross_entropy_level(cam)]
        if above.size:
            low = levels[levels < above.min()].max()
            shares.append((low + above.min()) / 2 / levels.max())
    if not shares:
        raise ValueError(
            "`cams` must hold a map of at least two grey levels. Received none; the network that "
            "made them finds nothing."
        )
    return float(np.mean(shares))


def cross_entropy_level(cam: np.ndarray) -> int:
    """Find the grey level that leaves the least cross-entropy between a map and its two means.

    Of floor(255 C): the t that minimises - sum_{g <= t} g log m_low - sum_{g > t} g log m_high,
    by looking at all of them. Where levels are skewed, as in a heat map, it is below Otsu's.

    Args:
        cam: (H, W) in [0, 1].

    Returns:
        A level from 0 to 255: what is above it is bright. A map of one level gives that one.

    Raises:
        ValueError: `cam` is no map, or not in [0, 1].

    Example:
        >>> cross_entropy_level(np.array([[0.2, 0.2, 0.2, 0.9]]))
        51

    References:
        Li and Lee, "Minimum Cross Entropy Thresholding", 1993; scikit-image's `threshold_li` finds
        a minimum by iteration.
    """
    levels = grey_levels(cam)
    counts = np.bincount(levels.ravel(), minlength=TOP_LEVEL + 1).astype(np.float64)
    numbers, sums = np.cumsum(counts), np.cumsum(counts * np.arange(TOP_LEVEL + 1))
    if counts.max() == levels.size:
        return int(levels.max())
    costs = _cost(sums, numbers) + _cost(sums[-1] - sums, numbers[-1] - numbers)
    costs[(numbers == 0) | (numbers == levels.size)] = np.inf
    return int(costs.argmin())


def _cost(sums, numbers):
    """Return - sum log(mean) of one side; 0 where all is 0."""
    filled = sums > 0
    means = np.divide(sums, numbers, out=np.ones_like(sums), where=filled)
    return -sums * np.log(means)
