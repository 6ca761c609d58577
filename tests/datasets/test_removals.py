from dataclasses import replace

import numpy as np
import pytest

from datasets.known_objects import KnownObjects
from datasets.removals import RemoveSettings, draw_chain, draw_steps, leaves_nothing, place_decoys
from ops.object_regions import regions_from_points

SETTINGS = RemoveSettings(chain_length=4, decoys=0)


def make_objects(num=6, radius=4.0):
    """Draw bright discs 15 pixels apart on noise."""
    rng = np.random.default_rng(0)
    points = np.array([[20.0 + 15 * (i // 3), 15.0 + 15 * (i % 3)] for i in range(num)])
    radii = np.full(num, radius)
    labels = regions_from_points(points, radii, (60, 80))
    image = rng.integers(40, 60, (60, 80, 3)).astype(np.uint8)
    image[labels > 0] = 220
    return KnownObjects(image, points, labels, None, radii)


@pytest.mark.parametrize("seed", range(20))
def test_draw_steps_takes_ever_more_within_the_shares(seed):
    steps = draw_steps(20, replace(SETTINGS, removed=(0.4, 0.8)), np.random.default_rng(seed))
    sizes = [len(gone) for gone in steps]
    assert sizes[0] == 0 and 8 <= sizes[-1] <= 16 and min(np.diff(sizes)) >= 1
    assert all(set(few) < set(many) for few, many in zip(steps, steps[1:], strict=False))


def test_draw_steps_of_as_many_objects_as_steps_takes_one_each():
    steps = draw_steps(3, replace(SETTINGS, removed=(0.1, 0.1)), np.random.default_rng(0))
    assert [len(gone) for gone in steps] == [0, 1, 2, 3]


@pytest.mark.parametrize("inpainting", ["telea", "patches"])
def test_draw_chain_differs_only_where_objects_left(inpainting):
    objects, settings = make_objects(), replace(SETTINGS, inpainting=inpainting, margin=2)
    steps = [np.array([], int), np.array([1]), np.array([1, 4, 5])]
    chain = list(draw_chain(objects, steps, settings, np.random.default_rng(0)))
    np.testing.assert_array_equal(chain[0], objects.image)
    rows, columns = np.indices((60, 80))
    for before, after, left in zip(chain, chain[1:], ([1], [4, 5]), strict=False):
        near = np.zeros((60, 80), bool)
        for i in left:
            row, column = objects.points[i]
            near |= np.hypot(rows - row, columns - column) <= 4 + 2 + 0.5
        assert (before == after)[~near].all()
        assert after[np.isin(objects.labels, np.array(left) + 1)].max() < 80


def test_draw_chain_keeps_the_objects_that_overlap_one_that_leaves():
    objects = make_objects(2)
    objects.labels[20, 19:26] = 1  # the first reaches up to the second, at columns 26 to 34
    chain = list(draw_chain(objects, [np.array([0])], SETTINGS, np.random.default_rng(0)))
    assert (chain[0][objects.labels == 2] == 220).all()


def test_draw_chain_fills_decoys_in_all_pictures_alike():
    objects, settings = make_objects(), replace(SETTINGS, decoys=1.0)
    steps = [np.array([], int), np.array([0, 1])]
    first, second = draw_chain(objects, steps, settings, np.random.default_rng(0))
    changed = (first != objects.image).any(axis=-1)
    assert changed.sum() > 40 and not (changed & (objects.labels > 0)).any()
    assert (first == second)[changed].all()


def test_draw_chain_of_a_photo_full_of_one_object_has_nothing_to_fill_from():
    objects = KnownObjects(
        np.full((4, 5, 3), 9, np.uint8),
        np.ones((1, 2)),
        np.ones((4, 5), np.int32),
        None,
        np.ones(1),
    )
    with pytest.raises(ValueError, match="must leave a pixel of the picture"):
        list(draw_chain(objects, [np.array([0])], SETTINGS, np.random.default_rng(0)))
    assert leaves_nothing(objects, np.array([0]), 0)


def test_leaves_nothing_looks_at_rims_and_at_what_stays():
    labels = np.zeros((4, 6), np.int32)
    labels[1:3, 1:5] = 1
    objects = KnownObjects(np.zeros((4, 6, 3), np.uint8), np.ones((2, 2)), labels, None, np.ones(2))
    # The corners are a step of sqrt(2) away from the object.
    assert [leaves_nothing(objects, np.array([0]), margin) for margin in (0, 2)] == [False, True]
    labels[0, 0] = 2
    assert not leaves_nothing(objects, np.array([0]), 2)
    assert leaves_nothing(objects, np.array([0, 1]), 2)


def test_place_decoys_finds_empty_places_of_the_objects_size():
    objects = make_objects()
    decoys = place_decoys(objects, np.array([0, 1]), 3, np.random.default_rng(0))
    assert not (decoys & (objects.labels > 0)).any()
    assert 60 < decoys.sum() <= 3 * 57  # discs of radius 4, perhaps cut off at the border


def test_place_decoys_without_room_or_objects_is_empty():
    objects = make_objects()
    full = replace(objects, labels=np.ones_like(objects.labels))
    assert not place_decoys(full, np.array([0]), 3, np.random.default_rng(0)).any()
    assert not place_decoys(objects, np.array([], int), 3, np.random.default_rng(0)).any()
