"""Reads pictures whose tags are the classes in their label maps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from config.errors import InputError
from datasets.images import read_labels
from datasets.label_maps import IGNORED
from datasets.mask_files import read_class_names
from datasets.paths import find_dataset, index_pictures
from datasets.tagged_pictures import TaggedPicture
from datasets.voc_lists import read_split_lists

_PICTURES = ("images", "JPEGImages", ".")
_MASKS = ("masks", "SegmentationClass", "SegmentationClassAug")
FOREGROUND = "foreground"


def list_mask_folders(data_dir: Path, dataset: str) -> list[TaggedPicture]:
    """List the pictures that have label maps, with the classes in them as tags.

    Layout: pictures in `images/` (or `JPEGImages/`, or the folder itself), label maps of the same
    names in `masks/` (or `SegmentationClass/`, `SegmentationClassAug/`), and `classes.txt`, the
    names of ids 1, 2, ..., a line each. Ids without such a list are called "1", "2", ...; masks of
    0 and 255 only, or of 0 and 1, show the one class "foreground". Splits: see
    `datasets.voc_lists.read_split_lists`, also in the data set's own folder.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the folder of `images` and `masks`.

    Returns:
        Pictures by name; the split is None where there are no lists. One whose mask cannot be
        read, or holds an id without a name, has a `problem`; those without a mask are left out.

    Raises:
        InputError: there are no masks of the pictures, or a list names a picture without one.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> for name in ("images", "masks"):
        ...     (data_dir / name).mkdir()
        ...     Image.new("L", (8, 6), 1).save(data_dir / name / "1.png")
        >>> list_mask_folders(data_dir, ".")[0].names
        ('foreground',)
    """
    folder = find_dataset(data_dir, dataset)
    images = index_pictures(data_dir, _find_place(folder, _PICTURES))
    masks = index_pictures(data_dir, _find_place(folder, _MASKS))
    stems = sorted(images.keys() & masks.keys())
    if not stems:
        raise InputError(f"`{folder}` must hold pictures and masks of the same names. It does not.")
    ids = {stem: _read_ids(masks[stem]) for stem in stems}
    names = read_class_names(folder) or _name_ids(ids.values())
    pictures = {stem: _tag(images[stem], masks[stem], ids[stem], names) for stem in stems}
    lists = read_split_lists(data_dir, folder)
    if not lists:
        return list(pictures.values())
    return [
        _take(pictures, stem, split, folder)
        for split, named in lists.items()
        for stem in sorted(named)
    ]


def _find_place(folder: Path, names: Sequence[str]) -> Path:
    return next((folder / name for name in names if (folder / name).is_dir()), folder / names[0])


def _read_ids(mask: Path) -> set[int] | str:
    """Return the values of a mask but 0, or why it cannot be read."""
    try:
        return {int(value) for value in np.unique(read_labels(mask))} - {0}
    except InputError as error:
        return str(error)


def _name_ids(ids: Iterable[set[int] | str]) -> tuple[str, ...]:
    """Return names of classes without a list; () where all masks hold 0 and 255 only."""
    every = set().union(*(found for found in ids if not isinstance(found, str)))
    largest = max(every - {IGNORED}, default=0)
    return tuple(map(str, range(1, largest + 1))) if largest > 1 else (FOREGROUND,) * largest


def _tag(image: Path, mask: Path, ids: set[int] | str, names: tuple[str, ...]) -> TaggedPicture:
    if isinstance(ids, str):
        return TaggedPicture(image, (), problem=ids)
    if not names:
        return TaggedPicture(image, (FOREGROUND,) if ids else (), mask=mask)
    ids = ids if len(names) >= IGNORED else ids - {IGNORED}
    if max(ids, default=0) > len(names):
        problem = (
            f"`{mask}` must hold ids of 1 to {len(names)}, those of `classes.txt`, and {IGNORED} "
            f"for what is ignored. It holds {max(ids)}."
        )
        return TaggedPicture(image, (), problem=problem)
    tags = tuple(sorted(names[i - 1] for i in ids))
    return TaggedPicture(image, tags, mask=mask, mask_names=names)


def _take(pictures: dict[str, TaggedPicture], stem: str, split: str, folder: Path) -> TaggedPicture:
    if stem not in pictures:
        raise InputError(
            f"`{folder}`: the list of the split {split} must name pictures with masks. "
            f"`{stem[:80]}` has none."
        )
    return replace(pictures[stem], split=split)
