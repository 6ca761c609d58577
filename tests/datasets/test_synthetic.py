from dataclasses import replace

import numpy as np
import pytest

from datasets.scene_pictures import draw_scene
from datasets.synthetic import MIN_VISIBLE, _keep_visible, sample_scene


def find_scene(smallest, **options):
    """The first scene of seed 0 with at least so many people."""
    scenes = (sample_scene(0, index, **options) for index in range(1000))
    return next(scene for scene in scenes if scene.count >= smallest)


def test_scenes_come_from_seed_and_index_alone():
    first, again = sample_scene(7, 2), sample_scene(7, 2)
    assert (first.people == again.people).all()
    np.testing.assert_array_equal(draw_scene(first).image, draw_scene(again).image)
    for other in (sample_scene(7, 3), sample_scene(8, 2)):
        assert (draw_scene(other).image != draw_scene(first).image).mean() > 0.5


def test_without_changes_only_what_the_removed_person_and_shadow_cover():
    scene = find_scene(5)
    whole, fewer = draw_scene(scene), draw_scene(scene.without([2]))
    changed = (whole.image != fewer.image).any(axis=-1)
    rows, cols = np.nonzero(changed)
    person = scene.people[2]
    # Person and shadow reach less than two heights from the feet; blur adds a few pixels.
    reach = 2 * person["height"] + 4
    assert np.abs(rows - person["row"]).max() <= reach
    assert np.abs(cols - person["col"]).max() <= reach
    assert changed[whole.label_map == 3].mean() > 0.9
    np.testing.assert_array_equal(fewer.points, np.delete(whole.points, 2, axis=0))


def test_without_keeps_the_masks_of_the_others_or_uncovers_them():
    scene = find_scene(25)
    whole, fewer = draw_scene(scene), draw_scene(scene.without([0, 4]))
    kept = np.delete(np.arange(scene.count), [0, 4])
    for new, old in enumerate(kept, start=1):
        assert (fewer.label_map[whole.label_map == old + 1] == new).all()


def test_without_everybody_leaves_an_empty_scene_with_its_clutter():
    scene = find_scene(10)
    empty = scene.without(range(scene.count))
    drawn = draw_scene(empty)
    assert drawn.points.shape == (0, 2) and drawn.boxes.shape == (0, 4)
    assert not drawn.label_map.any()
    assert (empty.clutter == scene.clutter).all()


def test_without_nobody_is_the_same_picture():
    scene = find_scene(3)
    np.testing.assert_array_equal(draw_scene(scene.without([])).image, draw_scene(scene).image)


@pytest.mark.parametrize("indices", [[-1], [10_000]])
def test_without_refuses_people_who_are_not_there(indices):
    with pytest.raises(ValueError, match="`indices` must lie in 0"):
        find_scene(3).without(indices)


def test_everybody_shows_at_least_the_promised_share():
    scene = find_scene(40)
    bare = replace(scene, clutter=scene.clutter[:0])
    seen = np.bincount(draw_scene(bare).label_map.ravel())[1:]
    for person in range(scene.count):
        others = np.delete(np.arange(scene.count), person)
        full = (draw_scene(bare.without(others)).label_map == 1).sum()
        assert seen[person] >= MIN_VISIBLE * full
    assert _keep_visible(scene).count == scene.count  # nor does clutter hide anybody


def test_keep_visible_drops_who_stands_behind_a_twin():
    scene = find_scene(3, max_count=5)
    twin = scene.people[[0]].copy()
    twin["row"] -= 0.01  # a hair farther away, so the other one covers all of it
    crowded = replace(scene, people=np.concatenate([scene.people[:1], twin]))
    assert _keep_visible(crowded).count == 1


@pytest.fixture(scope="module")
def scenes():
    return [sample_scene(1, index, image_size=(96, 128)) for index in range(200)]


def test_counts_reach_from_none_to_the_bound_with_more_small_ones(scenes):
    counts = np.array([scene.count for scene in scenes])
    assert counts.min() == 0 and 45 <= counts.max() <= 60
    assert 0.01 < (counts == 0).mean() < 0.1  # 5 % asked for
    assert (counts <= 20).mean() > (counts > 40).mean() > 0.1


def test_count_is_not_given_away_by_brightness_or_clutter(scenes):
    counts = [scene.count for scene in scenes]
    brightness = [draw_scene(scene).image.mean() for scene in scenes]
    # Chance alone stays below 2.6 / sqrt(200) = .18 in 99 of 100 draws; people darken a little.
    assert abs(np.corrcoef(counts, brightness)[0, 1]) < 0.25
    assert abs(np.corrcoef(counts, [len(scene.clutter) for scene in scenes])[0, 1]) < 0.25


@pytest.mark.parametrize("size", [(32, 32), (33, 97), (480, 640)])
def test_scenes_take_any_size_and_scale_with_it(size):
    scene = find_scene(4, image_size=size)
    drawn = draw_scene(scene)
    assert drawn.image.shape == (*size, 3)
    assert (scene.people["height"] < size[0]).all()


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((-1, 0), {}, "`seed` and `index`"),
        ((0, -1), {}, "`seed` and `index`"),
        ((0, 0), {"image_size": (31, 64)}, "`image_size`"),
        ((0, 0), {"image_size": (64,)}, "`image_size`"),
        ((0, 0), {"max_count": 0}, "`max_count`"),
        ((0, 0), {"empty_fraction": 1.5}, "`empty_fraction`"),
    ],
)
def test_sample_scene_refuses_arguments_out_of_range(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        sample_scene(*arguments, **options)
