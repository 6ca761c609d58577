"""Reads one page of a TIFF, bounded before it is decoded; `datasets.images` is its only user."""

from __future__ import annotations

import contextlib
import math
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import tifffile
from PIL import Image, TiffImagePlugin
from tifffile import COMPRESSION, EXTRASAMPLE, PHOTOMETRIC

from config.errors import InputError

_ORIENTATION = 274
_MAX_BYTES_PER_PIXEL = 16
_DEFLATE = (COMPRESSION.ADOBE_DEFLATE, COMPRESSION.DEFLATE)
# What tifffile decodes without further packages; Pillow's libtiff does the others (LZW, JPEG).
_OWN_COMPRESSIONS = (COMPRESSION.NONE, COMPRESSION.PACKBITS, *_DEFLATE)


def check_size(path: Path, size: tuple[int, int], max_pixels: int) -> None:
    """Refuse a picture of too many pixels, or of none.

    Args:
        path: picture file, for the message.
        size: (width, height), pixels.
        max_pixels: most pixels allowed.

    Raises:
        InputError: the size is not allowed.

    Example:
        >>> check_size(Path("a.png"), (3, 2), 6)
    """
    width, height = size
    if width < 1 or height < 1 or width * height > max_pixels:
        raise InputError(
            f"`{path}` must have 1 to {max_pixels} pixels (`max_pixels`). It says {width} x "
            f"{height}; make it smaller, or raise `max_pixels` if you trust it."
        )


@contextlib.contextmanager
def open_page(
    file: BinaryIO, path: Path, page: int, *, max_pixels: int
) -> Iterator[tifffile.TiffPage]:
    """Open one page without decoding it.

    Args:
        file: the open TIFF.
        path: its name, for messages.
        page: page number, from 0.
        max_pixels: most pixels allowed.

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
    with tifffile.TiffFile(file) as whole:
        try:
            tiff_page = whole.pages[page]
        except IndexError as error:
            raise InputError(
                f"`page` must be a page of `{path}`, counted from 0. Received {page}."
            ) from error
        check_size(path, page_size(tiff_page), max_pixels)
        _check_bytes(tiff_page, path, max_pixels)
        yield tiff_page


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
    pixels = _decode(page, path)  # (H, W, C)
    if page.photometric == PHOTOMETRIC.PALETTE:
        return (page.colormap[:, pixels[..., 0]] >> 8).astype(np.uint8).transpose(1, 2, 0)
    num_colours = {PHOTOMETRIC.RGB: 3, PHOTOMETRIC.SEPARATED: 4}.get(page.photometric, 1)
    pixels, extra = pixels[..., :num_colours], pixels[..., num_colours:]
    colours = stretch(pixels)
    if page.photometric == PHOTOMETRIC.MINISWHITE:
        colours = 255 - colours
    if page.photometric == PHOTOMETRIC.SEPARATED:
        ink = 255 - colours.astype(np.uint16)  # cyan, magenta, yellow, black
        colours = (ink[..., :3] * ink[..., 3:] // 255).astype(np.uint8)
    if extra.shape[-1] and page.extrasamples and page.extrasamples[0] != EXTRASAMPLE.UNSPECIFIED:
        colours = _lay_on_white(colours, extra[..., :1], page.extrasamples[0])
    return np.broadcast_to(colours, (*colours.shape[:2], 3))


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


def stretch(pixels: np.ndarray) -> np.ndarray:
    """Map a picture's own smallest..largest value onto 0..255, unless it has 8 bits already.

    v -> round(255 (v - min) / (max - min)); a flat picture becomes 0.

    Args:
        pixels: any shape, uint8, bool, uint16 or another number type.

    Returns:
        uint8 of the same shape; False and True become 0 and 255.

    Example:
        >>> stretch(np.array([1000, 1100, 1200], np.uint16))
        array([  0, 128, 255], dtype=uint8)
    """
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == bool:
        return pixels.astype(np.uint8) * np.uint8(255)
    low, high = int(pixels.min()), int(pixels.max())
    span = max(1, high - low)
    if pixels.dtype == np.uint16:  # a table is faster, and smaller than a float picture
        table = np.arange(1 << 16, dtype=np.float64) - low
        return np.rint(table.clip(0, span) * 255 / span).astype(np.uint8)[pixels]
    return np.rint((pixels.astype(np.float64) - low) * 255 / span).astype(np.uint8)


def _decode(page: tifffile.TiffPage, path: Path) -> np.ndarray:
    """Return (H, W, C) uint8, uint16 or bool."""
    _check_segments(page, path)
    pixels = page.asarray(maxworkers=1)
    if page.axes == "SYX":
        pixels = np.moveaxis(pixels, 0, -1)
    return pixels if pixels.ndim == 3 else pixels[..., None]


def _lay_on_white(colours: np.ndarray, alpha: np.ndarray, kind: int) -> np.ndarray:
    share = alpha.astype(np.float32) / np.iinfo(alpha.dtype).max
    weight = 1.0 if kind == EXTRASAMPLE.ASSOCALPHA else share  # associated: multiplied already
    return np.rint(np.clip(colours * weight + 255 * (1 - share), 0, 255)).astype(np.uint8)


def _check_bytes(page: tifffile.TiffPage, path: Path, max_pixels: int) -> None:
    kind = None if page.dtype is None else page.dtype.name
    if kind not in ("bool", "uint8", "uint16") or page.axes not in ("YX", "YXS", "SYX"):
        raise InputError(
            f"`{path}` must hold plane pictures of 1, 8 or 16 bits. It holds {kind} with axes "
            f"{page.axes}; save it as 16-bit TIFF."
        )
    item = page.dtype.itemsize
    largest = max(math.prod(page.shape), math.prod(page.chunks)) * item
    if largest > max(max_pixels, 1 << 16) * _MAX_BYTES_PER_PIXEL:
        raise InputError(
            f"`{path}` must decode to at most {_MAX_BYTES_PER_PIXEL} bytes a pixel of "
            f"`max_pixels` {max_pixels}. It asks for {largest} bytes."
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
        raise InputError(f"`{path}` must be a whole TIFF. It is truncated; replace the file.")
    if page.compression in _DEFLATE:
        limit = math.prod(page.chunks) * page.dtype.itemsize
        for offset, count in segments:
            handle.seek(offset)
            if len(zlib.decompressobj().decompress(handle.read(count), limit + 1)) > limit:
                raise InputError(
                    f"`{path}` must decode to the size that it says. It holds more; replace it."
                )
