"""Training batches in any order that is a pure function of (epoch, place in the epoch)."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from datasets.sharding import current_shard, share_batch

Order = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]  # (epoch, position) -> record number


def make_ordered_dataset(
    order: Order,
    load: Callable[[tf.Tensor, tf.Tensor], tuple],
    *,
    batch_size: int,
    steps_per_epoch: int,
    epochs: int,
    seed: int,
    first_step: int = 0,
) -> tf.data.Dataset:
    """Make the training batches of all epochs, one after the other, in a given order.

    A run that starts at `first_step` sees exactly what an uninterrupted one sees from there on.

    Args:
        order: (epoch, position), integer scalars from 0 -> record number, in graph; position is
            below `steps_per_epoch * batch_size`. See `datasets.class_balance`.
        load: (record number, (2,) int32 seed) -> sample, in graph; random only by the seed.
        batch_size: records per step.
        steps_per_epoch: steps of one epoch.
        epochs: number of epochs.
        seed: run seed, of the samples.
        first_step: steps already done, over all epochs.

    Returns:
        Batches of what `load` returns; of several workers each reads its own part of every batch.

    Raises:
        InputError: `batch_size` cannot be divided among the workers.

    Example:
        >>> batches = make_ordered_dataset(
        ...     lambda epoch, position: 10 * epoch + position, lambda number, seed: number,
        ...     batch_size=2, steps_per_epoch=1, epochs=2, seed=0,
        ... )
        >>> [batch.numpy().tolist() for batch in batches]
        [[0, 1], [10, 11]]
    """
    per_epoch = steps_per_epoch * batch_size
    shard = current_shard()
    share = share_batch(batch_size, shard)

    def load_sample(number: tf.Tensor) -> tuple:
        step, place = number // share, number % share
        index = step * batch_size + shard.index * share + place
        epoch, position = index // per_epoch, index % per_epoch
        sample_seed = tf.random.experimental.stateless_fold_in(
            make_epoch_seed(seed, epoch), position
        )
        return load(order(epoch, position), sample_seed)

    numbers = tf.data.Dataset.range(first_step * share, epochs * steps_per_epoch * share)
    samples = numbers.map(load_sample, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return samples.batch(share, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


def make_epoch_seed(seed: int, epoch: tf.Tensor) -> tf.Tensor:
    """Make the seed of an epoch.

    Args:
        seed: run seed.
        epoch: integer scalar from 0.

    Returns:
        (2,) int32.

    Example:
        >>> make_epoch_seed(3, tf.constant(1)).numpy().tolist()
        [3, 1]
    """
    return tf.cast(tf.stack([seed, tf.cast(epoch, tf.int64)]), tf.int32)
