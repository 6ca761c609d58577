"""Superpixels: patches of alike pixels, and the graph of those that touch."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from skimage.segmentation import slic

from ops.opencv import cv2

COMPACTNESS = 20
MIN_PIXELS = 16  # of a superpixel of a tiny picture


class Superpixels(NamedTuple):
    """A picture cut into N patches.

    Attributes:
        labels: (H, W) int32 patch of each pixel, 0 to N - 1.
        colours: (N, 3) float64 mean Lab colours, L from 0 to 100.
        centres: (N, 2) float64 centroids (row, column), as shares of height and width.
        touching: (N, N) bool, True for pairs with a common edge; symmetric, False on the diagonal.
        on_border: (N,) bool, True for patches that reach the picture's border.

    Example:
        >>> image = np.repeat([0, 255], 16).astype(np.uint8).reshape(1, 32, 1).repeat(16, axis=0)
        >>> patches = cut_superpixels(image.repeat(3, axis=2), 2)
        >>> patches.touching.tolist(), patches.on_border.tolist()
        ([[False, True], [True, False]], [True, True])
    """

    labels: np.ndarray
    colours: np.ndarray
    centres: np.ndarray
    touching: np.ndarray
    on_border: np.ndarray


def cut_superpixels(image: np.ndarray, num_superpixels: int) -> Superpixels:
    """Cut a picture into SLIC superpixels and describe them.

    Args:
        image: (H, W, 3) uint8 RGB.
        num_superpixels: how many are aimed at; fewer in a picture that has no 16 pixels for each.

    Returns:
        The superpixels.

    Example:
        >>> cut_superpixels(np.zeros((1, 1, 3), np.uint8), 200).labels.tolist()
        [[0]]

    References:
        Achanta et al., "SLIC Superpixels Compared to State-of-the-art Superpixel Methods", PAMI
        2012.
    """
    height, width = image.shape[:2]
    number = min(num_superpixels, height * width // MIN_PIXELS)
    labels = np.zeros((height, width), np.int32)
    if number > 1 and image.min() < image.max():
        found = slic(image, n_segments=number, compactness=COMPACTNESS, start_label=0)
        # Small patches are merged into others, which leaves gaps in the numbers.
        labels = np.unique(found, return_inverse=True)[1].reshape(found.shape).astype(np.int32)
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    rows, columns = np.indices(labels.shape)
    places = np.stack([rows / height, columns / width], axis=-1)
    return Superpixels(
        labels,
        _average(lab, labels),
        _average(places, labels),
        _find_touching(labels),
        _find_border(labels),
    )


def _average(values, labels):
    """Return (N, D) means of (H, W, D) values over the patches."""
    owners = labels.ravel()
    sums = [np.bincount(owners, channel.ravel()) for channel in np.moveaxis(values, -1, 0)]
    return np.stack(sums, axis=1) / np.bincount(owners)[:, np.newaxis]


def _find_touching(labels):
    num = labels.max() + 1
    touching = np.zeros((num, num), bool)
    for first, second in ((labels[1:], labels[:-1]), (labels[:, 1:], labels[:, :-1])):
        touching[first, second] = touching[second, first] = True
    np.fill_diagonal(touching, False)
    return touching


def _find_border(labels):
    on_border = np.zeros(labels.max() + 1, bool)
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        on_border[edge] = True
    return on_border
