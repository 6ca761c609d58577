"""Decodes every picture of a data set once and notes what a check asks of it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from config.errors import InputError
from datasets.check_findings import Finding
from datasets.images import MAX_PIXELS, read_header, read_image
from datasets.picture_modes import PictureMode, read_mode

_QUIET_SECONDS = 2.0
_HASH_SIZE = 8
_MIN_BITS = 8  # fewer ones, or fewer zeros, say too little to tell pictures apart
_DECODED_SIZE = (72, 72)  # enough for a fingerprint; a JPEG is faster at 1/8 of its size


@dataclass(frozen=True)
class PictureFacts:
    """What a check knows of one picture file.

    Attributes:
        problem: why it cannot be decoded; "" for a sound picture, whose other facts then hold.
        size: (height, width) of the upright picture, in pixels.
        orientation: EXIF orientation, 1 to 8.
        mode: how it stores its colours.
        digest: SHA-256 of the file.
        fingerprint: see `find_fingerprint`.

    Example:
        >>> PictureFacts("no such file").digest
        ''
    """

    problem: str
    size: tuple[int, int] = (0, 0)
    orientation: int = 1
    mode: PictureMode | None = None
    digest: str = ""
    fingerprint: int | None = None


def describe_pictures(
    pictures: Sequence[Path], *, max_pixels: int = MAX_PIXELS, workers: int | None = None
) -> dict[Path, PictureFacts]:
    """Decode pictures and note their facts; a progress bar shows after two seconds.

    JPEGs are decoded at an eighth of their size. One process does not decode a file again while it
    stays the same.

    Args:
        pictures: distinct picture files.
        max_pixels: larger pictures are not decoded and count as a problem.
        workers: threads; None for one a processor.

    Returns:
        The facts of each picture.

    Example:
        >>> describe_pictures([])
        {}
    """
    pool = ThreadPoolExecutor(workers or os.cpu_count() or 1)
    try:
        results = pool.map(lambda path: _describe(path, max_pixels), pictures)
        bar = tqdm(
            results, "checking", len(pictures), unit=" pictures", delay=_QUIET_SECONDS, disable=None
        )
        return dict(zip(pictures, bar, strict=True))
    finally:
        pool.shutdown(cancel_futures=True)  # Ctrl-C does not wait for the pictures to come


def find_fingerprint(image: np.ndarray) -> int | None:
    """Compute the difference hash of a picture: what stays when it is resized or saved again.

    The grey picture is averaged to 8 rows of 9 values; each of the 64 bits tells whether a value is
    below its right neighbour. Two pictures look alike when few bits differ.

    Args:
        image: (H, W, 3) uint8.

    Returns:
        The hash, 0 to 2^64 - 1; None where fewer than 8 bits are 1 or are 0, as in a plain picture.

    Example:
        >>> find_fingerprint(np.zeros((4, 4, 3), np.uint8)) is None
        True

    References:
        The dHash of N. Krawetz, "Kind of Like That", hackerfactor.com, 2013.
    """
    grey = Image.fromarray(image).convert("L")
    small = grey.resize((_HASH_SIZE + 1, _HASH_SIZE), Image.Resampling.BOX)
    values = np.asarray(small, np.int16)  # (8, 9)
    bits = (values[:, :-1] < values[:, 1:]).ravel()  # (64,)
    if not _MIN_BITS <= np.count_nonzero(bits) <= bits.size - _MIN_BITS:
        return None
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def find_picture_flaws(facts: dict[Path, PictureFacts]) -> list[Finding]:
    """Tell what is wrong with, or worth knowing of, single picture files.

    Args:
        facts: from `describe_pictures`.

    Returns:
        Findings, in the order of `facts`.

    Example:
        >>> find_picture_flaws({Path("absent.png"): PictureFacts("no such file")})[0].kind
        'missing'
    """
    return [finding for path, fact in facts.items() for finding in _judge(path, fact)]


def _judge(path: Path, fact: PictureFacts) -> list[Finding]:
    if fact.problem:
        return [Finding("corrupt" if path.exists() else "missing", fact.problem, (path,))]
    kinds = {
        "turned": fact.orientation != 1,
        "grey": fact.mode.grey,
        "alpha": fact.mode.alpha,
        "deep": fact.mode.deep,
        "thin": min(fact.size) == 1,
    }
    return [Finding(kind, f"`{path}`", (path,)) for kind, found in kinds.items() if found]


def _describe(path: Path, max_pixels: int) -> PictureFacts:
    try:
        status = path.stat()
    except OSError:
        return _describe_file(path, max_pixels, None)
    return _describe_file(path, max_pixels, (status.st_size, status.st_mtime_ns))


@lru_cache(maxsize=1 << 18)
def _describe_file(path: Path, max_pixels: int, mark: tuple[int, int] | None) -> PictureFacts:
    """Describe a file; `mark` changes with its content."""
    try:
        header = read_header(path, max_pixels=max_pixels)
        image = read_image(path, max_pixels=max_pixels, min_size=_DECODED_SIZE)
        mode = read_mode(path, max_pixels=max_pixels)
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except (InputError, OSError) as error:
        return PictureFacts(str(error))
    size = (header.height, header.width)
    return PictureFacts("", size, header.orientation, mode, digest, find_fingerprint(image))
