import numpy as np
import tensorflow as tf

from datasets.pipeline import draw_number, make_sample_dataset
from datasets.sample_order import make_epoch_seed, make_ordered_dataset


def load(number, seed):
    return number, seed


def test_make_ordered_dataset_shows_the_order_and_goes_on_from_any_step():
    def make(first_step):
        return make_ordered_dataset(
            lambda epoch, position: 100 * epoch + position,
            load,
            batch_size=3,
            steps_per_epoch=2,
            epochs=2,
            seed=5,
            first_step=first_step,
        )

    whole = list(make(0))
    numbers = np.concatenate([numbers for numbers, _ in whole])
    assert numbers.tolist() == [0, 1, 2, 3, 4, 5, 100, 101, 102, 103, 104, 105]
    for batch, twin in zip(whole[3:], make(3), strict=True):
        np.testing.assert_array_equal(batch[1], twin[1])
    assert len({tuple(seed) for _, seeds in whole for seed in seeds.numpy()}) == 12


def test_make_sample_dataset_draws_numbers_and_seeds_as_draw_number():
    batches = make_sample_dataset(5, load, batch_size=2, steps_per_epoch=2, epochs=2, seed=3)
    found = [
        (int(n), s.tolist()) for ns, ss in batches for n, s in zip(ns, ss.numpy(), strict=True)
    ]
    expected = []
    for epoch in (0, 1):
        for i in range(4):
            number, seed = draw_number(
                tf.constant(i, tf.int64), seed=3, epoch=tf.constant(epoch), num_records=5
            )
            expected.append((int(number), seed.numpy().tolist()))
    assert found == expected


def test_make_epoch_seed_is_a_pair():
    seed = make_epoch_seed(7, tf.constant(2, tf.int64))
    assert seed.dtype == tf.int32 and seed.numpy().tolist() == [7, 2]
