import numpy as np
import pytest

from datasets.augment_recipes import (
    RECIPES,
    change_colours,
    check_recipe,
    draw_view,
    shows_objects,
)
from datasets.sample_views import View, view_boxes

AUGMENTING = [recipe for recipe in RECIPES if recipe != "none"]
MIDDLE = np.array([[24.0, 16.0, 56.0, 44.0]])


def draw_views(recipe, boxes=MIDDLE, num=300):
    generator = np.random.default_rng(0)
    return [draw_view(recipe, boxes, (60, 80), (96, 96), generator) for _ in range(num)]


def test_published_views_crop_up_to_15_percent_a_side():
    windows = np.array([view.window for view in draw_views("published")])
    low, high = windows.min(axis=0), windows.max(axis=0)
    assert (low >= [0, 0, 68, 51]).all() and (high <= [12, 9, 80, 60]).all()
    assert (high - low > [11, 8, 11, 8]).all()
    rescales = [view.rescale for view in draw_views("published")]
    assert 0.6 <= min(rescales) < 0.65 and 1.35 < max(rescales) <= 1.4
    assert not any(view.mirrored or view.turns for view in draw_views("published"))


def test_turned_views_go_six_ways_alike():
    ways = [(view.mirrored, view.turns) for view in draw_views("published_turns", num=600)]
    counts = {way: ways.count(way) for way in set(ways)}
    assert set(counts) == {*((False, turns) for turns in range(4)), (True, 0), (True, 2)}
    assert min(counts.values()) > 70  # of 100 expected; 3 standard deviations are 27


def test_general_views_zoom_and_move_without_turns():
    views = draw_views("general")
    zooms = np.array([80 * 60 / ((x1 - x0) * (y1 - y0)) for x0, y0, x1, y1 in
                      (view.window for view in views)]) ** 0.5  # fmt: skip
    assert 0.8 <= zooms.min() < 0.83 and 1.3 < zooms.max() <= 1.4
    assert {view.mirrored for view in views} == {False, True}
    assert not any(view.turns for view in views)
    for view in views:
        x0, _, x1, _ = view.window
        wider = x1 - x0 > 80
        assert (x0 <= 0 and x1 >= 80) if wider else (x0 >= 0 and x1 <= 80)


@pytest.mark.parametrize("recipe", AUGMENTING)
@pytest.mark.parametrize("box", [[0, 0, 9, 9], [70, 0, 80, 60], [30, 20, 40, 30]])
def test_views_keep_the_object(recipe, box):
    boxes = np.array([box], np.float64)
    for view in draw_views(recipe, boxes, num=100):
        left, top, right, bottom = view_boxes(boxes, view, (96, 96))[0]
        width, height = min(right, 96) - max(left, 0), min(bottom, 96) - max(top, 0)
        assert min(width, height) >= 5
        assert width * height >= 0.4 * (right - left) * (bottom - top)


@pytest.mark.parametrize("recipe", AUGMENTING)
def test_a_picture_whose_object_is_always_lost_is_shown_whole(recipe):
    views = draw_views(recipe, np.array([[4.0, 4.0, 5.0, 5.0]]), num=30)  # 1.2 x 1.6 of 96 pixels
    assert {view.window for view in views} == {(0.0, 0.0, 80.0, 60.0)}
    flips = {view.mirrored for view in views}
    assert flips == ({False} if recipe == "published" else {False, True})


@pytest.mark.parametrize(
    ("window", "least", "expected"),
    [
        ((5, 0, 40, 40), 0.5, True),  # half of 10 x 10 is left
        ((5.1, 0, 40, 40), 0.5, False),
        ((0, 0, 80, 80), 0.5, True),  # 5 pixels a side
        ((0, 0, 81, 81), 0.5, False),
        ((20, 20, 40, 40), 0.0, False),
    ],
)
def test_shows_objects_at_the_limits(window, least, expected):
    box = np.array([[0.0, 0.0, 10.0, 10.0]])
    assert shows_objects(box, View(window), (40, 40), min_kept=least) == expected


def test_shows_objects_wants_every_one_and_takes_none():
    both = np.array([[0.0, 0.0, 20.0, 20.0], [0.0, 0.0, 1.0, 1.0]])
    assert not shows_objects(both, View((0, 0, 40, 40)), (40, 40), min_kept=0.4)
    assert shows_objects(np.zeros((0, 4)), View((0, 0, 40, 40)), (40, 40), min_kept=0.4)


@pytest.mark.parametrize("recipe", AUGMENTING)
def test_change_colours_takes_one_pixel(recipe):
    image = np.full((1, 1, 3), 100, np.uint8)
    seen = change_colours(recipe, image, np.random.default_rng(0))
    assert seen.shape == (1, 1, 3) and seen.dtype == np.uint8


def test_change_colours_stays_mild_in_general():
    generator = np.random.default_rng(0)
    grey = [
        change_colours("general", np.full((4, 4, 3), 100, np.uint8), generator)[0, 0]
        for _ in range(200)
    ]
    # 100 x .8 x .9 to 100 x 1.2 x 1.1, 72 to 132, then moved from 128 by a fifth: 61 to 133.
    # Colour moves a tinted channel by .4 of its distance to grey, at most .4 x 24.
    assert 51 <= np.min(grey) < 85 and 118 < np.max(grey) <= 143


def test_check_recipe_names_the_known_ones():
    with pytest.raises(ValueError, match="`recipe` must be one of none, .*general. Received mild"):
        check_recipe("mild")
