"""Decodes one picture with Pillow; `datasets.images` and its TIFF readers are its only users."""

from __future__ import annotations

import struct
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
from datasets.picture_files import check_size
from datasets.tiff_colours import stretch

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


def open_picture(
    file: BinaryIO, kind: str, path: Path, *, page: int, max_pixels: int
) -> Image.Image:
    """Open a picture without decoding it.

    Args:
        file: the open file.
        kind: "JPEG", "PNG", "BMP", "GIF" or "WEBP".
        path: its name, for messages.
        page: 0; these formats have one.
        max_pixels: most pixels allowed.

    Returns:
        The Pillow picture.

    Raises:
        InputError: another page, or too many pixels.

    Example:
        >>> # see `read_orientation`
    """
    if page != 0:
        raise InputError(f"`page` must be 0 for a {kind} picture. Received {page} for `{path}`.")
    picture = _PLUGINS[kind](file)
    check_size(path, picture.size, max_pixels)
    return picture


def read_orientation(picture: Image.Image, file: BinaryIO) -> int:
    """Read the EXIF orientation of a picture; damaged data of a sound picture counts as upright.

    Args:
        picture: what `open_picture` returned.
        file: its open file.

    Returns:
        1 to 8; 1 is upright.

    Example:
        >>> import io
        >>> file = io.BytesIO()
        >>> Image.new("L", (4, 3)).save(file, "PNG")
        >>> _ = file.seek(0)
        >>> picture = open_picture(file, "PNG", Path("a.png"), page=0, max_pixels=12)
        >>> read_orientation(picture, file)
        1
    """
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


def to_rgb(picture: Image.Image) -> np.ndarray:
    """Decode a picture to RGB, in the manner of `datasets.images.read_image`.

    Args:
        picture: a Pillow picture, not yet decoded.

    Returns:
        (H, W, 3) uint8, as stored, not turned; it may be read-only.

    Example:
        >>> to_rgb(Image.new("L", (1, 1), 7)).tolist()
        [[[7, 7, 7]]]
    """
    picture.load()
    if picture.mode[0] in "IF":  # more than 8 bits
        return np.repeat(stretch(np.asarray(picture))[..., None], 3, axis=-1)
    if picture.has_transparency_data:
        coloured = picture.convert("RGBA")
        picture = Image.new("RGB", coloured.size, "white")
        picture.paste(coloured, mask=coloured.getchannel("A"))
    elif picture.mode != "RGB":
        picture = picture.convert("RGB")
    return np.asarray(picture)  # (H, W, 3)


def to_labels(picture: Image.Image) -> np.ndarray:
    """Decode the first channel of a picture without any change of its values.

    Args:
        picture: a Pillow picture, not yet decoded.

    Returns:
        (H, W) uint8, uint16 or int32, as stored, not turned; it may be read-only.

    Example:
        >>> to_labels(Image.new("1", (1, 1), 1)).tolist()
        [[1]]
    """
    picture.load()
    labels = np.asarray(picture)
    labels = labels if labels.ndim == 2 else labels[..., 0]  # (H, W)
    return labels.astype(np.uint8) if labels.dtype == bool else labels
