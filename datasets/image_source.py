"""Gives a tf.data pipeline the resized pictures of a data set, from files or from a cache."""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from config.errors import InputError
from config.files import atomic_file
from datasets.images import read_image

CACHE_MODES = ("auto", "none", "memory", "disk")
AUTO_BYTES = 1 << 30  # what "auto" may keep in memory


class ImageSource:
    """Loads pictures by number, resized and rounded to uint8, the same with or without a cache.

    A cache is one array of all pictures, filled as they are first read, because every epoch asks
    for them in another order. "auto" keeps them in memory when all of them take 1 GiB at most.

    Attributes:
        paths: the distinct picture files; a picture's number is its place here.
        image_size: (height, width) of what `load` returns, pixels.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("RGB", (8, 6), (51, 51, 51)).save(path)
        >>> source = ImageSource([path], (3, 4), max_pixels=100)
        >>> source.load(tf.constant(0)).shape
        TensorShape([3, 4, 3])
    """

    def __init__(
        self,
        paths: Sequence[Path],
        image_size: tuple[int, int],
        *,
        max_pixels: int,
        reduced_decode: bool = False,
        cache: str = "auto",
        cache_dir: Path | None = None,
    ):
        if cache not in CACHE_MODES:
            raise InputError(f"`cache` must be one of {', '.join(CACHE_MODES)}. Received {cache}.")
        if cache == "disk" and cache_dir is None:
            raise InputError("`cache_dir` must name a folder when `cache` is disk. Received None.")
        self.paths = [Path(path) for path in paths]
        self.image_size = tuple(image_size)
        self._max_pixels = max_pixels
        self._min_size = self.image_size if reduced_decode else None
        self._cache = _open_cache(cache, cache_dir, self._signature(), self._shape())

    def number(self, path: Path) -> int:
        """Return a picture's number.

        Args:
            path: one of `paths`.

        Returns:
            Its place in `paths`.

        Example:
            >>> ImageSource([Path("a.png")], (3, 4), max_pixels=100).number(Path("a.png"))
            0
        """
        if not hasattr(self, "_numbers"):
            self._numbers = {known: i for i, known in enumerate(self.paths)}
        return self._numbers[path]

    def load(self, number: tf.Tensor) -> tf.Tensor:
        """Load one picture inside a pipeline.

        Args:
            number: integer scalar, the picture's place in `paths`.

        Returns:
            (H, W, 3) float32 in [0, 1].

        Example:
            >>> # see the class
        """
        if self._cache is None:
            pixels = self._decode(number)
        else:
            pixels = self._decode_once(number)
        return tf.cast(pixels, tf.float32) / 255.0

    def _decode(self, number: tf.Tensor) -> tf.Tensor:
        raw = tf.numpy_function(self._read, [number], tf.uint8, stateful=False)
        raw.set_shape((None, None, 3))
        resized = tf.image.resize(raw, self.image_size)  # (H, W, 3)
        return tf.cast(tf.round(resized), tf.uint8)

    def _decode_once(self, number: tf.Tensor) -> tf.Tensor:
        cached, hit = tf.numpy_function(self._cache.get, [number], (tf.uint8, tf.bool))
        hit.set_shape(())
        pixels = tf.cond(hit, lambda: cached, lambda: self._decode_and_keep(number))
        pixels.set_shape((*self.image_size, 3))
        return pixels

    def _decode_and_keep(self, number: tf.Tensor) -> tf.Tensor:
        return tf.numpy_function(self._cache.put, [number, self._decode(number)], tf.uint8)

    def _read(self, number: np.ndarray) -> np.ndarray:
        path = self.paths[int(number)]
        return read_image(path, max_pixels=self._max_pixels, min_size=self._min_size)

    def _shape(self) -> tuple[int, ...]:
        return (len(self.paths), *self.image_size, 3)

    def _signature(self) -> str:
        digest = hashlib.sha256(repr((self._shape(), self._min_size)).encode())
        for path in self.paths:
            stat = path.stat() if path.exists() else None
            digest.update(repr((str(path.resolve()), stat and stat.st_size)).encode())
            digest.update(repr(stat and stat.st_mtime_ns).encode())
        return digest.hexdigest()[:16]


class _Cache:
    """One uint8 array of all pictures and a flag for each that is filled."""

    def __init__(self, pixels: np.ndarray, filled: np.ndarray):
        self._pixels = pixels
        self._filled = filled
        self._lock = threading.Lock()

    def get(self, number: np.ndarray) -> tuple[np.ndarray, np.bool_]:
        if self._filled[number]:
            return np.asarray(self._pixels[number]), np.bool_(True)
        return np.zeros((0, 0, 3), np.uint8), np.bool_(False)

    def put(self, number: np.ndarray, pixels: np.ndarray) -> np.ndarray:
        self._pixels[number] = pixels
        with self._lock:  # the flag last, so that nobody reads half a picture
            self._filled[number] = True
        return pixels


def _open_cache(
    mode: str, cache_dir: Path | None, signature: str, shape: tuple[int, ...]
) -> _Cache | None:
    if mode == "none" or (mode == "auto" and math.prod(shape) > AUTO_BYTES):
        return None
    if mode in ("auto", "memory"):
        return _Cache(np.zeros(shape, np.uint8), np.zeros(shape[0], bool))
    folder = Path(cache_dir) / signature
    folder.mkdir(parents=True, exist_ok=True)
    pixels = _open_array(folder / "pixels.npy", shape, np.uint8)
    return _Cache(pixels, _open_array(folder / "filled.npy", shape[:1], np.bool_))


def _open_array(path: Path, shape: tuple[int, ...], dtype) -> np.ndarray:
    """Open a memory-mapped array, made whole under another name first."""
    if not path.exists():
        with atomic_file(path) as temporary:
            np.lib.format.open_memmap(temporary, mode="w+", dtype=dtype, shape=shape).flush()
    return np.lib.format.open_memmap(path, mode="r+")
