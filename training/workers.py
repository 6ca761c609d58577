"""What the processes of one run tell each other; a run in one process is its own chief."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

_TEXT_BYTES = 65536


def is_chief() -> bool:
    """Say whether this process writes the run's files.

    Returns:
        True outside a multi-worker run, and in its first worker.

    Example:
        >>> is_chief()
        True
    """
    return worker_number() == 0


def worker_number() -> int:
    """Return this process's place among the workers, from 0.

    Example:
        >>> worker_number()
        0
    """
    resolver = tf.distribute.get_strategy().cluster_resolver
    return int(resolver.task_id) if num_workers() > 1 else 0


def num_workers() -> int:
    """Count the processes of the run.

    Example:
        >>> num_workers()
        1
    """
    resolver = getattr(tf.distribute.get_strategy(), "cluster_resolver", None)
    if resolver is None or not resolver.task_type:
        return 1
    return len(resolver.cluster_spec().as_dict().get("worker", [])) or 1


def any_worker(flags: Sequence[bool]) -> list[bool]:
    """Say of each flag whether it is set in any worker; all workers must call it together.

    Args:
        flags: this worker's.

    Returns:
        The same number of flags, equal in every worker.

    Example:
        >>> any_worker([True, False])
        [True, False]
    """
    if num_workers() == 1:
        return [bool(flag) for flag in flags]
    return [bool(total) for total in _sum_over_workers(np.array(flags, np.int32))]


def text_of_chief(text: str) -> str:
    """Return the chief's text in every worker; all workers must call it together.

    Args:
        text: this worker's; used in the chief only. At most 65,535 bytes.

    Returns:
        The chief's text.

    Example:
        >>> text_of_chief("here")
        'here'
    """
    if num_workers() == 1:
        return text
    message = np.zeros(_TEXT_BYTES, np.int32)
    if is_chief():
        content = text.encode()
        message[: len(content)] = list(content)
    return bytes(_sum_over_workers(message).astype(np.uint8)).rstrip(b"\0").decode()


def wait_for_workers() -> None:
    """Return once every worker has come here.

    Example:
        >>> wait_for_workers()
    """
    any_worker([True])


def _sum_over_workers(values: np.ndarray) -> np.ndarray:
    strategy = tf.distribute.get_strategy()
    return strategy.reduce(tf.distribute.ReduceOp.SUM, tf.constant(values), axis=None).numpy()
