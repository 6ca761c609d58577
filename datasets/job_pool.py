"""Runs one job per picture in several processes or threads, in order."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

from tqdm import tqdm

from ops.opencv import cv2

_QUIET_SECONDS = 2.0


def run_pool(
    job: Callable,
    *items: Sequence,
    workers: int = 1,
    label: str = "",
    unit: str = " pictures",
    chunk: int = 8,
) -> list[Any]:
    """Run a job once per item, in this process or in several, behind a progress bar.

    Args:
        job: takes one item of each of `items`; several processes need one that can be pickled: a
            function of a module, or a `functools.partial` of it. Its module is loaded in each.
        items: arguments, of one length.
        workers: processes; 1 stays in this one.
        label: name before the progress bar, which a terminal shows after two seconds.
        unit: what is counted there.
        chunk: items that a process takes at a time; those it has begun with delay a stop.

    Returns:
        What the jobs returned, in the order of the items.

    Raises:
        Exception: what a job raised; those not yet begun are dropped.

    Example:
        >>> run_pool(pow, [2, 3], [3, 2])
        [8, 9]
    """
    workers = max(1, min(workers, len(items[0])))
    with open_pool(workers, chunk=chunk) as mapped:
        results = mapped(job, *items)
        bar = tqdm(results, label, len(items[0]), unit=unit, delay=_QUIET_SECONDS, disable=None)
        return list(bar)


def run_threads(job: Callable, items: Iterable, *, workers: int) -> Iterator[Any]:
    """Run a job per item in threads while the items are still being made, in order.

    For jobs that leave the interpreter's lock, as OpenCV and compiled loops do, on items that this
    process makes, such as a model's answers. At most two items per thread wait in memory.

    Args:
        job: takes an item.
        items: made one by one in the calling thread.
        workers: threads.

    Yields:
        What the jobs returned, in the order of the items.

    Raises:
        Exception: what a job raised; those not yet begun are dropped.

    Example:
        >>> list(run_threads(abs, iter([-1, 2]), workers=2))
        [1, 2]
    """
    pool = ThreadPoolExecutor(workers)
    waiting: deque = deque()
    try:
        for item in items:
            waiting.append(pool.submit(job, item))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def open_pool(workers: int, *, chunk: int = 8) -> Iterator[Callable]:
    """Yield a `map` that works in this process or in a pool of several.

    Args:
        workers: processes; 1 stays in this one.
        chunk: items that a process takes at a time.

    Yields:
        A function like `map`.

    Example:
        >>> with open_pool(1) as mapped:
        ...     list(mapped(abs, [-1, 2]))
        [1, 2]
    """
    if workers == 1:
        yield map
        return
    # Spawned, not forked: OpenCV's threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=_prepare_worker)
    try:
        yield partial(pool.map, chunksize=chunk)
    finally:
        pool.shutdown(cancel_futures=True)


def _prepare_worker() -> None:
    """Leave Ctrl-C to the parent, which ends the pool in order; keep to one core."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
