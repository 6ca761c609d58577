"""Times functions in turn, so that a busy moment of the machine hits all of them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def time_in_turn(functions: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Call each function once to warm up, then all of them in turn.

    Args:
        functions: name -> function.
        rounds: timed calls of each.

    Returns:
        name -> median seconds per call.

    Example:
        >>> list(time_in_turn({"nothing": lambda: None}, rounds=3))
        ['nothing']
    """
    for function in functions.values():
        function()
    seconds = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            started = time.perf_counter()
            function()
            seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in seconds.items()}
