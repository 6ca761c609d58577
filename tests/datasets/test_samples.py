import numpy as np
import pytest

from datasets.samples import Sample, cut_window, draw_corner


def make_sample(height=4, width=5):
    image = np.arange(height * width * 3, dtype=np.uint8).reshape(height, width, 3)
    where = np.ones((height, width), bool)
    where[0, 0] = False
    return Sample(image, np.array([[1.0, 2.0], [3.5, 4.5]]), where)


def test_cut_window_inside_moves_everything_together():
    sample = make_sample()
    window = cut_window(sample, (1, 2), (2, 3))
    np.testing.assert_array_equal(window.image, sample.image[1:3, 2:5])
    assert window.points.tolist() == [[0, 0], [2.5, 2.5]]
    assert window.where.all()


def test_cut_window_around_repeats_the_border_where_nothing_counts():
    sample = make_sample()
    window = cut_window(sample, (-1, -2), (6, 9))
    assert window.size == (6, 9)
    np.testing.assert_array_equal(window.image[1:5, 2:7], sample.image)
    np.testing.assert_array_equal(window.image[0, 2:7], sample.image[0])
    np.testing.assert_array_equal(window.image[5, 8], sample.image[3, 4])
    assert window.where.sum() == 19 and not window.where[1, 2]  # 4 x 5 but for its own hole
    assert window.points[0].tolist() == [2, 4]


def test_cut_window_of_one_pixel_without_points():
    sample = Sample(np.zeros((1, 1, 3), np.uint8), np.zeros((0, 2)), np.ones((1, 1), bool))
    window = cut_window(sample, (0, 0), (32, 32))
    assert window.where.sum() == 1 and window.points.shape == (0, 2)


@pytest.mark.parametrize(
    ("size", "window", "lowest", "highest"),
    [((9, 9), (4, 9), (0, 0), (5, 0)), ((3, 9), (8, 8), (-5, 0), (0, 1))],
)
def test_draw_corner_reaches_both_ends(size, window, lowest, highest):
    generator = np.random.default_rng(0)
    corners = np.array([draw_corner(size, window, generator) for _ in range(200)])
    assert corners.min(axis=0).tolist() == list(lowest)
    assert corners.max(axis=0).tolist() == list(highest)


def test_cut_window_moves_boxes():
    sample = make_sample()
    boxed = Sample(sample.image, sample.points, sample.where, np.array([[2.0, 1.0, 5.0, 3.0]]))
    assert cut_window(boxed, (1, -2), (2, 3)).boxes.tolist() == [[4, 0, 7, 2]]
    assert sample.boxes.shape == (0, 4)
