"""The only door for pixels: pictures of any supported format as uint8 RGB, label maps raw."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from config.errors import InputError
from datasets import tiff

MAX_PIXELS = 100_000_000
_ORIENTATION = 0x0112
_MAX_EXIF_BYTES = 1 << 20
# Opened by class, not by `Image.open`: no other plugin is reachable, and our own bound on the
# number of pixels replaces Pillow's without a change of its global setting.
_PLUGINS = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
}
_SIGNATURES = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"BM": "BMP",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"II+\x00": "TIFF",
    b"MM\x00+": "TIFF",
}


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
        >>> path = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("L", (8, 6)).save(path)
        >>> read_header(path)
        ImageHeader(format='PNG', width=8, height=6, orientation=1)
    """
    with _open(path) as (file, kind):
        if kind == "TIFF":
            with tiff.open_page(file, path, page, max_pixels=max_pixels) as tiff_page:
                size, orientation = tiff.page_size(tiff_page), tiff.page_orientation(tiff_page)
        else:
            picture = _open_picture(file, kind, path, page, max_pixels)
            size, orientation = picture.size, _read_orientation(picture, file)
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
        >>> path = Path(tempfile.mkdtemp()) / "red.png"
        >>> Image.new("RGB", (8, 6), "red").save(path)
        >>> read_image(path)[0, 0]
        array([255,   0,   0], dtype=uint8)
    """
    return _decode(path, max_pixels, page, _to_rgb, tiff.to_rgb, min_size)


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
        >>> path = Path(tempfile.mkdtemp()) / "mask.png"
        >>> Image.new("L", (4, 3), 7).save(path)
        >>> int(read_labels(path).max())
        7
    """
    return _decode(path, max_pixels, page, _to_labels, tiff.to_labels, None)


def _decode(
    path: Path,
    max_pixels: int,
    page: int,
    convert: Callable,
    convert_tiff: Callable,
    min_size: tuple[int, int] | None,
) -> np.ndarray:
    with _open(path) as (file, kind):
        if kind == "TIFF":
            with tiff.open_page(file, path, page, max_pixels=max_pixels) as tiff_page:
                orientation = tiff.page_orientation(tiff_page)
                if not tiff.needs_libtiff(tiff_page):
                    return _turn_upright(convert_tiff(tiff_page, path), orientation)
            picture = tiff.open_with_libtiff(file, page)
            return np.ascontiguousarray(convert(picture))  # Pillow turns a TIFF upright itself
        picture = _open_picture(file, kind, path, page, max_pixels)
        orientation = _read_orientation(picture, file)
        if min_size is not None and kind == "JPEG":
            height, width = min_size[::-1] if orientation >= 5 else min_size
            picture.draft(None, (max(1, width), max(1, height)))
        return _turn_upright(convert(picture), orientation)


@contextlib.contextmanager
def _open(path: Path) -> Iterator[tuple[BinaryIO, str]]:
    """Open a picture file; whatever a decoder says against it becomes an `InputError`."""
    if not Path(path).is_file():
        raise InputError(f"`{path}` must be a picture file. There is no such file.")
    try:
        with open(path, "rb") as file:
            yield file, _sniff(file, path)
    except InputError:
        raise
    except Exception as error:  # decoders raise almost anything on hostile bytes
        reason = str(error) or type(error).__name__
        raise InputError(
            f"`{path}` must be a whole picture. It cannot be decoded ({reason}); replace the file."
        ) from error


def _sniff(file: BinaryIO, path: Path) -> str:
    start = file.read(16)
    file.seek(0)
    if not start:
        raise InputError(f"`{path}` must be a picture. The file is empty; replace it.")
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WEBP"
    for signature, kind in _SIGNATURES.items():
        if start.startswith(signature):
            return kind
    raise InputError(
        f"`{path}` must be a JPEG, PNG, BMP, GIF, WebP or TIFF picture. Its content is none of "
        "them; convert or remove the file."
    )


def _open_picture(file: BinaryIO, kind: str, path: Path, page: int, max_pixels: int) -> Image.Image:
    if page != 0:
        raise InputError(f"`page` must be 0 for a {kind} picture. Received {page} for `{path}`.")
    picture = _PLUGINS[kind](file)
    tiff.check_size(path, picture.size, max_pixels)
    return picture


def _read_orientation(picture: Image.Image, file: BinaryIO) -> int:
    """Return 1 to 8; damaged EXIF data of a sound picture counts as upright."""
    if picture.format == "PNG" and "exif" not in picture.info:
        picture.info.update(_find_late_exif(file))
    try:
        # The base class's method: a PNG's own would decode the pixels to look behind them.
        value = Image.Image.getexif(picture).get(_ORIENTATION, 1)
    except Exception:  # the parser raises almost anything on hostile bytes
        return 1
    return int(value) if value in range(1, 9) else 1


def _find_late_exif(file: BinaryIO) -> dict[str, bytes]:
    """Return a PNG's EXIF block that comes after its pixels, as an entry of `info`."""
    position = file.tell()
    file.seek(8)
    try:
        while len(start := file.read(8)) == 8:
            length, name = struct.unpack(">I4s", start)
            if name == b"eXIf":
                return {"exif": b"Exif\x00\x00" + file.read(min(length, _MAX_EXIF_BYTES))}
            file.seek(length + 4, 1)
        return {}
    finally:
        file.seek(position)


def _to_rgb(picture: Image.Image) -> np.ndarray:
    picture.load()
    if picture.mode[0] in "IF":  # more than 8 bits
        return np.repeat(tiff.stretch(np.asarray(picture))[..., None], 3, axis=-1)
    if picture.has_transparency_data:
        coloured = picture.convert("RGBA")
        picture = Image.new("RGB", coloured.size, "white")
        picture.paste(coloured, mask=coloured.getchannel("A"))
    elif picture.mode != "RGB":
        picture = picture.convert("RGB")
    return np.asarray(picture)  # (H, W, 3)


def _to_labels(picture: Image.Image) -> np.ndarray:
    picture.load()
    labels = np.asarray(picture)
    labels = labels if labels.ndim == 2 else labels[..., 0]  # (H, W)
    return labels.astype(np.uint8) if labels.dtype == bool else labels


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
