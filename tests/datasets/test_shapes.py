import numpy as np
import pytest

from datasets.shapes import (
    box_centre,
    ellipse_box,
    enclosing_box,
    polygon_centre,
    turn_corners,
)


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


def test_enclosing_box_takes_corners_in_any_order():
    corners = np.array([[5.0, 2.0], [1.0, 8.0], [3.0, 3.0]])
    np.testing.assert_array_equal(enclosing_box(corners), [1, 2, 5, 8])
    np.testing.assert_array_equal(enclosing_box(corners[:1]), [5, 2, 5, 2])


@pytest.mark.parametrize("angle", [0, 0.3, np.pi / 2, 2.0, -1.0])
def test_ellipse_box_touches_its_rim(angle):
    turn = np.linspace(0, 2 * np.pi, 100_001)
    rim = np.stack([3 * np.cos(turn), 2 * np.sin(turn)], axis=1)
    rim = turn_corners(rim, np.zeros(2), angle) + [7, 5]
    expected = [*rim.min(axis=0), *rim.max(axis=0)]
    box = ellipse_box(np.array([7.0, 5.0]), np.array([3.0, 2.0]), angle)
    np.testing.assert_allclose(box, expected, atol=1e-6)


def test_turn_corners_goes_clockwise_about_its_centre():
    # 2 right of the centre becomes 2 down, 1 down becomes 1 left.
    corners = np.array([[3.0, 1.0], [1.0, 2.0]])
    turned = turn_corners(corners, np.array([1.0, 1.0]), np.pi / 2)
    np.testing.assert_allclose(turned, [[1, 3], [0, 1]], atol=1e-12)
