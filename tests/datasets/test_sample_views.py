import numpy as np
import pytest

from datasets.sample_views import View, view_boxes, view_matrix, warp_labels, warp_sample
from datasets.samples import Sample


def make_sample(height=6, width=9):
    """Random pixels; the box and the point hold the only bright one."""
    image = np.random.default_rng(0).integers(0, 100, (height, width, 3)).astype(np.uint8)
    image[1, 2] = 255
    where = np.ones((height, width), bool)
    where[0] = False
    return Sample(image, np.array([[1.0, 2.0]]), where, np.array([[2.0, 1.0, 3.0, 2.0]]))


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("mirrored", [False, True])
def test_warp_sample_turns_as_numpy_does(mirrored, turns):
    sample = make_sample()
    image = np.rot90(sample.image[:, ::-1] if mirrored else sample.image, turns)
    seen = warp_sample(sample, View((0, 0, 9, 6), mirrored, turns), image.shape[:2])
    np.testing.assert_array_equal(seen.image, image)
    where = sample.where[:, ::-1] if mirrored else sample.where
    np.testing.assert_array_equal(seen.where, np.rot90(where, turns))
    (row, column) = np.argwhere(image[..., 0] == 255)[0]
    np.testing.assert_allclose(seen.boxes, [[column, row, column + 1, row + 1]], atol=1e-9)
    np.testing.assert_allclose(seen.points, [[row + 0.5, column + 0.5]])


def test_warp_sample_cuts_a_window():
    sample = make_sample()
    seen = warp_sample(sample, View((1, 0, 5, 4)), (4, 4))
    np.testing.assert_array_equal(seen.image, sample.image[:4, 1:5])
    np.testing.assert_allclose(seen.boxes, [[1, 1, 2, 2]])


def test_warp_sample_shows_the_mean_colour_beyond_the_picture_where_nothing_counts():
    sample = make_sample()
    seen = warp_sample(sample, View((-2, -1, 9, 7)), (8, 11))
    np.testing.assert_array_equal(seen.image[1:7, 2:], sample.image)
    np.testing.assert_allclose(seen.image[0, 0], sample.image.mean(axis=(0, 1)), atol=0.51)
    np.testing.assert_array_equal(seen.where, np.pad(sample.where, ((1, 1), (2, 0))))


def test_warp_sample_scales_the_labels_and_clips_the_boxes():
    sample = Sample(
        np.zeros((10, 20, 3), np.uint8),
        np.array([[4.0, 9.0]]),
        np.ones((10, 20), bool),
        np.array([[4.0, 2.0, 16.0, 8.0]]),
    )
    seen = warp_sample(sample, View((10, 0, 20, 10)), (40, 20))
    # x: (4 - 10) 2 = -12 and (16 - 10) 2 = 12; y: 2 * 4 and 8 * 4.
    np.testing.assert_allclose(seen.boxes, [[0, 8, 12, 32]])
    np.testing.assert_allclose(seen.points, [[18, -1]])  # (4.5 * 4, (9.5 - 10) * 2)


def test_warp_sample_enlarges_in_the_middle_of_pixels():
    image = np.zeros((1, 2, 3), np.uint8)
    image[0, 1] = 160
    sample = Sample(image, np.zeros((0, 2)), np.ones((1, 2), bool))
    seen = warp_sample(sample, View((0, 0, 2, 1)), (1, 4))
    # Centres at .25, .75, 1.25, 1.75 of pixels whose own are at .5 and 1.5: shares 0, 1/4, 3/4, 1.
    assert seen.image[0, :, 0].tolist() == [0, 40, 120, 160]


def test_warp_sample_rescales_the_picture_only():
    image = np.tile(np.array([0, 200], np.uint8).repeat(3).reshape(1, 2, 3), (8, 4, 1))
    sample = Sample(image, np.zeros((0, 2)), np.ones((8, 8), bool), np.array([[0, 0, 4, 4]]))
    seen = warp_sample(sample, View((0, 0, 8, 8), rescale=0.5), (8, 8))
    assert (seen.image == 100).all()  # each pair of columns was averaged
    np.testing.assert_allclose(seen.boxes, [[0, 0, 4, 4]])


def test_warp_sample_takes_one_pixel_without_labels():
    sample = Sample(np.full((1, 1, 3), 7, np.uint8), np.zeros((0, 2)), np.ones((1, 1), bool))
    seen = warp_sample(sample, View((-1, -1, 2, 2), True, 1, 0.6), (3, 3))
    assert (seen.image == 7).all() and seen.where.sum() == 1
    assert seen.boxes.shape == (0, 4) and seen.points.shape == (0, 2)


def test_warp_sample_leaves_a_picture_that_may_not_be_written_to_alone():
    sample = make_sample()
    sample.image.setflags(write=False)
    assert warp_sample(sample, View((0, 0, 9, 6)), (6, 9)).image.flags.writeable


def test_view_matrix_turns_a_corner():
    # Mirrored, the left edge is on the right; turned against the clock, it is on top.
    place = view_matrix(View((0, 0, 9, 6), True, 1), (9, 6)) @ [0, 2, 1]
    np.testing.assert_allclose(place, [2, 0, 1], atol=1e-12)


def test_view_boxes_without_boxes():
    assert view_boxes(np.zeros((0, 4)), View((0, 0, 1, 1)), (4, 4)).shape == (0, 4)


def test_warp_labels_takes_a_map_of_another_size():
    labels = np.array([[1, 2], [3, 255]], np.uint8)  # of a picture of 4 x 4 pixels
    seen = warp_labels(labels, View((0, 0, 4, 4), turns=1), (2, 2), picture=(4, 4))
    assert seen.tolist() == np.rot90(labels).tolist()
    beyond = warp_labels(labels, View((-2, 0, 4, 4)), (2, 3), picture=(4, 4))
    assert beyond.tolist() == [[255, 1, 2], [255, 3, 255]]
