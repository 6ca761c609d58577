"""Ctrl-C and SIGTERM: a command stops so that it can go on, within one step while it trains."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from training.run_folders import is_finished
from training.run_lock import held_runs

EXIT_STOPPED = 75  # EX_TEMPFAIL of sysexits.h: schedulers start such a job again
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StoppedRun(BaseException):
    """Says that a run was stopped from outside and can be resumed.

    It is no `Exception`: nothing on its way may take it for a failure that can be mended.

    Example:
        >>> raise StoppedRun("Stopped.")
        Traceback (most recent call last):
        ...
        training.interruption.StoppedRun: Stopped.
    """


class StopRequest:
    """Remembers whether somebody asked the command to stop.

    Attributes:
        asked: whether a signal came.

    Example:
        >>> StopRequest().asked
        False
    """

    def __init__(self, *, asked: bool = False):
        self.asked = asked

    def ask(self, signum, frame) -> None:
        """Handle a signal: remember it; a further Ctrl-C stops at once.

        A further SIGTERM changes nothing. Schedulers send it to every process, so that a worker
        hears it from them and from `training.launch`.

        Args:
            signum: number of the signal.
            frame: unused.

        Raises:
            KeyboardInterrupt: SIGINT, and a stop was asked for before.

        Example:
            >>> request = StopRequest()
            >>> request.ask(signal.SIGTERM, None)
            >>> request.asked
            True
        """
        if self.asked and signum == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked = True


# The requests of the blocks that this process is in, the innermost last.
_requests: list[StopRequest] = []


@contextmanager
def stop_on_signal(again: str = "starts again") -> Iterator[StopRequest]:
    """End a command at the first SIGINT or SIGTERM, wherever it is.

    Once the run has written its results, signals are ignored: it is as good as ended, and a
    scheduler that started it again would start a new run.

    Args:
        again: what the same command line does next, where no run is at work.

    Yields:
        The request; outside the main thread it never is asked.

    Raises:
        StoppedRun: a signal came; raised in the block.

    Example:
        >>> with stop_on_signal() as request:
        ...     request.asked
        False
    """
    request = StopRequest()

    def stop(signum, frame) -> None:
        runs = held_runs()
        if any(is_finished(run) for run in runs):
            return
        was_asked = request.asked
        request.ask(signum, frame)
        if not was_asked:
            goes_on = f"goes on with {runs[0]}" if runs else again
            raise StoppedRun(f"stopped; the same command line {goes_on}.")

    with _handle_signals(stop, request):
        yield request


@contextmanager
def listen_for_stop() -> Iterator[StopRequest]:
    """Turn SIGINT and SIGTERM into a request while a run trains, for the end of its step.

    Yields:
        The request; outside the main thread it never is asked.

    Example:
        >>> with listen_for_stop() as request:
        ...     request.asked
        False
    """
    # Python loses what a handler raises within a destructor; then the request around it knows.
    request = StopRequest(asked=any(outer.asked for outer in _requests))
    with _handle_signals(request.ask, request):
        yield request


@contextmanager
def pass_signals_on(processes: Sequence[subprocess.Popen]) -> Iterator[StopRequest]:
    """Send the SIGINT and SIGTERM that come to other processes, and go on.

    The processes must be of sessions of their own, or a terminal's Ctrl-C reaches them twice.

    Args:
        processes: may grow within the block.

    Yields:
        The request.

    Example:
        >>> with pass_signals_on([]) as request:
        ...     request.asked
        False
    """
    request = StopRequest()

    def send(signum, frame) -> None:
        request.asked = True
        for process in processes:
            if process.poll() is None:
                process.send_signal(signum)

    with _handle_signals(send, request):
        yield request


def take_signals_back() -> None:
    """Put the handlers in place again that a library has replaced behind Python's back.

    TensorFlow takes SIGTERM for itself when it joins a cluster, and would only note it.

    Example:
        >>> take_signals_back()
    """
    if threading.current_thread() is threading.main_thread():
        for number in STOP_SIGNALS:
            signal.signal(number, signal.getsignal(number))


@contextmanager
def _handle_signals(handler: Callable, request: StopRequest) -> Iterator[None]:
    _requests.append(request)
    previous = {}
    try:
        if threading.current_thread() is threading.main_thread():
            for number in STOP_SIGNALS:
                previous[number] = signal.signal(number, handler)
        yield
    finally:
        for number, before in previous.items():
            signal.signal(number, before)
        _requests.remove(request)
