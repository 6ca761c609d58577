"""Keeps decoded pictures of any sizes in memory or on disk, filled as they are first read."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from config.errors import InputError
from config.files import atomic_file

CACHE_MODES = ("auto", "none", "memory", "disk")
AUTO_BYTES = 1 << 30  # what "auto" may keep in memory


class PixelCache:
    """One uint8 array of all pictures and a flag for each that is filled.

    Attributes:
        sizes: (height, width) of each picture, in pixels.

    Example:
        >>> cache = open_cache("memory", None, sizes=[(1, 2)], key="")
        >>> cache.get(0) is None
        True
        >>> cache.put(0, np.ones((1, 2, 3), np.uint8))
        >>> cache.get(0).tolist()
        [[[1, 1, 1], [1, 1, 1]]]
    """

    def __init__(self, sizes: Sequence[tuple[int, int]], pixels: np.ndarray, filled: np.ndarray):
        self.sizes = [tuple(size) for size in sizes]
        self._ends = np.cumsum([0, *map(count_bytes, self.sizes)])
        self._pixels = pixels
        self._filled = filled
        self._lock = threading.Lock()

    def get(self, number: int) -> np.ndarray | None:
        """Return picture `number`, (H, W, 3) uint8, not to be written to; None if not kept yet."""
        if not self._filled[number]:
            return None
        return np.asarray(self._place(number))

    def put(self, number: int, pixels: np.ndarray) -> None:
        """Keep picture `number`, (H, W, 3) uint8 of the size announced."""
        self._place(number)[:] = pixels
        with self._lock:  # the flag last, so that nobody reads half a picture
            self._filled[number] = True

    def _place(self, number: int) -> np.ndarray:
        start, stop = self._ends[number], self._ends[number + 1]
        return self._pixels[start:stop].reshape(*self.sizes[number], 3)


def open_cache(
    mode: str, cache_dir: Path | None, *, sizes: Sequence[tuple[int, int]], key: str
) -> PixelCache | None:
    """Open the cache that `--cache` names.

    Args:
        mode: one of `CACHE_MODES`; "auto" keeps the pictures in memory when they take 1 GiB at
            most.
        cache_dir: folder of the "disk" cache.
        sizes: (height, width) of every picture, in pixels.
        key: what the pixels depend on; a disk cache of another key is another one.

    Returns:
        The cache; None for none.

    Raises:
        InputError: unknown `mode`, or "disk" without a folder.
        OSError: the disk cache cannot be made.

    Example:
        >>> open_cache("none", None, sizes=[(4, 4)], key="") is None
        True
    """
    if mode not in CACHE_MODES:
        raise InputError(f"`cache` must be one of {', '.join(CACHE_MODES)}. Received {mode}.")
    if mode == "disk" and cache_dir is None:
        raise InputError("`cache_dir` must name a folder when `cache` is disk. Received None.")
    num_bytes = sum(map(count_bytes, sizes))
    if mode == "none" or (mode == "auto" and num_bytes > AUTO_BYTES):
        return None
    if mode in ("auto", "memory"):
        return PixelCache(sizes, np.zeros(num_bytes, np.uint8), np.zeros(len(sizes), bool))
    folder = Path(cache_dir) / hashlib.sha256(repr((key, list(sizes))).encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    pixels = _open_array(folder / "pixels.npy", num_bytes, np.uint8)
    return PixelCache(sizes, pixels, _open_array(folder / "filled.npy", len(sizes), np.bool_))


def describe_files(paths: Sequence[Path]) -> str:
    """Describe files by path, size and time of change, as the key of a disk cache.

    Args:
        paths: files; they need not exist.

    Returns:
        A text that changes when one of them does.

    Example:
        >>> describe_files([Path("a.png")]) == describe_files([Path("b.png")])
        False
    """
    digest = hashlib.sha256()
    for path in paths:
        stat = path.stat() if path.exists() else None
        digest.update(repr((str(path.resolve()), stat and stat.st_size)).encode())
        digest.update(repr(stat and stat.st_mtime_ns).encode())
    return digest.hexdigest()


def count_bytes(size: tuple[int, int]) -> int:
    """Count the bytes of a picture.

    Args:
        size: (height, width) in pixels.

    Returns:
        Bytes of its (H, W, 3) uint8 array.

    Example:
        >>> count_bytes((4, 5))
        60
    """
    return int(size[0]) * int(size[1]) * 3


def _open_array(path: Path, length: int, dtype) -> np.ndarray:
    """Open a memory-mapped array, made whole under another name first."""
    if not path.exists():
        with atomic_file(path) as temporary:
            shape = (length,)
            np.lib.format.open_memmap(temporary, mode="w+", dtype=dtype, shape=shape).flush()
    return np.lib.format.open_memmap(path, mode="r+")
