import numpy as np
import pytest

from ops.object_regions import regions_from_boxes, regions_from_points, regions_in_mask


def test_regions_from_points_draws_discs():
    labels = regions_from_points([[5.0, 6.0]], [3.0], (12, 14))
    rows, columns = np.indices((12, 14))
    np.testing.assert_array_equal(labels == 1, np.hypot(rows - 5, columns - 6) <= 3)
    assert labels.dtype == np.int32


def test_regions_from_points_gives_each_pixel_to_the_nearer_dot():
    labels = regions_from_points([[2.0, 2.0], [2.0, 6.0]], [3.0, 3.0], (5, 9))
    assert labels[2].tolist() == [1, 1, 1, 1, 1, 2, 2, 2, 2]


def test_regions_from_points_clips_at_the_border_and_outside():
    labels = regions_from_points([[0.0, 0.0], [-9.0, 4.0]], [1.0, 2.0], (3, 5))
    assert labels.tolist() == [[1, 1, 0, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0]]


def test_regions_from_points_draws_people_down_to_their_feet():
    labels = regions_from_points([[20.0, 30.0]], [4.0], (80, 60), shape="person")
    rows, columns = np.nonzero(labels)
    # The head's top is a radius above its centre, the feet 7.5 below; half the width is 1.5.
    assert abs(rows.min() - 16) <= 1 and abs(rows.max() - 50) <= 1
    assert abs(columns.min() - 24) <= 1 and abs(columns.max() - 36) <= 1


def test_regions_from_points_lays_the_lower_person_in_front():
    points = [[30.0, 20.0], [20.0, 20.0]]
    labels = regions_from_points(points, [4.0, 4.0], (70, 40), shape="person")
    assert labels[30, 20] == 1 and labels[18, 20] == 2 and labels[45, 20] == 1


@pytest.mark.parametrize("shape", ["disc", "person"])
def test_regions_from_points_of_none_is_empty(shape):
    assert regions_from_points([], [], (3, 4), shape=shape).tolist() == [[0] * 4] * 3


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (([[1.0, 1.0]], [0.0]), "`radii` must hold a number above 0"),
        (([[1.0, 1.0]], [np.nan]), "`radii` must hold a number above 0"),
        (([[1.0, 1.0]], [1.0, 2.0]), "each of the 1 points"),
        (([1.0, 1.0], [1.0]), r"`points` must be \(N, 2\)"),
    ],
)
def test_regions_from_points_refuses(arguments, match):
    with pytest.raises(ValueError, match=match):
        regions_from_points(*arguments, (4, 4))


def test_regions_from_points_refuses_an_unknown_shape():
    with pytest.raises(ValueError, match="`shape` must be one of disc, person"):
        regions_from_points([], [], (4, 4), shape="star")


def test_regions_from_boxes_lays_the_lower_box_in_front_and_clips():
    labels = regions_from_boxes([[1, 0, 4, 3], [0, -2, 2, 2]], (4, 5))
    assert labels.tolist() == [[2, 1, 1, 1, 0], [2, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0] * 5]


def test_regions_from_boxes_takes_whole_pixels_of_fractions():
    # Half-open .5 to 2.5 holds the pixels 1 and (from 1.5 on) none further than 1.5.
    assert regions_from_boxes([[0.5, 0.0, 2.5, 1.0]], (1, 4)).tolist() == [[0, 1, 0, 0]]


def test_regions_from_boxes_of_none_is_empty():
    assert not regions_from_boxes([], (2, 3)).any()


@pytest.mark.parametrize("boxes", [[1, 2, 3], [[1, 2, np.inf, 3]]])
def test_regions_from_boxes_refuses(boxes):
    with pytest.raises(ValueError, match="`boxes` must be finite"):
        regions_from_boxes(boxes, (2, 3))


def test_regions_in_mask_numbers_its_values():
    mask = np.array([[0, 5, 5], [9, 0, 255]], np.uint8)  # 255 is ignored
    assert regions_in_mask(mask).tolist() == [[0, 1, 1], [2, 0, 0]]


def test_regions_in_mask_takes_255_as_an_object_of_16_bits():
    assert regions_in_mask(np.array([[255, 300]], np.uint16)).tolist() == [[1, 2]]


def test_regions_in_mask_splits_a_single_value_and_drops_specks():
    mask = np.zeros((20, 40), np.uint8)
    mask[2:8, 2:8] = mask[10:18, 20:30] = 255
    mask[19, 39] = 255  # 1 pixel, below a tenth of the median of 36, 80 and 1
    labels = regions_in_mask(mask)
    assert (labels[2:8, 2:8] == 1).all() and (labels[10:18, 20:30] == 2).all()
    assert np.count_nonzero(labels) == 36 + 80


def test_regions_in_mask_of_nothing_is_empty():
    assert regions_in_mask(np.zeros((3, 4), np.uint8)).tolist() == [[0] * 4] * 3
    assert regions_in_mask(np.full((2, 2), 255, np.uint8)).tolist() == [[1, 1]] * 2
