"""Lists the folders inside a data set's folder, and tells those of splits by their names."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from datasets.paths import keep_inside

SPLIT_FOLDERS = {
    "train": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}


def list_folders(data_dir: Path, folder: Path, *, skipped: Collection[str] = ()) -> list[Path]:
    """List the folders inside a folder.

    Args:
        data_dir: folder that holds the data sets.
        folder: folder inside `data_dir`.
        skipped: names that are left out, besides those that start with a dot.

    Returns:
        The folders, sorted by name.

    Raises:
        InputError: a link leads out of `data_dir`.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> for name in ("cat", "masks", ".git"):
        ...     (data_dir / name).mkdir()
        >>> [path.name for path in list_folders(data_dir, data_dir, skipped=["masks"])]
        ['cat']
    """
    return [
        keep_inside(data_dir, path)
        for path in sorted(folder.iterdir())
        if path.is_dir() and not path.name.startswith(".") and path.name not in skipped
    ]


def find_split_folders(
    data_dir: Path, folder: Path, *, skipped: Collection[str] = ()
) -> list[tuple[Path, str | None]]:
    """Find the folders of the splits of a data set.

    Args:
        data_dir: folder that holds the data sets.
        folder: the data set's folder.
        skipped: as for `list_folders`.

    Returns:
        (folder, "train", "val" or "test") for each name of `SPLIT_FOLDERS`, where `train` is among
        them; else (`folder`, None) alone.

    Raises:
        InputError: a link leads out of `data_dir`.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> for name in ("train", "valid"):
        ...     (data_dir / name).mkdir()
        >>> [split for _, split in find_split_folders(data_dir, data_dir)]
        ['train', 'val']
    """
    inside = list_folders(data_dir, folder, skipped=skipped)
    if not any(each.name == "train" for each in inside):
        return [(folder, None)]
    return [(each, SPLIT_FOLDERS[each.name]) for each in inside if each.name in SPLIT_FOLDERS]
