import numpy as np
import pytest

from ops.point_maps import rasterise_points


def test_rasterise_points_floors_and_adds():
    maps = rasterise_points(np.array([[0.9, 2.0], [0.0, 2.99], [1.0, 0.0]]), (2, 3))
    assert maps[..., 0].tolist() == [[0, 0, 2], [1, 0, 0]] and maps.dtype == np.float32


def test_rasterise_points_of_none():
    assert rasterise_points(np.zeros((0, 2)), (2, 3)).tolist() == np.zeros((2, 3, 1)).tolist()
    assert not rasterise_points([], (1, 1)).any()


def test_rasterise_points_keeps_classes_apart():
    maps = rasterise_points(np.zeros((3, 2)), (1, 2), classes=[1, 3, 3], num_classes=3)
    assert maps.tolist() == [[[1, 0, 2], [0, 0, 0]]]


def test_rasterise_points_marks_outside_the_region():
    where = np.array([[True, False, True]])
    maps = rasterise_points([[0.0, 0.0]], (1, 3), where=where, num_classes=2)
    assert maps.tolist() == [[[1, 0], [-1, -1], [0, 0]]]


@pytest.mark.parametrize("point", [[-0.1, 0], [0, -1], [2, 0], [0, 3], [0, 1]])
def test_rasterise_points_outside_are_named_or_dropped(point):
    where = np.array([[True, False, True], [True, True, True]])
    points = np.array([[1.0, 1.0], point])
    with pytest.raises(ValueError, match="at index 1 and 0 more outside"):
        rasterise_points(points, (2, 3), where=where)
    assert rasterise_points(points, (2, 3), where=where, outside="drop")[1, 1, 0] == 1


@pytest.mark.parametrize(
    "points, options, match",
    [
        (np.zeros((2, 17)), {}, "transpose it"),
        (np.zeros(4), {}, r"`points` must be \(N, 2\)"),
        ([[np.nan, 0]], {}, "`points` must be finite"),
        ([[0, 0]], {"classes": [2]}, "`classes` must be ids from 1 to `num_classes` 1. Received 2"),
        ([[0, 0]], {"classes": [0]}, "Received 0"),
        ([[0, 0]], {"classes": [1, 1]}, "one id for each of the 1 points"),
        ([[0, 0]], {"where": np.ones((3, 2))}, "`where` must be"),
        ([[0, 0]], {"outside": "clip"}, '`outside` must be "raise" or "drop"'),
    ],
)
def test_rasterise_points_refuses(points, options, match):
    with pytest.raises(ValueError, match=match):
        rasterise_points(points, (2, 3), **options)
