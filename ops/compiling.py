"""Compile the loops that NumPy cannot express, without the interpreter's lock."""

from __future__ import annotations

from collections.abc import Callable

import numba


def compile_loop(function: Callable) -> Callable:
    """Compile a function over arrays and numbers with Numba, to run without the lock.

    The machine code of a first call is kept beside the source or in the user's cache folder, so
    that later processes start at once. Where neither can be written it is compiled anew in every
    process. Threads may run the result side by side.

    Args:
        function: what Numba's nopython mode takes: arrays, numbers, other compiled functions.

    Returns:
        The compiled function; it compiles for the types of its first call.

    Example:
        >>> import numpy as np
        >>> @compile_loop
        ... def first_above(values, bound):
        ...     for i in range(values.size):
        ...         if values[i] > bound:
        ...             return i
        ...     return -1
        >>> first_above(np.array([1.0, 5.0, 9.0]), 4.0)
        1
    """
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # Numba found no folder for its cache.
        return numba.njit(nogil=True)(function)
