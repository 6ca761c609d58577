"""What data sets made of photos share: the photos, and what tells two runs apart."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path

import numpy as np

from config.files import to_json
from datasets.scene_folder import JPEG_QUALITY
from datasets.source_photos import PhotoSettings, SourcePhoto, list_photos, require_two


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
