"""Tells how a picture file stores its colours, which decoding to RGB hides."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tifffile import EXTRASAMPLE, PHOTOMETRIC

from datasets import tiff
from datasets.images import MAX_PIXELS
from datasets.picture_files import name_decoding_errors, open_picture_file
from datasets.pillow_pictures import open_picture

_PNG_DEPTH = 24  # where a PNG's first chunk says its bits a channel
_GREY_TIFF = (PHOTOMETRIC.MINISWHITE, PHOTOMETRIC.MINISBLACK)
_ALPHA_TIFF = (EXTRASAMPLE.ASSOCALPHA, EXTRASAMPLE.UNASSALPHA)
_GREY = ("1", "L", "LA", "La", "I", "F")


@dataclass(frozen=True)
class PictureMode:
    """How a picture stores its colours.

    Attributes:
        grey: whether it has one channel, besides alpha.
        alpha: whether it says how transparent a pixel is.
        deep: whether a channel has more than 8 bits.

    Example:
        >>> PictureMode(grey=True, alpha=False, deep=True).deep
        True
    """

    grey: bool
    alpha: bool
    deep: bool


def read_mode(path: Path, *, max_pixels: int = MAX_PIXELS) -> PictureMode:
    """Read how a picture stores its colours, without decoding it.

    Args:
        path: picture file, as for `datasets.images.read_image`.
        max_pixels: larger pictures are refused.

    Returns:
        The mode; a palette counts as colour.

    Raises:
        InputError: as for `datasets.images.read_header`.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("L", (8, 6)).save(path)
        >>> read_mode(path)
        PictureMode(grey=True, alpha=False, deep=False)
    """
    with name_decoding_errors(path), open_picture_file(path) as (file, kind):
        if kind == "TIFF":
            with tiff.open_page(file, path, 0, max_pixels=max_pixels) as page:
                grey = page.photometric in _GREY_TIFF
                alpha = any(sample in _ALPHA_TIFF for sample in page.extrasamples)
                return PictureMode(grey, alpha, deep=page.dtype.itemsize > 1)
        picture = open_picture(file, kind, path, page=0, max_pixels=max_pixels)
        mode, alpha = picture.mode, bool(picture.has_transparency_data)
        deep = mode[0] in "IF"
        if kind == "PNG":  # Pillow says RGB of 16-bit colour, too
            file.seek(_PNG_DEPTH)
            deep = file.read(1) == b"\x10"
        return PictureMode(mode in _GREY or mode.startswith("I;"), alpha, deep)
