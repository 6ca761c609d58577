"""Photos that synthesis starts from: a folder without labels, or a data set of any layout."""

from __future__ import annotations

import glob
import importlib
import os
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from config.errors import InputError
from config.options import option
from datasets.images import MAX_PIXELS
from datasets.paths import is_picture


@dataclass(frozen=True, kw_only=True)
class PhotoSettings:
    """What all methods share that start from photos.

    Attributes: see each field's `meaning`.
    """

    seed: int = option(0, "same seed, same pictures", minimum=0, maximum=2**31 - 1)
    source: str = option("", "folder (with all inside it) or glob of photos without labels")
    format: str = option("", "layout of the data set with the photos, instead of --source")
    dataset: str = option("", "its folder inside --source_dir")
    source_dir: str = option("", "folder that holds it, --data_dir where left out")
    split: str = option("train", "its split", choices=("train", "val", "test"))
    max_pixels: int = option(MAX_PIXELS, "larger photos are skipped", unit="pixels", minimum=10_000)
    max_bad_fraction: float = option(
        0.1,
        "share of the photos skipped as they cannot be used; more stop it",
        minimum=0,
        maximum=1,
    )


@dataclass(frozen=True, order=True)
class SourcePhoto:
    """A photo and what is known about the objects in it.

    Attributes:
        image: picture file.
        name: tells the photo from the others of its source: the path inside the folder.
        points: (N, 2) float64, (row, column) in pixels; None where they are not known.
        boxes: (N, 4) float64, xyxy in pixels, half-open; None where they are not known.
        mask: picture of which whatever is not 0 is an object, or a label map; None for none.

    Example:
        >>> SourcePhoto(Path("street.jpg"), "street.jpg").points is None
        True
    """

    image: Path
    name: str
    points: np.ndarray | None = field(default=None, compare=False)
    boxes: np.ndarray | None = field(default=None, compare=False)
    mask: Path | None = field(default=None, compare=False)

    @property
    def key(self) -> int:
        """What its random streams are keyed by: the name's checksum, whatever the file's place."""
        return zlib.crc32(self.name.encode("utf-8", "surrogateescape"))


def list_photos(settings: PhotoSettings, folder: Path) -> list[SourcePhoto]:
    """Read the photos that settings name.

    Args:
        settings: with the source.
        folder: of the data set that is made, inside the folder that holds the data sets; what it
            holds is not taken for photos.

    Returns:
        As `read_source_photos`.

    Raises:
        InputError: as there.

    Example:
        >>> # see `datasets.photo_sets.read_photos`
    """
    return read_source_photos(
        data_dir=Path(settings.source_dir or folder.parent),
        source=settings.source,
        format=settings.format,
        dataset=settings.dataset,
        split=settings.split,
        outside=folder,
    )


def require_two(photos: Sequence[SourcePhoto]) -> None:
    """Require a photo to learn from and one to validate on.

    Args:
        photos: photos.

    Raises:
        InputError: there are fewer.

    Example:
        >>> require_two([SourcePhoto(Path(name), name) for name in ("a.jpg", "b.jpg")])
    """
    if len(photos) < 2:
        raise InputError(
            "There must be two photos at least, one of them to validate on. Received "
            f"{', '.join(f'`{photo.image}`' for photo in photos) or 'none'}; add some."
        )


def read_source_photos(
    *,
    data_dir: Path,
    source: str = "",
    format: str = "",
    dataset: str = "",
    split: str = "train",
    outside: Path | None = None,
) -> list[SourcePhoto]:
    """Read the photos of a folder or of a data set.

    Points come from every format that gives them, boxes from those of `BOX_FORMATS`, masks from
    those that have tags alone. What is known of a photo is never used where the docstring of a
    method says that it needs no labels.

    Args:
        data_dir: folder that holds the data sets.
        source: a folder, searched to its depth, or a glob; "" for none.
        format: a key of `FORMATS` or `TAG_FORMATS`; "" for none.
        dataset: the data set's folder inside `data_dir`.
        split: "train", "val" or "test"; of tags and boxes also what is told no split.
        outside: a folder whose pictures are left out, such as that of the data set that is made;
            None for none.

    Returns:
        Photos sorted by file; at least one.

    Raises:
        InputError: neither or both of `source` and `format` are given, or nothing can be read.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> (folder / "a.jpg").touch()
        >>> [photo.name for photo in read_source_photos(data_dir=folder, source=str(folder))]
        ['a.jpg']
    """
    if bool(source) == bool(format) or bool(format) != bool(dataset):
        raise InputError(
            "Photos must come from `--source`, or from `--format` with `--dataset`. Received "
            f"`--source` {source or 'none'}, `--format` {format or 'none'}, `--dataset` "
            f"{dataset or 'none'}."
        )
    if source:
        return _list_files(source, outside)
    # Imported here, as all the formats load TensorFlow, which takes seconds in every process.
    labelled = importlib.import_module("datasets.labelled_photos")
    photos = labelled.read_labelled_photos(format, Path(data_dir), dataset, split)
    photos = [photo for photo in photos if not _lies_in(photo.image, outside)]
    if not photos:
        raise InputError(
            f"`--dataset` must hold photos outside `{outside}`, which is written. `{dataset}` has "
            "none; give another data set or `--name`."
        )
    return photos


def _lies_in(path: Path, folder: Path | None) -> bool:
    return folder is not None and folder.resolve() in path.resolve().parents


def _list_files(source: str, outside: Path | None) -> list[SourcePhoto]:
    """List the pictures of a folder and the folders in it, or those that a glob names."""
    folder = Path(source).expanduser()
    if folder.is_dir():
        found: Iterable[Path] = folder.rglob("*")
    else:
        found = map(Path, glob.glob(str(folder), recursive=True))
    paths = sorted(path for path in found if is_picture(path) and path.is_file())
    # Before names are told: they are relative to what all photos share, before and after a run.
    paths = [path for path in paths if not _lies_in(path, outside)]
    if not paths:
        where = f" outside `{outside}`" if outside else ""
        raise InputError(
            f"`--source` must be a folder or a glob with pictures. `{source}` gives none{where}; "
            "put a glob in quotes."
        )
    root = os.path.commonpath([path.parent for path in paths])
    return [SourcePhoto(path, path.relative_to(root).as_posix()) for path in paths]
