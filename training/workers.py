"""What the processes of one run tell each other; a run in one process is its own chief."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from config.errors import InputError

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
    resolver = _current_strategy().cluster_resolver
    return int(resolver.task_id) if num_workers() > 1 else 0


def num_workers() -> int:
    """Count the processes of the run.

    Example:
        >>> num_workers()
        1
    """
    resolver = getattr(_current_strategy(), "cluster_resolver", None)
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


def check_agreement(values: dict) -> None:
    """Require that every worker was given the same; all workers must call it together.

    Args:
        values: name -> JSON-ready value.

    Raises:
        InputError: they differ; raised in every worker, naming what differs where it does.

    Example:
        >>> check_agreement({"epochs": 3})
    """
    own = json.dumps(values, sort_keys=True)
    chief = json.loads(text_of_chief(own))
    given = json.loads(own)
    names = sorted(name for name in {*given, *chief} if given.get(name) != chief.get(name))
    if not any_worker([bool(names)])[0]:
        return
    told = [f"`{name}` is {given.get(name)!r} here, {chief.get(name)!r} there" for name in names]
    raise InputError(
        "every worker must be started with the same command line and configuration as worker 0. "
        f"Received: {'; '.join(told) or 'another value in another worker, see its message'}."
    )


def wait_for_workers() -> None:
    """Return once every worker has come here.

    Example:
        >>> wait_for_workers()
    """
    any_worker([True])


def _sum_over_workers(values: np.ndarray) -> np.ndarray:
    import tensorflow as tf

    total = _current_strategy().reduce(tf.distribute.ReduceOp.SUM, tf.constant(values), axis=None)
    return total.numpy()


def _current_strategy():
    import tensorflow as tf  # Here, as it takes seconds and the command line reads this module.

    return tf.distribute.get_strategy()
