import numpy as np
import pytest

from ops.map_scale import boxes_to_picture, pick_labels, points_to_picture
from ops.tiles import Box, scale_box, scale_size


def cut(length, side=32):
    return [(start, min(start + side, length)) for start in range(0, length, side)]


def test_points_to_picture_keep_the_middles():
    # Pixel 1 of 3 is the middle of the first pixel, 3 of 3 a sixth of a pixel right of its border.
    points = points_to_picture(np.array([[1, 3], [0, 4]]), 3.0)
    np.testing.assert_allclose(points, [[0, 2 / 3], [0, 1]])
    assert points_to_picture(np.array([[4.0, 7.0]]), 1.0).tolist() == [[4, 7]]
    assert points_to_picture(np.zeros((0, 2)), 2.0).shape == (0, 2)


def test_boxes_to_picture_stay_inside():
    # A picture of 3 x 5 at 1.5 has a map of 4 x 8 (4.5 and 7.5 to even): 8 / 1.5 is beyond 5.
    boxes = boxes_to_picture(np.array([[0, 0, 8, 4], [3, 1, 6, 3]]), 1.5, (3, 5))
    np.testing.assert_allclose(boxes, [[0, 0, 5, 8 / 3], [2, 2 / 3, 4, 2]])
    whole = np.array([[1, 2, 3, 4]], np.int32)
    assert boxes_to_picture(whole, 1.0, (9, 9)) is whole


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0, 2.5, 3.0])
@pytest.mark.parametrize("size", [(1, 1), (3, 97), (64, 65), (37, 5)])
def test_pick_labels_of_parts_equal_the_nearest_pixels(size, scale):
    shape = scale_size(size, scale)
    labels = np.arange(np.prod(shape)).reshape(shape)
    picked = np.full(size, -1)
    for top, bottom in cut(size[0]):
        for left, right in cut(size[1]):
            box = Box(top, left, bottom, right)
            place = scale_box(box, size, scale)
            part = labels[place.top : place.bottom, place.left : place.right]
            picked[top:bottom, left:right] = pick_labels(part, box, place, scale)
    for row, column in np.ndindex(size):
        expected = labels[int((row + 0.5) * scale), int((column + 0.5) * scale)]
        assert picked[row, column] == expected
