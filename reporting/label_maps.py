"""Writes the blobs of a picture as a label map, part by part, in memory that stays bounded."""

from __future__ import annotations

import contextlib
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from config.files import atomic_file

LARGEST_PNG_LABEL = 65_535


class LabelStore:
    """Keeps label maps on disk, in the order in which they come, until their numbers are known.

    A temporary file without a name: it is gone when the store is closed, whatever happens.

    Args:
        folder: where the file lies; it must have room for the compressed maps.

    Example:
        >>> with LabelStore(Path(".")) as store:
        ...     store.add(np.array([[0, 7]], np.int32))
        ...     [part.tolist() for part in store]
        [[[0, 7]]]
    """

    def __init__(self, folder: Path):
        self._file = tempfile.TemporaryFile(dir=folder)
        self._parts: list[tuple[int, tuple[int, int]]] = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()

    def __iter__(self) -> Iterator[np.ndarray]:
        self._file.seek(0)
        for length, shape in self._parts:
            data = zlib.decompress(self._file.read(length))
            yield np.frombuffer(data, np.int32).reshape(shape)

    def add(self, labels: np.ndarray) -> None:
        """Keep the next map.

        Args:
            labels: (h, w) int32.

        Raises:
            OSError: the disk is full.

        Example:
            >>> # see the class
        """
        # Read and written, not mapped: the pages of a mapped file count as the program's memory.
        data = zlib.compress(np.ascontiguousarray(labels, np.int32), 1)
        self._file.write(data)
        self._parts.append((len(data), labels.shape))


def write_label_map(
    parts: Iterator[np.ndarray],
    path: Path,
    *,
    size: tuple[int, int],
    part_size: tuple[int, int],
    num_labels: int,
    png_pixels: int,
) -> Path:
    """Write a label map that comes in parts, whole or not at all.

    Args:
        parts: int32 label maps, row by row from left to right, each of `part_size` but for the
            last ones of a row and of a column.
        path: what the file is called, without `.png` or `.tif`; its folder is made.
        size: (height, width) of the whole map, pixels.
        part_size: (height, width) of a part, multiples of 16 pixels.
        num_labels: the largest label.
        png_pixels: a larger map is written as TIFF, which others can read in parts.

    Returns:
        `<path>.png`, uint16; with more than 65,535 labels or `png_pixels` `<path>.tif`, int32,
        tiled and compressed.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> from datasets.images import read_labels
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = write_label_map(
        ...         iter([np.array([[0, 300]], np.int32)]), Path(folder) / "a.jpg",
        ...         size=(1, 2), part_size=(16, 16), num_labels=300, png_pixels=100)
        ...     path.name, read_labels(path).tolist()
        ('a.jpg.png', [[0, 300]])
    """
    as_png = num_labels <= LARGEST_PNG_LABEL and size[0] * size[1] <= png_pixels
    path = Path(f"{path}{'.png' if as_png else '.tif'}")
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as temporary:
        write = _write_png if as_png else _write_tiff
        write(parts, temporary, size, part_size)
    return path


def _write_png(parts, path, size, part_size):
    labels = np.zeros(size, np.uint16)
    for part, (top, left) in zip(parts, _places(size, part_size), strict=True):
        labels[top : top + part.shape[0], left : left + part.shape[1]] = part
    Image.fromarray(labels).save(path)


def _write_tiff(parts, path, size, part_size):
    tifffile.imwrite(
        path,
        _pad(parts, part_size),
        shape=size,
        dtype=np.int32,
        tile=part_size,
        compression="zlib",
        photometric="minisblack",
        bigtiff=size[0] * size[1] > 1 << 29,
        metadata=None,
        maxworkers=1,
    )


def _places(size, part_size):
    for top in range(0, size[0], part_size[0]):
        for left in range(0, size[1], part_size[1]):
            yield top, left


def _pad(parts, part_size):
    # Closed here, so that a failing disk does not leave the generator before it half run.
    with contextlib.closing(parts):
        for part in parts:
            margins = [(0, most - side) for most, side in zip(part_size, part.shape, strict=True)]
            yield np.pad(part, margins)
