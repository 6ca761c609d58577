"""Opens a picture file and tells its format by its first bytes, whatever its name says."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from config.errors import InputError

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


@contextlib.contextmanager
def open_picture_file(path: Path) -> Iterator[tuple[BinaryIO, str]]:
    """Open a picture file.

    Args:
        path: picture file.

    Yields:
        The open file, at its start, and its format: "JPEG", "PNG", "BMP", "GIF", "WEBP" or "TIFF".

    Raises:
        InputError: no such file, or not a picture of these formats.
        OSError: the file cannot be read.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.txt"
        >>> _ = path.write_bytes(b"GIF89a")
        >>> with open_picture_file(path) as (file, kind):
        ...     kind
        'GIF'
    """
    if not Path(path).is_file():
        raise InputError(f"`{path}` must be a picture file. There is no such file.")
    with open(path, "rb") as file:
        yield file, _sniff(file, path)


@contextlib.contextmanager
def name_decoding_errors(path: Path) -> Iterator[None]:
    """Turn whatever a decoder says against a file into an `InputError` that names it.

    Args:
        path: picture file.

    Raises:
        InputError: the block raised anything but an InputError, which passes as it is.

    Example:
        >>> with name_decoding_errors(Path("a.png")):
        ...     raise EOFError("cut off")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `a.png` must be a whole picture. It cannot be decoded (cut off)...
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # decoders raise almost anything on hostile bytes
        reason = str(error) or type(error).__name__
        raise InputError(
            f"`{path}` must be a whole picture. It cannot be decoded ({reason}); replace the file."
        ) from error


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
