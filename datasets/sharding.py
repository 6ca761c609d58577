"""Which part of the data this process reads when several workers train one model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

from config.errors import InputError


@dataclass(frozen=True)
class Shard:
    """A process's place among those that share the data.

    Attributes:
        index: its number, from 0.
        count: number of processes.
        devices: devices of each.

    Example:
        >>> Shard().count
        1
    """

    index: int = 0
    count: int = 1
    devices: int = 1


def current_shard() -> Shard:
    """Find the place of this process in the strategy in whose scope it runs.

    Returns:
        The whole data outside a multi-worker strategy.

    Example:
        >>> current_shard()
        Shard(index=0, count=1, devices=1)
    """
    strategy = tf.distribute.get_strategy()
    resolver = getattr(strategy, "cluster_resolver", None)
    workers = resolver.cluster_spec().as_dict().get("worker", []) if resolver else []
    if len(workers) < 2:
        return Shard(devices=strategy.num_replicas_in_sync)
    return Shard(resolver.task_id, len(workers), strategy.num_replicas_in_sync // len(workers))


def share_batch(batch_size: int, shard: Shard) -> int:
    """Divide a batch among the workers.

    Args:
        batch_size: records of a step, over all workers.
        shard: this process's place.

    Returns:
        Records of a step that each worker reads.

    Raises:
        InputError: it cannot be divided evenly.

    Example:
        >>> share_batch(8, Shard(1, 2))
        4
    """
    if batch_size % shard.count:
        raise InputError(
            f"`batch_size` must be a multiple of the {shard.count} workers. Received "
            f"{batch_size}; choose another with `--set batch_size=...`."
        )
    return batch_size // shard.count


def make_evaluation_batches(
    num_records: int,
    load: Callable[[tf.Tensor], tuple],
    *,
    batch_size: int,
    shard: Shard,
    padding: tuple | None = None,
) -> tf.data.Dataset:
    """Make the batches of an evaluation: every record once, in order, shared among the workers.

    On several devices the batches are of nearly equal size, so that none of them runs out of
    records before the others.

    Args:
        num_records: records over all workers.
        load: record number -> sample, in graph.
        batch_size: records of a step at most, over all workers.
        shard: this process's place.
        padding: values that fill each part of a sample up to the largest in its batch; None where
            all have one size.

    Returns:
        This worker's batches.

    Raises:
        InputError: there are fewer records than devices.

    Example:
        >>> batches = make_evaluation_batches(5, lambda i: i, batch_size=4, shard=Shard(1, 2))
        >>> [batch.tolist() for batch in batches.as_numpy_iterator()]
        [[3], [4]]
    """

    def load_batches(start: int, stop: int, size: int) -> tf.data.Dataset:
        numbers = tf.data.Dataset.range(start, stop)
        samples = numbers.map(load, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        if padding is None:
            return samples.batch(size)
        return samples.padded_batch(size, padding_values=padding)

    if shard.count * shard.devices == 1:
        return load_batches(0, num_records, batch_size)
    steps = count_evaluation_steps(num_records, batch_size=batch_size, shard=shard)
    size, num_larger = divmod(num_records, steps * shard.count)

    def edge(batch: int) -> int:
        return batch * size + min(batch, num_larger)  # the first `num_larger` hold one more

    first, last = shard.index * steps, (shard.index + 1) * steps
    turn = min(max(num_larger, first), last)
    larger = load_batches(edge(first), edge(turn), size + 1)
    return larger.concatenate(load_batches(edge(turn), edge(last), size))


def make_evaluation_dataset(
    num_records: int,
    load: Callable[[tf.Tensor, tf.Tensor], tf.Tensor | tuple],
    *,
    batch_size: int,
) -> tf.data.Dataset:
    """Make the evaluation batches of this process with the loader of training samples.

    Args:
        num_records: records over all workers.
        load: (record number, (2,) int32 seed) -> sample, in graph; made so that it does not
            augment, as every sample gets the same seed.
        batch_size: records of a step at most, over all workers.

    Returns:
        Batches of what `load` returns, in order, see `make_evaluation_batches`.

    Raises:
        InputError: there are fewer records than devices.

    Example:
        >>> batches = make_evaluation_dataset(3, lambda number, seed: number, batch_size=2)
        >>> [batch.tolist() for batch in batches.as_numpy_iterator()]
        [[0, 1], [2]]
    """
    no_seed = tf.zeros((2,), tf.int32)
    batches = make_evaluation_batches(
        num_records,
        lambda number: load(number, no_seed),
        batch_size=batch_size,
        shard=current_shard(),
    )
    return batches.prefetch(tf.data.AUTOTUNE)


def count_evaluation_steps(num_records: int, *, batch_size: int, shard: Shard) -> int:
    """Count the batches that every worker gets in an evaluation on several devices.

    Args:
        num_records: records over all workers.
        batch_size: records of a step at most, over all workers.
        shard: this process's place.

    Returns:
        Number of steps; each gives every device a record.

    Raises:
        InputError: there are fewer records than devices.

    Example:
        >>> count_evaluation_steps(5, batch_size=4, shard=Shard(0, 2))
        2
    """
    devices = shard.count * shard.devices
    if num_records < devices:
        raise InputError(
            f"evaluation needs a record for each of the {devices} devices. Received "
            f"{num_records} records; use fewer devices."
        )
    return min(-(-num_records // batch_size), num_records // devices)
