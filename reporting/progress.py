"""Shows how far a long loop has come, on standard error and only when it takes a while."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

Item = TypeVar("Item")
WIDTH = 30


def show_progress(
    items: Iterable[Item],
    total: int,
    *,
    unit: str = "pictures",
    delay: float = 2.0,
    stream: TextIO | None = None,
) -> Iterator[Item]:
    """Pass items on and draw a bar once they have taken longer than `delay`.

    Args:
        items: what the loop runs over.
        total: number of items.
        unit: what an item is.
        delay: seconds without a bar; short work prints nothing.
        stream: where the bar goes; None for standard error.

    Yields:
        The items.

    Example:
        >>> list(show_progress("ab", 2))
        ['a', 'b']
    """
    stream = stream or sys.stderr
    started = drawn = time.monotonic()
    shown = False
    for done, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        due = now - drawn >= 0.1 or done == total
        if now - started >= delay and due:
            remaining = (now - started) / done * (total - done)
            bar = "#" * round(WIDTH * done / total)
            text = f"{done}/{total} {unit}, {remaining:.0f} s left"
            stream.write(f"\r[{bar:<{WIDTH}}] {text:<40}")
            stream.flush()
            drawn, shown = now, True
    if shown:
        stream.write("\n")
