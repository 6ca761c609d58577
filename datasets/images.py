"""The only door for pixels: pictures of any supported format as uint8 RGB, label maps raw."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from config.errors import InputError
from datasets import pillow_pictures, tiff
from datasets.picture_files import name_decoding_errors, open_picture_file
from datasets.pillow_pictures import open_picture, read_orientation
from datasets.tiff_windows import TiffWindows

MAX_PIXELS = 100_000_000


@dataclass(frozen=True)
class ImageHeader:
    """What a picture file says about itself before its pixels are decoded.

    Attributes:
        format: "JPEG", "PNG", "BMP", "GIF", "WEBP" or "TIFF", told by content, not by suffix.
        width: columns of the upright picture, pixels.
        height: rows of the upright picture, pixels.
        orientation: EXIF orientation of the stored picture, 1 to 8; 1 is upright.

    Example:
        >>> ImageHeader("PNG", 4, 3, 1).width
        4
    """

    format: str
    width: int
    height: int
    orientation: int


def read_header(path: Path, *, max_pixels: int = MAX_PIXELS, page: int = 0) -> ImageHeader:
    """Read a picture's format and upright size without decoding it.

    Args:
        path: picture file.
        max_pixels: most pixels allowed.
        page: page of a TIFF, from 0.

    Returns:
        The header; its size is that of the array which `read_image` returns.

    Raises:
        InputError: no such file, not a picture of a supported format, or more than `max_pixels`.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("L", (8, 6)).save(path)
        >>> read_header(path)
        ImageHeader(format='PNG', width=8, height=6, orientation=1)
    """
    with name_decoding_errors(path), open_picture_file(path) as (file, kind):
        if kind == "TIFF":
            with tiff.open_page(file, path, page, max_pixels=max_pixels) as tiff_page:
                size, orientation = tiff.page_size(tiff_page), tiff.page_orientation(tiff_page)
        else:
            picture = open_picture(file, kind, path, page=page, max_pixels=max_pixels)
            size, orientation = picture.size, read_orientation(picture, file)
    width, height = size[::-1] if orientation >= 5 else size
    return ImageHeader(kind, width, height, orientation)


def read_image(
    path: Path,
    *,
    max_pixels: int = MAX_PIXELS,
    min_size: tuple[int, int] | None = None,
    page: int = 0,
) -> np.ndarray:
    """Decode a picture to upright RGB.

    EXIF orientation is applied here and nowhere else. Grey is repeated in three channels, colour
    with alpha is laid on white, a GIF gives its first frame. A picture of 16 bits uses only a part
    of its range in microscopy, so its own smallest value becomes 0 and its own largest 255 (all
    channels of a TIFF together); a 16-bit colour PNG keeps its high bytes.

    Args:
        path: picture file: JPEG, PNG, BMP, GIF, WebP, or TIFF of 1, 8 or 16 bits.
        max_pixels: larger pictures are refused before decoding.
        min_size: (height, width); a JPEG may then be decoded at 1/2, 1/4 or 1/8 of its size, not
            below this one. It is faster and moves pixels by a few levels. None: full size.
        page: page of a TIFF, from 0.

    Returns:
        (H, W, 3) uint8, in row order; it may be read-only.

    Raises:
        InputError: no such file, not a picture of a supported format, truncated, or more than
            `max_pixels`. The message names the file.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "red.png"
        >>> Image.new("RGB", (8, 6), "red").save(path)
        >>> read_image(path)[0, 0]
        array([255,   0,   0], dtype=uint8)
    """
    return _decode(path, max_pixels, page, pillow_pictures.to_rgb, tiff.to_rgb, min_size)


def read_labels(path: Path, *, max_pixels: int = MAX_PIXELS, page: int = 0) -> np.ndarray:
    """Decode an annotation picture without any change of its values.

    A palette picture gives its indices, a 1-bit picture 0 and 1, a picture with several channels
    its first one. Orientation is applied as in `read_image`.

    Args:
        path: picture file, as for `read_image`.
        max_pixels: larger pictures are refused before decoding.
        page: page of a TIFF, from 0.

    Returns:
        (H, W) uint8 or uint16; it may be read-only.

    Raises:
        InputError: as for `read_image`.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "mask.png"
        >>> Image.new("L", (4, 3), 7).save(path)
        >>> int(read_labels(path).max())
        7
    """
    return _decode(path, max_pixels, page, pillow_pictures.to_labels, tiff.to_labels, None)


@dataclass(frozen=True)
class PictureWindows:
    """An open picture that is read in parts.

    Attributes:
        height: rows of the upright picture, pixels.
        width: columns of the upright picture, pixels.

    Example:
        >>> # see `open_windows`
    """

    height: int
    width: int
    _path: Path
    _max_pixels: int
    _read: Callable[[int, int, int, int], np.ndarray]

    def read(self, top: int, left: int, height: int, width: int) -> np.ndarray:
        """Read a window.

        Args:
            top: first row, from 0.
            left: first column, from 0.
            height: rows, at least 1.
            width: columns, at least 1.

        Returns:
            (height, width, 3) uint8 RGB; it may be read-only.

        Raises:
            ValueError: the window is empty or leaves the picture.
            InputError: it has more than `max_pixels`, or the file is damaged.

        Example:
            >>> # see `open_windows`
        """
        inside = top >= 0 and top + height <= self.height
        if not inside or left < 0 or left + width > self.width or min(height, width) < 1:
            raise ValueError(
                f"A window must lie inside the picture of {self.height} x {self.width} pixels. "
                f"Received `top` {top}, `left` {left}, `height` {height}, `width` {width}."
            )
        if height * width > self._max_pixels:
            raise InputError(
                f"`{self._path}`: a window must have at most {self._max_pixels} pixels "
                f"(`max_pixels`). Received {width} x {height}; read smaller ones."
            )
        with name_decoding_errors(self._path):
            return self._read(top, left, height, width)


@contextlib.contextmanager
def open_windows(
    path: Path, *, max_pixels: int = MAX_PIXELS, page: int = 0
) -> Iterator[PictureWindows]:
    """Open a picture to read it in parts, so that a TIFF of any size takes little memory.

    A picture of at most `max_pixels` is decoded whole, as by `read_image`. A larger TIFF is read
    by its tiles or strips: `max_pixels` then bounds each of them, each window, and what is kept.
    16 bits are stretched by the smallest and largest value of the whole page.

    Args:
        path: picture file, as for `read_image`.
        max_pixels: most pixels at once, not of a tiled or striped TIFF as a whole.
        page: page of a TIFF, from 0.

    Yields:
        The picture; its windows equal the same part of what `read_image` returns.

    Raises:
        InputError: as for `read_image`; or a TIFF of more than `max_pixels` that is not upright,
            has a strip or tile of more than `max_pixels`, or sides beyond a million pixels.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "red.png"
        >>> Image.new("RGB", (8, 6), "red").save(path)
        >>> with open_windows(path) as windows:
        ...     windows.height, windows.width, windows.read(2, 5, 1, 1).tolist()
        (6, 8, [[[255, 0, 0]]])
    """
    with contextlib.ExitStack() as stack:
        with name_decoding_errors(path):  # not around the user's block: its errors are its own
            windows = _open_large_tiff(stack, path, max_pixels, page)
        if windows is None:
            windows = _WholePicture(read_image(path, max_pixels=max_pixels, page=page))
        yield PictureWindows(windows.height, windows.width, path, max_pixels, windows.read)


class _WholePicture:
    def __init__(self, image: np.ndarray):
        self.height, self.width = image.shape[:2]
        self._image = image

    def read(self, top: int, left: int, height: int, width: int) -> np.ndarray:
        return self._image[top : top + height, left : left + width]


def _open_large_tiff(
    stack: contextlib.ExitStack, path: Path, max_pixels: int, page: int
) -> TiffWindows | None:
    """Return a TIFF page that is too large to be decoded whole; `stack` will close it."""
    file, kind = stack.enter_context(open_picture_file(path))
    if kind != "TIFF":
        return None
    opened = tiff.open_page(file, path, page, max_pixels=max_pixels, whole=False)
    tiff_page = stack.enter_context(opened)
    if math.prod(tiff.page_size(tiff_page)) <= max_pixels:
        return None
    return TiffWindows(file, tiff_page, path, number=page, max_pixels=max_pixels)


def _decode(
    path: Path,
    max_pixels: int,
    page: int,
    convert: Callable,
    convert_tiff: Callable,
    min_size: tuple[int, int] | None,
) -> np.ndarray:
    with name_decoding_errors(path), open_picture_file(path) as (file, kind):
        if kind == "TIFF":
            with tiff.open_page(file, path, page, max_pixels=max_pixels) as tiff_page:
                orientation = tiff.page_orientation(tiff_page)
                if not tiff.needs_libtiff(tiff_page):
                    return _turn_upright(convert_tiff(tiff_page, path), orientation)
            picture = tiff.open_with_libtiff(file, page)
            return np.ascontiguousarray(convert(picture))  # Pillow turns a TIFF upright itself
        picture = open_picture(file, kind, path, page=page, max_pixels=max_pixels)
        orientation = read_orientation(picture, file)
        if min_size is not None and kind == "JPEG":
            height, width = min_size[::-1] if orientation >= 5 else min_size
            picture.draft(None, (max(1, width), max(1, height)))
        return _turn_upright(convert(picture), orientation)


def _turn_upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Undo an EXIF orientation: (H, W, ...) as stored -> as it should be seen."""
    turn = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: a[::-1].swapaxes(0, 1),
        7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
        8: lambda a: a[:, ::-1].swapaxes(0, 1),
    }
    return np.ascontiguousarray(turn[orientation](pixels))
