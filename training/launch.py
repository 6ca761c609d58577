"""Starts one run as several workers on this machine.

`python -m training.launch --workers 2 -- train_wrapper.py --experiment training/baseline`
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack

from config.errors import InputError
from training.command_line import run_command
from training.interruption import EXIT_STOPPED, STOP_SIGNALS, pass_signals_on

SECONDS_TO_STOP = 60  # a worker whose peer is gone notices by itself within these


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line.

    Returns:
        The parser.

    Example:
        >>> build_parser().parse_args(["--workers", "3", "--", "train_wrapper.py"]).command
        ['train_wrapper.py']
    """
    parser = argparse.ArgumentParser(prog="training.launch", description=__doc__)
    parser.add_argument("--workers", type=int, default=2, help="processes to start")
    parser.add_argument("command", nargs="+", help="the script and its arguments, after --")
    return parser


def main(args: argparse.Namespace) -> int:
    """Start the workers and wait for all of them.

    Args:
        args: parsed arguments.

    Returns:
        0, or the exit status of the first worker that failed; 75 when the run can be resumed.

    Raises:
        InputError: fewer than one worker.

    Example:
        >>> # python -m training.launch --help
    """
    if args.workers < 1:
        raise InputError(f"`--workers` must be at least 1. Received {args.workers}.")
    addresses = find_addresses(args.workers)
    workers, shows = [], []
    with pass_signals_on(workers) as request:
        for index in range(args.workers):
            config = {"cluster": {"worker": addresses}, "task": _task(index)}
            workers.append(_start(args.command, config))
            if request.asked:  # while it started
                workers[-1].terminate()
            show = threading.Thread(target=_show, args=(workers[-1], index), daemon=True)
            show.start()
            shows.append(show)
        status = wait_for_all(workers)
    for show in shows:
        show.join(timeout=5)
    # A worker that was stopped before its own handlers stood died of the signal.
    return EXIT_STOPPED if request.asked and status in STOP_SIGNALS else status


def find_addresses(num_workers: int) -> list[str]:
    """Find free ports of this machine.

    Args:
        num_workers: how many.

    Returns:
        As many different "localhost:port".

    Example:
        >>> len(set(find_addresses(3)))
        3
    """
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(num_workers)]
        for probe in probes:
            probe.bind(("localhost", 0))
        return [f"localhost:{probe.getsockname()[1]}" for probe in probes]


def wait_for_all(
    workers: Sequence[subprocess.Popen], *, seconds_to_stop: float = SECONDS_TO_STOP
) -> int:
    """Wait for every worker; when one fails, give the others time to save and stop.

    Args:
        workers: running processes.
        seconds_to_stop: after a failure, time until the others are ended.

    Returns:
        0 when all succeeded; else 75 when a worker stopped resumably, else the first failure.

    Example:
        >>> wait_for_all([])
        0
    """
    statuses: dict[int, int] = {}
    deadline = None
    while len(statuses) < len(workers):
        time.sleep(0.1)
        for index, worker in enumerate(workers):
            if index in statuses or worker.poll() is None:
                continue
            statuses[index] = worker.returncode
            if worker.returncode:
                _say(index, f"ended with status {worker.returncode}")
                deadline = deadline or time.monotonic() + seconds_to_stop
        if deadline and time.monotonic() > deadline:
            for worker in workers:
                worker.kill()
    failures = [status for status in statuses.values() if status]
    return EXIT_STOPPED if EXIT_STOPPED in failures else abs(failures[0]) if failures else 0


def _task(index: int) -> dict:
    return {"type": "worker", "index": index}


def _start(command: Sequence[str], config: dict) -> subprocess.Popen:
    environment = {**os.environ, "TF_CONFIG": json.dumps(config), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, *command],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",  # A library's output may be in any encoding.
        start_new_session=True,  # Ctrl-C reaches the workers once, through this process.
    )


def _show(worker: subprocess.Popen, index: int) -> None:
    for line in worker.stdout:
        _say(index, line.rstrip())


def _say(index: int, text: str) -> None:
    sys.stdout.write(f"[worker {index}] {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(run_command(main, build_parser(), resumable=True))
