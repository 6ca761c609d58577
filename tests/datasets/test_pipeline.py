import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from config.errors import InputError
from datasets.image_source import ImageSource
from datasets.pipeline import (
    count_steps,
    distinct_images,
    make_patch_dataset,
    make_ranked_dataset,
    make_ranked_sample_loader,
    make_sample_dataset,
)
from datasets.records import CountRecord, RankedRecord


def numbers_and_seeds(**options):
    batches = make_sample_dataset(
        10, lambda number, seed: (number, seed), batch_size=3, steps_per_epoch=3, **options
    )
    return [(number.numpy().tolist(), seed.numpy().tolist()) for number, seed in batches]


@pytest.fixture
def pictures(tmp_path):
    """Five grey pictures whose value is 10 x their place."""
    paths = [tmp_path / f"{i}.png" for i in range(5)]
    for i, path in enumerate(paths):
        Image.new("RGB", (12, 9), (10 * i,) * 3).save(path)
    return paths


def test_count_steps_drops_the_remainder():
    assert count_steps(10, batch_size=4) == 2
    assert count_steps(10, batch_size=4, records_per_epoch=4) == 1
    assert count_steps(10, batch_size=4, records_per_epoch=1000) == 2


@pytest.mark.parametrize("records_per_epoch", [None, 3])
def test_count_steps_needs_one_batch(records_per_epoch):
    with pytest.raises(InputError, match="`batch_size` must not exceed the records of an epoch"):
        count_steps(3, batch_size=4, records_per_epoch=records_per_epoch)


def test_an_epoch_shows_no_record_twice():
    for epoch in range(4):
        batches = numbers_and_seeds(epochs=4, seed=0)[3 * epoch : 3 * epoch + 3]
        numbers = sum((batch for batch, _ in batches), [])
        assert len(set(numbers)) == 9
        assert set(numbers) < set(range(10))


def test_epochs_differ_in_order_and_seeds():
    batches = numbers_and_seeds(epochs=2, seed=0)
    assert batches[:3] != batches[3:]
    seeds = [tuple(seed) for _, batch in batches for seed in batch]
    assert len(set(seeds)) == 18  # 2 epochs x 3 steps x 3 records


def test_batches_are_a_function_of_the_seed():
    assert numbers_and_seeds(epochs=1, seed=5) == numbers_and_seeds(epochs=1, seed=5)
    assert numbers_and_seeds(epochs=1, seed=5) != numbers_and_seeds(epochs=1, seed=6)


@pytest.mark.parametrize("first_step", [1, 3, 4, 6])
def test_a_later_start_sees_the_same_batches(first_step):
    whole = numbers_and_seeds(epochs=2, seed=0)
    assert numbers_and_seeds(epochs=2, seed=0, first_step=first_step) == whole[first_step:]


def test_ranked_batches_hold_the_lists_in_order(pictures):
    records = [RankedRecord((pictures[4], pictures[0])), RankedRecord((pictures[2], pictures[1]))]
    source = ImageSource(distinct_images(records), (3, 4), max_pixels=1000)
    images, ones = next(iter(make_ranked_dataset(records, source, batch_size=2)))
    expected = np.array([[40, 0], [20, 10]]) / 255
    np.testing.assert_allclose(images.numpy().mean(axis=(2, 3, 4)), expected, atol=1e-6)
    np.testing.assert_array_equal(ones, np.ones((2, 2)))


def test_every_picture_of_a_list_is_augmented_with_its_own_seed(pictures):
    records = [RankedRecord((pictures[0], pictures[0]))]
    source = ImageSource(distinct_images(records), (3, 4), max_pixels=1000)
    load = make_ranked_sample_loader(
        records, source, lambda image, seed: image + tf.random.stateless_uniform((), seed)
    )
    first, second = load(tf.constant(0), tf.constant([1, 2]))[0].numpy()
    assert first.mean() != second.mean()
    again = load(tf.constant(0), tf.constant([1, 2]))[0].numpy()
    np.testing.assert_array_equal(again, [first, second])


def test_lists_of_two_lengths_are_refused(pictures):
    records = [RankedRecord(tuple(pictures[:2])), RankedRecord(tuple(pictures[:3]))]
    source = ImageSource(distinct_images(records), (3, 4), max_pixels=1000)
    with pytest.raises(InputError, match=r"must have one length. Received \[2, 3\]"):
        make_ranked_sample_loader(records, source)


def test_patches_of_pictures_of_different_sizes_share_a_batch(pictures):
    Image.new("RGB", (31, 17), (255, 255, 255)).save(pictures[1])
    records = [CountRecord(path, 0) for path in pictures[:2]]
    options = {"num_patches": 2, "batch_size": 8, "max_pixels": 1000}
    patches = next(iter(make_patch_dataset(records, (3, 4), **options))).numpy()
    assert patches.shape == (2, 4, 3, 4, 3)
    np.testing.assert_allclose(patches[1], 1.0)


def test_the_last_evaluation_batch_may_be_smaller(pictures):
    records = [CountRecord(path, 0) for path in pictures]
    options = {"num_patches": 1, "batch_size": 2, "max_pixels": 1000}
    sizes = [len(batch) for batch in make_patch_dataset(records, (3, 4), **options)]
    assert sizes == [2, 2, 1]


def test_ranked_samples_mark_the_pictures_that_count(pictures):
    records = [RankedRecord((pictures[4], pictures[0])), RankedRecord((pictures[2], pictures[1]))]
    source = ImageSource(distinct_images(records), (3, 4), max_pixels=1000)
    kept = np.array([[True, False], [True, True]])
    load = make_ranked_sample_loader(records, source, kept=kept)
    marks = [load(tf.constant(i), tf.zeros(2, tf.int32))[1].numpy().tolist() for i in range(2)]
    assert marks == [[1.0, 0.0], [1.0, 1.0]]


def test_ranked_samples_need_a_mark_for_every_picture(pictures):
    records = [RankedRecord((pictures[4], pictures[0]))]
    source = ImageSource(distinct_images(records), (3, 4), max_pixels=1000)
    with pytest.raises(ValueError, match="`kept` must be .1, 2., as the lists"):
        make_ranked_sample_loader(records, source, kept=np.ones((1, 3), bool))
