"""Reads a folder of pictures for each class."""

from __future__ import annotations

from pathlib import Path

from config.errors import InputError
from datasets.mask_files import add_masks
from datasets.paths import find_dataset, list_pictures
from datasets.split_folders import find_split_folders, list_folders
from datasets.tagged_pictures import TaggedPicture

_MASKS = "masks"


def list_class_folders(data_dir: Path, dataset: str) -> list[TaggedPicture]:
    """List the pictures of a folder for each class, whose name is their one tag.

    Layout: `<class>/<picture>`, or `<split>/<class>/<picture>` with the splits `train`, `val` (or
    `valid`, `validation`) and `test`. Masks of the foreground may lie in `masks/<class>/` or
    `masks/`, see `datasets.mask_files.add_masks`.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the folder of the classes, or of the splits.

    Returns:
        Pictures sorted by split, class and name; the split is None where there are no folders of
        splits.

    Raises:
        InputError: there is no folder with pictures, or a link leads out of `data_dir`.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> (data_dir / "cat").mkdir()
        >>> (data_dir / "cat" / "1.jpg").touch()
        >>> list_class_folders(data_dir, ".")[0].names
        ('cat',)
    """
    folder = find_dataset(data_dir, dataset)
    places = find_split_folders(data_dir, folder, skipped=[_MASKS])
    pictures = [
        TaggedPicture(image, (each.name,), split)
        for place, split in places
        for each in list_folders(data_dir, place, skipped=[_MASKS])
        for image in list_pictures(data_dir, each)
    ]
    if not pictures:
        raise InputError(f"`{folder}` must hold a folder of pictures for each class. It has none.")
    return add_masks(pictures, data_dir, folder, _MASKS)
