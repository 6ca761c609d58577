import numpy as np
import pytest

from datasets.shapes import box_centre, polygon_centre


def test_box_centre_takes_corners_in_any_order():
    # rows 1 to 5, columns 2 to 8
    np.testing.assert_allclose(box_centre(np.array([[5.0, 2.0], [1.0, 8.0]])), [3, 5])


def test_polygon_centre_weighs_by_area_not_by_corners():
    # A 4 x 2 rectangle with two needless corners on one side.
    corners = np.array([[0.0, 0], [0, 1], [0, 2], [0, 4], [2, 4], [2, 0]])
    np.testing.assert_allclose(polygon_centre(corners), [1, 2])
    np.testing.assert_allclose(polygon_centre(corners[::-1] + 1e6), [1e6 + 1, 1e6 + 2])


def test_polygon_centre_of_an_l_is_the_mean_of_its_parts():
    # [0, 2] x [0, 6] has area 12 and centre (1, 3); [2, 6] x [0, 2] has area 8 and centre (4, 1):
    # (12 + 32) / 20 = 2.2 and (36 + 8) / 20 = 2.2
    corners = np.array([[0.0, 0], [0, 6], [2, 6], [2, 2], [6, 2], [6, 0]])
    np.testing.assert_allclose(polygon_centre(corners), [2.2, 2.2])


@pytest.mark.parametrize(
    "corners, centre",
    [
        ([[3.0, 4.0]], [3, 4]),
        ([[0.0, 0], [4, 2]], [2, 1]),
        ([[0.0, 0], [1, 1], [5, 5]], [2, 2]),
        ([[0.0, 0], [2, 2], [0, 2], [2, 0]], [1, 1]),  # a bow tie: its areas cancel out
    ],
)
def test_polygon_centre_without_area_is_the_mean_corner(corners, centre):
    np.testing.assert_allclose(polygon_centre(np.array(corners)), centre)
