"""Gives the pictures of a data set, resized by one factor or to one size, maybe cached."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from datasets.images import read_header, read_image
from datasets.pixel_cache import describe_files, open_cache
from ops.squares import fit_square


class ScaledImages:
    """Reads pictures by number, resized; the same with or without a cache.

    Each is resized by the factor `scale`, or to `size` (height, width), whatever its own shape, or
    so that its longer side is `longer_side`.

    Attributes:
        paths: the picture files; a picture's number is its place here.
        sizes: (height, width) of each after resizing, in pixels.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "grey.png"
        ...     Image.new("RGB", (8, 6)).save(path)
        ...     ScaledImages([path], scale=0.5, max_pixels=100).read(0).shape
        (3, 4, 3)
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        scale: float = 1.0,
        size: tuple[int, int] | None = None,
        longer_side: int | None = None,
        max_pixels: int,
        cache: str = "none",
        cache_dir: Path | None = None,
    ):
        self.paths = [Path(path) for path in paths]
        self._max_pixels = max_pixels
        if longer_side:
            self.sizes = [fit_square(each, longer_side)[2] for each in self.file_sizes]
        elif size:  # of many frames of videos reading each header would take long
            self.sizes = [tuple(size)] * len(self.paths)
        else:
            self.sizes = [scaled_size(each, scale) for each in self.file_sizes]
        key = f"scaled {describe_files(self.paths)}"
        self._cache = open_cache(cache, cache_dir, sizes=self.sizes, key=key)

    @functools.cached_property
    def file_sizes(self) -> list[tuple[int, int]]:
        """The (height, width) of each file's upright picture, in pixels."""
        headers = [read_header(path, max_pixels=self._max_pixels) for path in self.paths]
        return [(header.height, header.width) for header in headers]

    def read(self, number: int) -> np.ndarray:
        """Read one picture.

        Args:
            number: its place in `paths`.

        Returns:
            (H, W, 3) uint8 RGB, not to be written to.

        Raises:
            InputError: the file cannot be read.

        Example:
            >>> # see the class
        """
        pixels = None if self._cache is None else self._cache.get(number)
        if pixels is None:
            image = read_image(self.paths[number], max_pixels=self._max_pixels)
            pixels = resize_image(image, self.sizes[number])
            if self._cache is not None:
                self._cache.put(number, pixels)
        return pixels


def scaled_size(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """Return a picture's size after resizing by a factor: rounded, at least one pixel.

    Args:
        size: (height, width) in pixels.
        scale: factor of both.

    Returns:
        (height, width).

    Example:
        >>> scaled_size((101, 1), 0.25)
        (25, 1)
    """
    return tuple(max(1, round(length * scale)) for length in size)


def resize_image(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize a picture bilinearly, averaging where it shrinks.

    What `tf.image.resize` does, antialiased where it shrinks, rounded to uint8.

    Args:
        image: (H, W, 3) uint8.
        size: (height, width) wanted, in pixels.

    Returns:
        (height, width, 3) uint8; `image` itself when it has that size.

    Example:
        >>> resize_image(np.full((4, 4, 3), 7, np.uint8), (2, 3)).shape
        (2, 3, 3)
    """
    if image.shape[:2] == tuple(size):
        return image
    resized = Image.fromarray(image).resize(size[::-1], Image.Resampling.BILINEAR)
    return np.asarray(resized)


def resize_mask(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize a mask: each pixel takes the value under its centre.

    Args:
        mask: (H, W) bool.
        size: (height, width) wanted, in pixels.

    Returns:
        (height, width) bool; `mask` itself when it has that size.

    Example:
        >>> resize_mask(np.array([[True, False]]), (1, 4)).tolist()
        [[True, True, False, False]]
    """
    if mask.shape == tuple(size):
        return mask
    places = [
        ((np.arange(wanted) + 0.5) * length / wanted).astype(int)
        for wanted, length in zip(size, mask.shape, strict=True)
    ]
    return mask[np.ix_(*places)]
