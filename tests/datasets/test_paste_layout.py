from dataclasses import replace

import numpy as np
import pytest

from config.errors import InputError
from datasets.paste_layout import (
    PasteSettings,
    check_layout,
    draw_counts,
    draw_objects,
    place_objects,
)
from ops.cut_outs import CutOut

SETTINGS = PasteSettings(scales=(1.0, 1.0), no_flip=True)
CHAIN = replace(SETTINGS, mode="chain", chain_length=3)


def make_square(side=6):
    middle = (side - 1) / 2
    return CutOut(np.zeros((side, side, 3), np.uint8), np.ones((side, side)), (middle, middle))


def draw_many(settings, num=2000):
    rng = np.random.default_rng(0)
    return np.array([draw_counts(settings, rng)[0] for _ in range(num)])


def test_draw_counts_of_a_list_draws_only_those():
    assert set(draw_many(replace(SETTINGS, counts=(0, 7, 90)), 200)) == {0, 7, 90}


def test_draw_counts_uniform_reaches_both_ends_alike():
    drawn = draw_many(replace(SETTINGS, count_range=(3, 7), distribution="uniform"))
    assert np.bincount(drawn)[3:] == pytest.approx([400] * 5, rel=0.2) and drawn.min() == 3


def test_draw_counts_log_uniform_draws_as_many_from_each_octave():
    # log(n + 1) is uniform: 0, 1 to 2, 3 to 6, 7 to 14 are octaves of n + 1 from 1 to 16.
    drawn = draw_many(replace(SETTINGS, count_range=(0, 14)))
    shares = np.histogram(drawn, [0, 1, 3, 7, 15])[0] / len(drawn)
    assert shares == pytest.approx([0.25] * 4, abs=0.04)


def test_draw_counts_of_a_chain_fall():
    rng = np.random.default_rng(0)
    for _ in range(50):
        counts = draw_counts(replace(CHAIN, count_range=(1, 60)), rng)
        assert len(counts) == 3 and counts[1] <= 0.9 * counts[0] and counts[2] <= 0.9 * counts[1]


def test_draw_counts_of_a_chain_takes_what_there_is():
    rng = np.random.default_rng(0)
    settings = replace(CHAIN, count_range=(98, 100), chain_length=3)
    assert draw_counts(settings, rng) == [100, 99, 98]
    rare = replace(CHAIN, counts=(1,) * 5000 + (2, 3))
    assert draw_counts(rare, rng) == [3, 2, 1]


def test_draw_objects_follows_the_perspective():
    settings = replace(SETTINGS, perspective=(0.5, 2.0))
    objects, rows = draw_objects(
        [make_square(20)], 60, (301, 900), settings, np.random.default_rng(0)
    )
    assert (np.diff(rows) >= 0).all() and rows.min() >= 0 and rows.max() <= 300
    for cut, row in zip(objects, rows, strict=True):
        # 20 pixels times .5 at the top and 2 at row 300.
        assert cut.size[0] == pytest.approx(20 * (0.5 + 1.5 * row / 300), abs=0.6)
    assert np.median(rows) < 150  # small ones are more, so that all rows are covered alike


def test_draw_objects_covers_all_rows_alike():
    settings = replace(SETTINGS, perspective=(0.5, 1.0), min_visible=0.05)
    objects, rows = draw_objects(
        [make_square(40)], 3000, (1000, 9000), settings, np.random.default_rng(0)
    )
    areas = np.array([np.prod(cut.size) for cut in objects])
    covered = np.histogram(rows, 4, (0, 1000), weights=areas)[0]
    assert covered.max() < 1.2 * covered.min()


def test_draw_objects_stays_in_its_rows_scales_and_angles():
    settings = replace(SETTINGS, rows=(0.5, 0.75), scales=(2.0, 2.0), max_angle=45.0)
    objects, rows = draw_objects([make_square()], 40, (201, 400), settings,
                                 np.random.default_rng(0))  # fmt: skip
    assert 100 <= rows.min() and rows.max() <= 150
    heights = [cut.size[0] for cut in objects]
    assert 12 <= min(heights) < max(heights) <= 18  # 12 upright, 17 on a corner


def test_draw_objects_refuses_backgrounds_smaller_than_cut_outs():
    match = "larger than the objects. An object has 6 x 6 pixels, its background 5 x 90"
    with pytest.raises(InputError, match=match):
        draw_objects([make_square()], 1, (5, 90), SETTINGS, np.random.default_rng(0))


def test_draw_objects_refuses_counts_that_cannot_fit():
    # .9 of 400 pixels hold .4 of 36 pixels 25 times.
    with pytest.raises(InputError, match="26 objects of 36 pixels .* 20 x 20 pixels: 25 at most"):
        draw_objects([make_square()], 26, (20, 20), SETTINGS, np.random.default_rng(0))


def test_draw_objects_of_none_is_empty():
    objects, rows = draw_objects([make_square()], 0, (20, 20), SETTINGS, np.random.default_rng(0))
    assert objects == [] and rows.shape == (0,)


def place_squares(num, size, settings, seed=0):
    rows = np.linspace(0, size[0] - 1, num)
    return place_objects([make_square()] * num, rows, size, settings, np.random.default_rng(seed))


def test_place_objects_keeps_all_visible():
    placed, points = place_squares(30, (60, 60), replace(SETTINGS, min_visible=0.7))
    owners = np.full((80, 80), -1)
    for i, (row, column) in enumerate(points):
        top, left = round(row - 2.5) + 10, round(column - 2.5) + 10
        owners[top : top + 6, left : left + 6] = i
    seen = np.bincount(owners[10:70, 10:70].ravel() + 1, minlength=31)[1:]
    assert len(placed) >= 27 and (seen[: len(placed)] >= 0.7 * 36 - 1e-9).all()


def test_place_objects_keeps_rows_with_perspective():
    settings = replace(SETTINGS, perspective=(0.9, 1.0))
    _, points = place_squares(10, (60, 300), settings)
    np.testing.assert_allclose(points[:, 0], np.linspace(0, 59, 10))


@pytest.mark.parametrize("perspective", [(1.0, 1.0), (0.9, 1.0)])
def test_place_objects_clusters(perspective):
    from scipy.spatial import cKDTree

    settings = replace(SETTINGS, min_visible=0.1, perspective=perspective)
    near = [
        np.median(cKDTree(points).query(points, k=2)[0][:, 1])
        for share in (0.0, 0.9)
        for points in [place_squares(40, (300, 300), replace(settings, clustering=share))[1]]
    ]
    assert near[1] < 0.6 * near[0]


def test_place_objects_refuses_when_too_few_find_a_place():
    with pytest.raises(InputError, match=r"Only \d+ of 30 objects found a place in 16 x 16"):
        place_squares(30, (16, 16), replace(SETTINGS, min_visible=0.9))


def test_place_objects_of_none_is_empty():
    placed, points = place_squares(0, (16, 16), SETTINGS)
    assert placed == [] and points.shape == (0, 2)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"count_range": (5, 4)}, "`count_range`.*the lower first.*Received 5 4"),
        ({"count_range": (-1, 4)}, "`count_range`"),
        ({"counts": (3, -2)}, r"`counts` none below 0.*\[3, -2\]"),
        ({"mode": "chain", "chain_length": 4, "counts": (1, 2, 2)}, "must hold 4 different counts"),
        ({"mode": "chain", "count_range": (1, 3)}, "must hold 4 different counts.*They hold 3"),
        ({"mode": "chain", "num": 1}, "`num`.*2 chains at least"),
        ({"scales": (0.0, 1.0)}, "`scales`.*above 0"),
        ({"scales": (2.0, 1.0)}, "`scales`.*lower first"),
        ({"perspective": (1.0, -1.0)}, "`perspective`.*above 0"),
        ({"rows": (0.5, 1.5)}, "`rows`.*at most 1"),
    ],
)
def test_check_layout_refuses(changes, match):
    with pytest.raises(InputError, match=match):
        check_layout(replace(SETTINGS, **changes))


def test_check_layout_takes_a_perspective_from_below():
    check_layout(replace(SETTINGS, perspective=(2.0, 1.0)))
