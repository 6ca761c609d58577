"""Share the rows of arrays among threads, for compiled loops that run without the lock."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ops.cores import count_cores

# A part of fewer rows is done sooner than a thread is woken.
_SMALLEST_PART = 2048


class ThreadTeam:
    """Threads that share the rows of one task after another; a context manager.

    Args:
        num_threads: at least 1, or None for one a core; 1 starts no thread.

    Raises:
        ValueError: `num_threads` is below 1.

    Example:
        >>> squares = list(range(5))
        >>> def square(start, stop):
        ...     squares[start:stop] = [value**2 for value in squares[start:stop]]
        >>> with ThreadTeam(2) as team:
        ...     team.share(square, 5, smallest=1)
        >>> squares
        [0, 1, 4, 9, 16]
    """

    def __init__(self, num_threads: int | None = None):
        self.num_threads = count_cores() if num_threads is None else num_threads
        if self.num_threads < 1:
            raise ValueError(
                f"`num_threads` must be at least 1, or None for one a core. Received {num_threads}."
            )
        self._pool = ThreadPoolExecutor(self.num_threads - 1) if self.num_threads > 1 else None

    def __enter__(self) -> ThreadTeam:
        return self

    def __exit__(self, *_):
        if self._pool is not None:
            self._pool.shutdown()

    def share(
        self, task: Callable[[int, int], object], num_rows: int, *, smallest: int = _SMALLEST_PART
    ) -> None:
        """Run `task(start, stop)` over all rows, cut into a part for each thread.

        Args:
            task: works on the rows `start` to `stop` (exclusive); parts run at the same time.
            num_rows: rows in all.
            smallest: rows that a part has at least; fewer in all are one part.
        """
        num_parts = max(1, min(self.num_threads, num_rows // smallest))
        edges = [num_rows * i // num_parts for i in range(num_parts + 1)]
        # This thread takes the last part itself.
        others = [self._pool.submit(task, *edges[i : i + 2]) for i in range(num_parts - 1)]
        task(*edges[-2:])
        for other in others:
            other.result()
