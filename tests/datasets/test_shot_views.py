import numpy as np
import pytest

from datasets.shot_views import ShotView, draw_shot_view, enlarge_map, show_window


def test_views_reach_every_frame_and_every_window():
    generator = np.random.default_rng(0)
    views = [draw_shot_view(generator, 3, resize_size=6, image_size=4) for _ in range(300)]
    assert {view.frame for view in views} == {0, 1, 2}
    # 6 - 4 + 1 = 3 places along each axis.
    assert {view.corner for view in views} == {(r, c) for r in range(3) for c in range(3)}
    assert 100 < sum(view.mirrored for view in views) < 200


def test_a_window_as_large_as_the_frame_has_one_place():
    view = draw_shot_view(np.random.default_rng(0), 1, resize_size=4, image_size=4)
    assert view.frame == 0 and view.corner == (0, 0)


def test_show_window_moves_pictures_and_maps_alike():
    rows, columns = np.indices((6, 6))
    picture = np.stack([rows, columns, rows], axis=-1).astype(np.uint8)
    view = ShotView(0, (1, 2), True)
    shown, cam = show_window(picture, view, 3), show_window(columns, view, 3)
    assert shown[0, 0].tolist() == [1, 4, 1] and shown[2, 2].tolist() == [3, 2, 3]
    np.testing.assert_array_equal(shown[..., 1], cam)
    assert shown.flags.c_contiguous


def test_enlarge_map_is_bilinear_between_the_centres_of_cells():
    # Two cells of 4 pixels: centres at 1.5 and 5.5 of 0..7; between them a straight line.
    row = np.clip((np.arange(8) - 1.5) / 4, 0, 1)
    np.testing.assert_allclose(
        enlarge_map(np.array([[0.0, 1.0]]), 8), np.tile(row, (8, 1)), atol=1e-6
    )
    assert enlarge_map(np.array([[0.5]], np.float16), 3).tolist() == [[0.5] * 3] * 3


@pytest.mark.parametrize(("value", "expected"), [(np.nan, 0), (np.inf, 1), (-np.inf, 0), (7, 1)])
def test_enlarge_map_stays_in_0_to_1(value, expected):
    assert enlarge_map(np.full((2, 2), value), 2).tolist() == [[expected] * 2] * 2
