"""What data sets made of photos share: the photos, and what tells two runs apart."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from config.errors import InputError
from config.files import to_json
from datasets.job_pool import run_pool
from datasets.scene_folder import JPEG_QUALITY
from datasets.set_writing import tell_skipped
from datasets.source_photos import PhotoSettings, SourcePhoto, list_photos, require_two

_FEW_PHOTOS = 32  # are tried in this process, as others take seconds to start


def read_photos(folder: Path, settings: PhotoSettings) -> list[SourcePhoto]:
    """Read the photos that settings name.

    Args:
        folder: the data set's folder inside `data_dir`; what it holds is not taken for photos.
        settings: with the source.

    Returns:
        Photos sorted by file; at least two, one to validate on.

    Raises:
        InputError: they cannot be read, or there are not two.

    Example:
        >>> # see `datasets.crop_jobs.write_crops`
    """
    photos = list_photos(settings, folder)
    require_two(photos)
    return photos


def keep_usable(
    photos: Sequence[SourcePhoto],
    settings: PhotoSettings,
    read: Callable[[SourcePhoto, PhotoSettings], Any],
    *,
    workers: int = 1,
) -> list[SourcePhoto]:
    """Try each photo once, name those that cannot be used, and leave them out.

    For methods that make one picture of several photos, so that none is tried again for each.

    Args:
        photos: photos, none twice.
        settings: with `max_bad_fraction`, the share of them that may be left out.
        read: raises `InputError` for one that cannot be used; a function of a module.
        workers: processes.

    Returns:
        The others, in their order.

    Raises:
        InputError: more than that share cannot be used, or all.

    Example:
        >>> keep_usable([], PhotoSettings(), lambda photo, settings: None)
        []
    """
    if not photos:
        return []
    workers = workers if len(photos) > _FEW_PHOTOS else 1
    job = partial(_try_photo, read, settings)
    reasons = run_pool(job, photos, workers=workers, label="trying photos", unit=" photos")
    bad = [reason for reason in reasons if reason]
    tell_skipped(bad, len(photos), max_bad_fraction=settings.max_bad_fraction)
    return [photo for photo, reason in zip(photos, reasons, strict=True) if not reason]


def _try_photo(read: Callable, settings: PhotoSettings, photo: SourcePhoto) -> str:
    """Say why a photo cannot be used; "" for one that can."""
    try:
        read(photo, settings)
    except InputError as error:
        return str(error)
    return ""


def describe_photo_run(method: str, settings: PhotoSettings, photos: list[SourcePhoto]) -> dict:
    """Say what makes a data set, as plain JSON.

    Args:
        method: one of the methods of `synthesize.py`.
        settings: what its pictures have in common.
        photos: what they are made from.

    Returns:
        What differs where two runs make other files; "photos" is a digest of the photos' names and
        sizes in bytes, their points and boxes, and the sizes of their masks.

    Example:
        >>> describe_photo_run("crops", PhotoSettings(source="street"), [])["num_photos"]
        0
    """
    told = to_json(asdict(settings))
    del told["max_bad_fraction"]  # it decides whether files are written, not which
    digest = hashlib.sha256()
    for photo in photos:
        files = (photo.image, photo.mask)
        sizes = [file.stat().st_size if file and file.is_file() else -1 for file in files]
        digest.update(f"{photo.name}\0{sizes}\n".encode("utf-8", "surrogateescape"))
        for places in (photo.points, photo.boxes):
            digest.update(b"-" if places is None else np.float64(places).tobytes() + b"\n")
    return {
        "method": method,
        **told,
        "num_photos": len(photos),
        "photos": digest.hexdigest()[:16],
        "jpeg_quality": JPEG_QUALITY,
    }
