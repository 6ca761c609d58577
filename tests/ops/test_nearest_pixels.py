import numpy as np

from ops.blobs import blob_points
from ops.nearest_pixels import NearestPixels


def test_nearest_pixels_of_equals_takes_the_first_row_by_row():
    # A ring of 3 x 3 about (1, 1): the nearest are (0, 1), (1, 0), (1, 2), (2, 1). The left column
    # comes first, with (1, 0).
    ring = np.ones((3, 3), int)
    ring[1, 1] = 0
    nearest = NearestPixels(np.array([[1.0, 1.0]]))
    nearest.add(ring[:, :1], 0, 0)
    assert nearest.points.tolist() == [[1, 0]]
    nearest.add(ring[:, 1:], 0, 1)
    assert nearest.points.tolist() == blob_points(ring).tolist() == [[0, 1]]


def test_nearest_pixels_of_several_labels_in_parts():
    # Means: columns 1 of label 1, row 1 and column 4 of label 2.
    labels = np.array([[1, 1, 1, 0, 2], [0, 0, 0, 0, 2], [0, 0, 0, 0, 2]])
    nearest = NearestPixels(np.array([[0.0, 1.0], [1.0, 4.0]]))
    for top in (0, 1, 2):
        nearest.add(labels[top : top + 1, :2], top, 0)
        nearest.add(labels[top : top + 1, 2:], top, 2)
    assert nearest.points.tolist() == [[0, 1], [1, 4]]


def test_nearest_pixels_without_label():
    nearest = NearestPixels(np.zeros((0, 2)))
    nearest.add(np.zeros((1, 1), int), 0, 0)
    assert nearest.points.shape == (0, 2)
