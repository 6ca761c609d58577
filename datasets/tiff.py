"""Reads one page of a TIFF, bounded before it is decoded; `datasets.images` is its only user."""

from __future__ import annotations

import contextlib
import math
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import tifffile
from PIL import Image, TiffImagePlugin
from tifffile import COMPRESSION

from config.errors import InputError
from datasets.picture_files import check_size
from datasets.tiff_colours import samples_to_rgb

_ORIENTATION = 274
_MAX_BYTES_PER_PIXEL = 16
_DEFLATE = (COMPRESSION.ADOBE_DEFLATE, COMPRESSION.DEFLATE)
# What tifffile decodes without further packages; Pillow's libtiff does the others (LZW, JPEG).
_OWN_COMPRESSIONS = (COMPRESSION.NONE, COMPRESSION.PACKBITS, *_DEFLATE)


@contextlib.contextmanager
def open_page(
    file: BinaryIO, path: Path, page: int, *, max_pixels: int, whole: bool = True
) -> Iterator[tifffile.TiffPage]:
    """Open one page without decoding it.

    Args:
        file: the open TIFF.
        path: its name, for messages.
        page: page number, from 0.
        max_pixels: most pixels allowed, of the page.
        whole: whether the page will be decoded whole; if not, `datasets.tiff_windows` bounds it.

    Yields:
        The page.

    Raises:
        InputError: no such page, or a page of too many pixels, bytes or dimensions.

    Example:
        >>> import io
        >>> file = io.BytesIO()
        >>> tifffile.imwrite(file, np.zeros((3, 4), np.uint8))
        >>> with open_page(file, Path("a.tif"), 0, max_pixels=100) as page:
        ...     page_size(page)
        (4, 3)
    """
    file.seek(0)
    with tifffile.TiffFile(file) as pages:
        try:
            tiff_page = pages.pages[page]
        except IndexError as error:
            raise InputError(
                f"`page` must be a page of `{path}`, counted from 0. Received {page}."
            ) from error
        _check_kind(tiff_page, path)
        if whole:
            check_size(path, page_size(tiff_page), max_pixels)
            check_bytes(tiff_page, path, (tiff_page.shape, tiff_page.chunks), max_pixels)
        yield tiff_page


def check_bytes(
    page: tifffile.TiffPage, path: Path, shapes: Iterable[tuple[int, ...]], max_pixels: int
) -> None:
    """Refuse arrays of a page that hold far more bytes than pixels, as many channels make them.

    Args:
        page: the page.
        path: its file, for the message.
        shapes: the shapes of the arrays to be decoded.
        max_pixels: most pixels allowed.

    Raises:
        InputError: an array is too large.

    Example:
        >>> # see `open_page`
    """
    largest = max(map(math.prod, shapes)) * page.dtype.itemsize
    if largest > max(max_pixels, 1 << 16) * _MAX_BYTES_PER_PIXEL:
        raise InputError(
            f"`{path}` must decode to at most {_MAX_BYTES_PER_PIXEL} bytes a pixel of "
            f"`max_pixels` {max_pixels}. It asks for {largest} bytes."
        )


def page_size(page: tifffile.TiffPage) -> tuple[int, int]:
    """Return a page's size as stored.

    Args:
        page: the page.

    Returns:
        (width, height), pixels.

    Example:
        >>> # see `open_page`
    """
    return int(page.imagewidth), int(page.imagelength)


def page_orientation(page: tifffile.TiffPage) -> int:
    """Return a page's orientation.

    Args:
        page: the page.

    Returns:
        1 to 8; 1, upright, when absent or out of range.

    Example:
        >>> # see `open_page`
    """
    tag = page.tags.get(_ORIENTATION)
    value = tag.value if tag is not None else 1
    return int(value) if value in range(1, 9) else 1


def needs_libtiff(page: tifffile.TiffPage) -> bool:
    """Tell whether a page's compression is left to Pillow's libtiff.

    Args:
        page: the page.

    Returns:
        True for LZW, JPEG and the like.

    Example:
        >>> # see `open_page`
    """
    return page.compression not in _OWN_COMPRESSIONS


def open_with_libtiff(file: BinaryIO, page: int) -> Image.Image:
    """Open a page with Pillow, which turns it upright while it decodes.

    Args:
        file: the open TIFF.
        page: page number, from 0.

    Returns:
        The Pillow picture, not decoded.

    Example:
        >>> import io
        >>> file = io.BytesIO()
        >>> Image.new("L", (4, 3)).save(file, "TIFF", compression="tiff_lzw")
        >>> open_with_libtiff(file, 0).size
        (4, 3)
    """
    file.seek(0)
    picture = TiffImagePlugin.TiffImageFile(file)
    picture.seek(page)
    return picture


def to_rgb(page: tifffile.TiffPage, path: Path) -> np.ndarray:
    """Decode a page to RGB, in the manner of `datasets.images.read_image`.

    Args:
        page: the page, from `open_page`.
        path: its file, for messages.

    Returns:
        (H, W, 3) uint8, as stored, not turned.

    Raises:
        InputError: the page is truncated, or of a kind that is not supported.

    Example:
        >>> import io
        >>> file = io.BytesIO()
        >>> tifffile.imwrite(file, np.array([[100, 300]], np.uint16))
        >>> with open_page(file, Path("a.tif"), 0, max_pixels=100) as page:
        ...     to_rgb(page, Path("a.tif"))[0, :, 0]
        array([  0, 255], dtype=uint8)
    """
    return samples_to_rgb(page, _decode(page, path))


def to_labels(page: tifffile.TiffPage, path: Path) -> np.ndarray:
    """Decode the first channel of a page without any change of its values.

    Args:
        page: the page, from `open_page`.
        path: its file, for messages.

    Returns:
        (H, W) uint8 or uint16, as stored, not turned.

    Raises:
        InputError: the page is truncated, or of a kind that is not supported.

    Example:
        >>> # see `to_rgb`
    """
    labels = _decode(page, path)[..., 0]
    return labels.astype(np.uint8) if labels.dtype == bool else labels


def read_segment(page: tifffile.TiffPage, path: Path, index: int) -> bytes:
    """Read the bytes of one strip or tile, compressed as they are.

    Args:
        page: the page.
        path: its file, for messages.
        index: the segment's number.

    Returns:
        The bytes.

    Raises:
        InputError: the segment is missing, cut off, or larger than it says.

    Example:
        >>> import io
        >>> file = io.BytesIO()
        >>> tifffile.imwrite(file, np.array([[1, 2]], np.uint8))
        >>> with open_page(file, Path("a.tif"), 0, max_pixels=100) as page:
        ...     read_segment(page, Path("a.tif"), 0)
        b'\\x01\\x02'
    """
    handle = page.parent.filehandle
    offset, count = page.dataoffsets[index], page.databytecounts[index]
    if not count or offset + count > handle.size:
        raise _truncated(path)
    handle.seek(offset)
    data = handle.read(count)
    if page.compression in _DEFLATE:
        limit = math.prod(page.chunks) * page.dtype.itemsize
        if len(zlib.decompressobj().decompress(data, limit + 1)) > limit:
            raise InputError(
                f"`{path}` must decode to the size that it says. It holds more; replace it."
            )
    return data


def _decode(page: tifffile.TiffPage, path: Path) -> np.ndarray:
    """Return (H, W, C) uint8, uint16 or bool."""
    _check_segments(page, path)
    pixels = page.asarray(maxworkers=1)
    if page.axes == "SYX":
        pixels = np.moveaxis(pixels, 0, -1)
    return pixels if pixels.ndim == 3 else pixels[..., None]


def _check_kind(page: tifffile.TiffPage, path: Path) -> None:
    kind = None if page.dtype is None else page.dtype.name
    if kind not in ("bool", "uint8", "uint16") or page.axes not in ("YX", "YXS", "SYX"):
        raise InputError(
            f"`{path}` must hold plane pictures of 1, 8 or 16 bits. It holds {kind} with axes "
            f"{page.axes}; save it as 16-bit TIFF."
        )


def _check_segments(page: tifffile.TiffPage, path: Path) -> None:
    """Refuse a page whose strips or tiles are missing, cut off or larger than they say."""
    handle = page.parent.filehandle
    segments = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    whole = all(count and offset + count <= handle.size for offset, count in segments)
    if page.compression == COMPRESSION.NONE:
        row = -(-page.imagewidth * page.samplesperpixel * page.bitspersample // 8)
        whole = whole and sum(page.databytecounts) >= row * page.imagelength
    if not (segments and whole):
        raise _truncated(path)
    if page.compression in _DEFLATE:
        for index in range(len(segments)):
            read_segment(page, path, index)


def _truncated(path: Path) -> InputError:
    return InputError(f"`{path}` must be a whole TIFF. It is truncated; replace the file.")
