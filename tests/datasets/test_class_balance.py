import numpy as np
import pytest
import tensorflow as tf

from datasets.class_balance import draw_balanced_epoch, make_balanced_order

TAGS = [(1,)] * 12 + [(2,)] * 4 + [(3,)] * 2 + [(2, 3)] * 2


def test_draw_balanced_epoch_shows_rare_classes_as_often():
    numbers = draw_balanced_epoch(TAGS, length=300, seed=0, epoch=0)
    assert numbers.dtype == np.int64 and numbers.shape == (300,)
    counts = np.bincount([tag for number in numbers for tag in TAGS[number]])[1:]
    # Each round shows each class once: at most the rounds that end a pass are unequal.
    assert counts.min() > 0.75 * counts.max()
    shuffled = 300 * np.array([12, 6, 4]) / 20
    assert counts[2] > 1.5 * shuffled[2]


def test_draw_balanced_epoch_shows_no_class_twice_in_a_round():
    # Disjoint classes of as many pictures: whole rounds of three, no picture twice in a pass of 6.
    tags = [(1,), (2,), (3,)] * 2
    numbers = draw_balanced_epoch(tags, length=6, seed=1, epoch=0)
    assert sorted(numbers.tolist()) == list(range(6))
    for start in (0, 3):
        assert {tags[number] for number in numbers[start : start + 3]} == {(1,), (2,), (3,)}


def test_draw_balanced_epoch_is_a_function_of_seed_and_epoch():
    def draw(seed, epoch):
        return draw_balanced_epoch(TAGS, length=20, seed=seed, epoch=epoch).tolist()

    assert (
        draw(0, 1) == draw(0, 1) and len({tuple(draw(s, e)) for s in (0, 1) for e in (0, 1)}) == 4
    )


def test_draw_balanced_epoch_goes_on_where_no_picture_fits():
    # The class that all pictures have excludes every other one of the round: passes of one picture.
    tags = [(1, 2), (1, 3), (1,)]
    numbers = draw_balanced_epoch(tags, length=50, seed=0, epoch=0)
    assert set(numbers.tolist()) == {0, 1, 2}


def test_make_balanced_order_agrees_in_a_graph():
    order = make_balanced_order(TAGS, length=8, seed=3)
    positions = tf.data.Dataset.range(8).map(lambda i: order(tf.constant(2, tf.int64), i))
    expected = draw_balanced_epoch(TAGS, length=8, seed=3, epoch=2)
    assert [int(number) for number in positions] == expected.tolist()


@pytest.mark.parametrize("tags", [[], [(1,), ()]])
def test_pictures_without_a_class_are_refused(tags):
    with pytest.raises(ValueError, match="`tags` must give each picture a class"):
        make_balanced_order(tags, length=1, seed=0)
    with pytest.raises(ValueError, match="`tags` must give each picture a class"):
        draw_balanced_epoch(tags, length=1, seed=0, epoch=0)
