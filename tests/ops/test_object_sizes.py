import numpy as np
import pytest

from ops.object_sizes import radii_from_points


def test_radii_from_points_takes_half_the_distance_of_touching_neighbours():
    rows, columns = np.mgrid[10:100:10, 10:100:10]
    points = np.stack([rows.ravel(), columns.ravel()], axis=1)
    np.testing.assert_allclose(radii_from_points(points, (200, 240)), 5.0)


def test_radii_from_points_grows_with_the_row_where_distances_do():
    # Rows 20, 60, ... of 20 points each, 6, 10, ... pixels apart: a radius of 3, 5, ...
    points = np.concatenate(
        [np.stack([np.full(20, r), np.arange(20) * (6 + r / 10)], 1) for r in range(20, 240, 40)]
    )
    radii = radii_from_points(points, (400, 600))
    np.testing.assert_allclose(radii, 3 + points[:, 0] / 20, atol=1e-6)


def test_radii_from_points_ignores_a_few_points_far_away():
    points = np.array([[i * 8.0, 0.0] for i in range(20)] + [[150.0, 350.0], [10.0, 300.0]])
    np.testing.assert_allclose(radii_from_points(points, (400, 400)), 4.0)


def test_radii_from_points_keeps_within_bounds():
    far = radii_from_points(np.array([[0.0, 0.0], [90.0, 90.0]]), (120, 180))
    near = radii_from_points(np.array([[5.0, 5.0], [5.0, 6.0]]), (120, 180))
    assert far.tolist() == [10, 10] and near.tolist() == [2, 2]  # 120 / 12; the least


@pytest.mark.parametrize("num", [0, 1])
def test_radii_from_points_of_a_lone_dot_is_the_largest(num):
    assert radii_from_points(np.ones((num, 2)), (60, 90)).tolist() == [5.0] * num


def test_radii_from_points_takes_two_dots_in_one_place():
    assert radii_from_points(np.ones((2, 2)), (60, 90)).tolist() == [2.0, 2.0]


def test_radii_from_points_refuses_another_shape():
    with pytest.raises(ValueError, match="transpose it"):
        radii_from_points(np.ones((2, 5)), (60, 90))
