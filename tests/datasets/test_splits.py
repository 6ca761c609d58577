from collections import Counter

import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets.named_objects import NamedObjects
from datasets.splits import fill_splits, hold_out, join_look_alikes, split_by_class


def test_hold_out_keeps_every_record_once_and_in_order():
    kept, held_out = hold_out(list(range(20)), 0.25, seed=3)
    assert sorted(kept + held_out) == list(range(20))
    assert len(held_out) == 5  # 0.25 x 20
    assert kept == sorted(kept)


def test_hold_out_rounds_up():
    assert len(hold_out(list(range(9)), 0.1, seed=0)[1]) == 1  # ceil(0.9)


def test_hold_out_depends_on_the_seed_alone():
    assert hold_out(range(50), 0.2, seed=1) == hold_out(range(50), 0.2, seed=1)
    assert hold_out(range(50), 0.2, seed=1) != hold_out(range(50), 0.2, seed=2)


@pytest.mark.parametrize(("records", "fraction"), [([], 0.5), ([1], 0.5), ([1, 2], 0.0)])
def test_hold_out_refuses_an_empty_side(records, fraction):
    with pytest.raises(InputError, match="must leave records on both sides"):
        hold_out(records, fraction, seed=0)


def count(labels, held_out):
    return Counter(labels[i] for i in held_out)


def split(labels, fraction, *, seed=0):
    return split_by_class(range(len(labels)), labels, fraction, seed=seed, name="test_fraction")


def test_split_by_class_takes_the_share_of_every_class():
    labels = ["a", "b"] * 10 + ["b"] * 20
    kept, held_out = split(labels, 0.2)
    assert count(labels, held_out) == {"a": 2, "b": 6}  # .2 x 10, .2 x 30
    assert sorted(kept + held_out) == list(range(40)) and kept == sorted(kept)


def test_split_by_class_gives_what_rounding_leaves_to_those_that_lose_most():
    labels = ["a"] * 4 + ["b"] * 9 + ["c"] * 7
    # .2 x 20 = 4; .8, 1.8 and 1.4 give 0, 1, 1, and two more go to a and b.
    assert count(labels, split(labels, 0.2)[1]) == {"a": 1, "b": 2, "c": 1}


def test_split_by_class_keeps_a_single_record_and_says_so(caplog):
    labels = ["a"] + ["b"] * 9
    assert count(labels, split(labels, 0.5)[1]) == {"b": 5}
    assert "The class a has one picture" in caplog.text


def test_split_by_class_holds_one_of_few_out_but_never_a_whole_class():
    assert len(split(["a", "a"], 0.01)[1]) == 1
    assert count(["a", "a", "b", "b"], split(["a", "a", "b", "b"], 0.99)[1]) == {"a": 1, "b": 1}


def test_split_by_class_of_nothing_to_hold_out():
    assert split(["a", "b"], 0) == ([0, 1], [])


def test_split_by_class_depends_on_the_seed_alone():
    labels = ["a"] * 30 + ["b"] * 30
    assert split(labels, 0.2, seed=1) == split(labels, 0.2, seed=1) != split(labels, 0.2, seed=2)


@pytest.mark.parametrize("labels", [["a", "b"], []])
def test_split_by_class_refuses_classes_of_one_record(labels):
    with pytest.raises(InputError, match="`test_fraction` must leave records on both sides"):
        split(labels, 0.5)


@pytest.mark.parametrize("fraction", [-0.1, 1.0, float("nan")])
def test_split_by_class_refuses_no_share(fraction):
    with pytest.raises(InputError, match="`test_fraction` must be at least 0 and below 1"):
        split(["a", "a"], fraction)


def test_split_by_class_needs_a_class_a_record():
    with pytest.raises(ValueError, match="one entry a record, 2. Received 1"):
        split_by_class([1, 2], ["a"], 0.5, seed=0, name="test_fraction")


def draw_pictures(folder, seeds):
    """Save a picture per seed; equal seeds give pictures that look alike."""
    pictures = []
    for i, seed in enumerate(seeds):
        noise = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
        size = (64 + i, 48 + i)  # other files all the same
        Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).save(folder / f"{i:02}.png")
        pictures.append(NamedObjects(folder / f"{i:02}.png", [], ("cat",)))
    return pictures


def test_join_look_alikes_keeps_twins_on_the_kept_side(tmp_path):
    pictures = draw_pictures(tmp_path, [0, 1, 0, 3, 4])
    kept, held_out = join_look_alikes(pictures[:2], pictures[2:])
    assert kept == pictures[:3]  # 2 looks like 0
    assert held_out == pictures[3:]


def test_join_look_alikes_leaves_frames_of_one_scene_and_warns(tmp_path, caplog):
    pictures = draw_pictures(tmp_path, [0, 0, 0, 3])
    kept, held_out = join_look_alikes(pictures[:1], pictures[1:])
    assert (kept, held_out) == (pictures[:1], pictures[1:])
    assert "2 of 3 pictures that are held out look like others" in caplog.text


def test_fill_splits_does_not_tear_twins_apart(tmp_path):
    pictures = draw_pictures(tmp_path, [*range(20), *range(2)])
    options = {"get_class": lambda picture: "cat", "dataset": "cats"}
    for seed in range(5):
        splits = fill_splits(pictures, (0.3, 0.3), seed=seed, **options)
        place = {each.image: split for split, members in splits.items() for each in members}
        for one, two in (("00", "20"), ("01", "21")):
            sides = {place[tmp_path / f"{name}.png"] for name in (one, two)}
            assert len(sides) == 1
