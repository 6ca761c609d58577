"""Ctrl-C and SIGTERM ask a run to save and stop; a second one stops at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

EXIT_STOPPED = 75  # EX_TEMPFAIL of sysexits.h: schedulers start such a job again


class StoppedRun(Exception):
    """Says that a run was stopped from outside and can be resumed.

    Example:
        >>> raise StoppedRun("Stopped.")
        Traceback (most recent call last):
        ...
        training.interruption.StoppedRun: Stopped.
    """


class StopRequest:
    """Remembers whether somebody asked the run to stop.

    Example:
        >>> StopRequest().asked
        False
    """

    def __init__(self):
        self.asked = False

    def ask(self, signum, frame) -> None:
        """Handle a signal: the first is remembered, the next raises KeyboardInterrupt.

        Args:
            signum: number of the signal.
            frame: unused.

        Raises:
            KeyboardInterrupt: a stop was asked for before.

        Example:
            >>> request = StopRequest()
            >>> request.ask(signal.SIGTERM, None)
            >>> request.asked
            True
        """
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


@contextmanager
def listen_for_stop() -> Iterator[StopRequest]:
    """Turn SIGINT and SIGTERM into a request while a run trains.

    Yields:
        The request; outside the main thread it never is asked.

    Example:
        >>> with listen_for_stop() as request:
        ...     request.asked
        False
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    previous = {number: signal.signal(number, request.ask) for number in _SIGNALS}
    try:
        yield request
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


_SIGNALS = (signal.SIGINT, signal.SIGTERM)
