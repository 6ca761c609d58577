"""Keeps two live processes out of one run folder; the system frees a killed process's lock."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

LOCK_FILE = "lock"
# Open descriptors of this process's runs: closing one would free its lock.
_held: dict[Path, int] = {}


def lock_run(folder: Path) -> bool:
    """Take a run folder for this process until it ends or calls `release_runs`.

    Args:
        folder: a run folder.

    Returns:
        False when another process holds it.

    Raises:
        OSError: the folder cannot be written.

    Example:
        >>> import tempfile
        >>> lock_run(Path(tempfile.mkdtemp()))
        True
    """
    folder = Path(folder).resolve()
    if folder in _held:
        return True
    descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    _held[folder] = descriptor
    return True


def held_runs() -> list[Path]:
    """List the run folders that this process holds.

    Returns:
        Their absolute paths.

    Example:
        >>> held_runs()
        []
    """
    return list(_held)


def release_runs() -> None:
    """Free every run folder that this process holds.

    Example:
        >>> release_runs()
    """
    while _held:
        os.close(_held.popitem()[1])
