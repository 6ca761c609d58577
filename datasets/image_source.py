"""Gives a tf.data pipeline the resized pictures of a data set, from files or from a cache."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from datasets.images import read_image
from datasets.pixel_cache import describe_files, open_cache


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
        self.paths = [Path(path) for path in paths]
        self.image_size = tuple(image_size)
        self._max_pixels = max_pixels
        self._min_size = self.image_size if reduced_decode else None
        key = f"{reduced_decode} {describe_files(self.paths)}"
        sizes = [self.image_size] * len(self.paths)
        self._cache = open_cache(cache, cache_dir, sizes=sizes, key=key)

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
        cached, hit = tf.numpy_function(self._look_up, [number], (tf.uint8, tf.bool))
        hit.set_shape(())
        pixels = tf.cond(hit, lambda: cached, lambda: self._decode_and_keep(number))
        pixels.set_shape((*self.image_size, 3))
        return pixels

    def _decode_and_keep(self, number: tf.Tensor) -> tf.Tensor:
        return tf.numpy_function(self._keep, [number, self._decode(number)], tf.uint8)

    def _look_up(self, number: np.ndarray) -> tuple[np.ndarray, np.bool_]:
        pixels = self._cache.get(number)
        if pixels is None:
            return np.zeros((0, 0, 3), np.uint8), np.bool_(False)
        return pixels, np.bool_(True)

    def _keep(self, number: np.ndarray, pixels: np.ndarray) -> np.ndarray:
        self._cache.put(number, pixels)
        return pixels

    def _read(self, number: np.ndarray) -> np.ndarray:
        path = self.paths[int(number)]
        return read_image(path, max_pixels=self._max_pixels, min_size=self._min_size)
