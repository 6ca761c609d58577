import numpy as np
import pytest

from ops.level_boxes import find_level_boxes


def square():
    score_map = np.zeros((224, 224))
    score_map[50:100, 30:120] = 1
    return score_map


def test_find_level_boxes_of_the_specification():
    found = find_level_boxes(square(), [0, 0.5, 0.999])
    assert found.largest.tolist() == [[30, 50, 120, 100]] and found.levels.tolist() == [0, 0, 0]
    assert found.every.tolist() == [[30, 50, 120, 100]] and found.counts.tolist() == [1]


def test_find_level_boxes_of_the_specification_with_a_second_part():
    score_map = square()
    score_map[:10, 200:] = 0.5
    found = find_level_boxes(score_map, [0.2, 0.6])
    assert found.largest.tolist() == [[30, 50, 120, 100]] * 2 and found.counts.tolist() == [2, 1]
    assert sorted(found.every[:2].tolist()) == [[30, 50, 120, 100], [200, 0, 224, 10]]


def test_find_level_boxes_draws_one_around_holes():
    score_map = np.zeros((60, 60))
    score_map[10:40, 10:40] = 1
    score_map[20:30, 20:30] = 0
    found = find_level_boxes(score_map, [0.5])
    assert sorted(found.every.tolist()) == [[10, 10, 40, 40], [19, 19, 31, 31]]
    assert found.largest.tolist() == [[10, 10, 40, 40]]


@pytest.mark.parametrize(
    ("threshold", "box"),
    [
        (0.1, [26, 78, 155, 163]),
        (0.3, [44, 90, 137, 151]),
        (0.5, [55, 97, 126, 144]),
        (0.8, [71, 107, 110, 134]),
    ],
)
def test_find_level_boxes_of_the_specifications_two_bumps(threshold, box):
    y, x = np.mgrid[:224, :224].astype(float)
    large = np.exp(-((x - 90) ** 2 / 1800 + (y - 120) ** 2 / 800))
    score_map = np.maximum(large, 0.6 * np.exp(-((x - 180) ** 2 + (y - 50) ** 2) / 288))
    found = find_level_boxes(score_map, [threshold])
    assert found.largest.tolist() == [box]
    if threshold == 0.3:
        assert [166, 36, 195, 65] in found.every.tolist() and found.counts.tolist() == [2]


def test_find_level_boxes_counts_each_mask_once():
    # Values 0, 51, 102 and 255: at most three masks that hold something, and the empty one at 1.
    score_map = np.array([[0, 0.2, 0.4, 1.0]])
    found = find_level_boxes(score_map, np.arange(0, 1, 0.001))
    assert len(found.largest) == 3
    # Level 51 is int(.2 * 255) = 51, {u > 51}: the mask of .4.
    assert found.levels[[0, 199, 200, 399, 400, 999]].tolist() == [0, 0, 1, 1, 2, 2]
    assert np.isnan(find_level_boxes(score_map, [1.0]).largest).all()


def test_find_level_boxes_of_a_map_without_a_contour():
    found = find_level_boxes(np.zeros((3, 4)), [0, 0.5])
    assert np.isnan(found.largest).all() and not len(found.every)
    assert found.counts.tolist() == [0]
    # A constant map that is not 0 is all object below its own value.
    assert find_level_boxes(np.full((3, 4), 0.5), [0.5]).largest.tolist() == [[0, 0, 4, 3]]


def test_find_level_boxes_of_one_pixel_and_of_no_threshold():
    assert find_level_boxes(np.ones((1, 1)), [0.3]).largest.tolist() == [[0, 0, 1, 1]]
    found = find_level_boxes(np.ones((1, 1)), [])
    assert found.levels.shape == (0,) and found.largest.shape == (0, 4)


def test_find_level_boxes_leaves_out_what_is_not_asked_for():
    found = find_level_boxes(square(), [0.5], every_contour=False)
    assert found.every.shape == (0, 4) and found.counts.tolist() == [0]


@pytest.mark.parametrize("value", [np.nan, -0.1, 1.5])
def test_find_level_boxes_refuses_what_is_no_score(value):
    with pytest.raises(ValueError, match=r"`score_map` must be in \[0, 1\]"):
        find_level_boxes(np.array([[0.5, value]]), [0.5])
    with pytest.raises(ValueError, match="`thresholds` must be shares"):
        find_level_boxes(np.ones((2, 2)), [value])
    with pytest.raises(ValueError, match="`score_map` must be a map"):
        find_level_boxes(np.ones(3), [0.5])
