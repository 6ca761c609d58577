import numpy as np
import pytest

from ops.occlusion import OcclusionMap, overlap

SQUARE = np.ones((4, 4), bool)


def test_occlusion_map_counts_what_is_seen():
    seen = OcclusionMap((10, 12))
    assert seen.add(SQUARE, 2, 2) and seen.add(SQUARE, 4, 4)
    assert seen.visible.tolist() == [0.75, 1.0]  # 2 x 2 of 16 pixels are hidden
    assert np.bincount(seen.labels.ravel()).tolist() == [120 - 28, 12, 16]


def test_occlusion_map_refuses_what_hides_another_too_far():
    seen = OcclusionMap((10, 12), min_visible=0.6)
    assert seen.add(SQUARE, 2, 2) and not seen.add(SQUARE, 2, 4)  # half would stay
    assert seen.visible.tolist() == [1.0] and seen.labels.max() == 1
    assert seen.add(SQUARE, 2, 5) and seen.visible.tolist() == [0.75, 1.0]


def test_occlusion_map_adds_up_what_several_hide():
    seen = OcclusionMap((10, 12), min_visible=0.6)
    assert seen.add(SQUARE, 2, 4) and seen.add(SQUARE, 2, 1)  # 3/4 left
    assert not seen.add(SQUARE, 2, 7)  # 1/2 would be left


def test_occlusion_map_counts_what_lies_outside_as_hidden():
    seen = OcclusionMap((10, 12), min_visible=0.5)
    assert seen.add(SQUARE, -2, 0) and not seen.add(SQUARE, 7, -2)
    assert seen.visible.tolist() == [0.5]


@pytest.mark.parametrize("place", [(-4, 0), (0, 12), (30, 30)])
def test_occlusion_map_refuses_what_is_outside(place):
    assert not OcclusionMap((10, 12)).add(SQUARE, *place)


def test_occlusion_map_refuses_an_empty_footprint():
    assert not OcclusionMap((10, 12)).add(~SQUARE, 0, 0)


def test_occlusion_map_lets_a_later_object_hide_another_wholly_without_bound():
    seen = OcclusionMap((10, 12))
    assert seen.add(SQUARE, 0, 0) and seen.add(SQUARE, 0, 0)
    assert seen.visible.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("bound", [-0.1, 1.1, np.nan])
def test_occlusion_map_refuses_a_bound(bound):
    with pytest.raises(ValueError, match="`min_visible` must be between 0 and 1"):
        OcclusionMap((3, 3), min_visible=bound)


def test_overlap_of_a_window_around_the_picture_is_the_picture():
    place, part = overlap((9, 9), -2, -3, (4, 5))
    assert place == (slice(0, 4), slice(0, 5)) and part == (slice(2, 6), slice(3, 8))
