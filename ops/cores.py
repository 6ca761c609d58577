"""How many processors this process may use."""

from __future__ import annotations

import os


def count_cores() -> int:
    """Count the processors that this process may use.

    Returns:
        Those it is bound to; where the system cannot say, as on macOS, all of the machine.

    Example:
        >>> count_cores() >= 1
        True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
