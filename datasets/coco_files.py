"""Finds the files of a data set in COCO's format, and the folders of their pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from datasets.json_files import read_json
from datasets.paths import find_dataset, find_listing, keep_inside

_FILE_NAMES = (
    "objects.json",
    "annotations.json",
    "_annotations.coco.json",
    "result.json",
    "annotations/instances_default.json",
)
_FOLDERS = {"train": "train", "valid": "val", "val": "val", "test": "test"}


@dataclass(frozen=True)
class CocoFile:
    """One JSON file of a data set.

    Attributes:
        path: the file.
        split: "train", "val" or "test"; None for a file of all pictures.
        folders: where its pictures may lie, the likeliest first.

    Example:
        >>> CocoFile(Path("objects.json"), None, (Path("images"),)).split is None
        True
    """

    path: Path
    split: str | None
    folders: tuple[Path, ...]


def find_coco_files(data_dir: Path, dataset: str) -> list[CocoFile]:
    """Find a data set's JSON files; `datasets.coco.read_coco` tells the layouts.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the data set's folder, or a `.json` file itself.

    Returns:
        Files sorted by name; one with split None where no file belongs to a split. That one may be
        absent.

    Raises:
        InputError: the folder does not exist, or a file leads out of `data_dir`.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> (data_dir / "annotations").mkdir()
        >>> (data_dir / "annotations" / "instances_train2017.json").touch()
        >>> [file.split for file in find_coco_files(data_dir, ".")]
        ['train']
    """
    if not dataset.lower().endswith(".json"):
        folder = find_dataset(data_dir, dataset)
        files = _find_instances(folder) or _find_folders(folder)
        if files:
            return [CocoFile(keep_inside(data_dir, f.path), f.split, f.folders) for f in files]
    path = find_listing(data_dir, dataset, *_FILE_NAMES)
    folder = path.parent.parent if path.parent.name == "annotations" else path.parent
    return [CocoFile(path, None, (folder / "images", folder, Path(data_dir)))]


def read_own_splits(path: Path) -> dict[str, str] | None:
    """Read the splits of pictures from the `annotations.json` beside `objects.json`.

    It is `{"train": [item, ...], ...}`, or a list of items, which is all for training, as
    `datasets.annotations` has it.

    Args:
        path: the file of objects.

    Returns:
        Split by the picture's name, without a leading slash; None where `path` is no
        `objects.json` or has no such file beside it.

    Raises:
        InputError: the file is not JSON.

    Example:
        >>> read_own_splits(Path("absent/objects.json")) is None
        True
    """
    listing = path.with_name("annotations.json")
    if path.name != "objects.json" or not listing.is_file():
        return None
    content = read_json(listing)
    content = {"train": content} if isinstance(content, list) else content
    splits: dict[str, str] = {}
    for split in _FOLDERS.values():
        items = content.get(split, ()) if isinstance(content, dict) else ()
        for item in items if isinstance(items, list) else ():
            values = item.values() if isinstance(item, dict) else ()
            splits |= {value.lstrip("/"): split for value in values if isinstance(value, str)}
    return splits or None


def _find_instances(folder: Path) -> list[CocoFile]:
    files = []
    for path in sorted((folder / "annotations").glob("instances_*.json")):
        tag = path.stem.removeprefix("instances_")
        split = next((s for s in ("train", "val", "test") if tag.startswith(s)), None)
        if split is not None:
            folders = (folder / tag, folder / "images" / tag, folder / "images", folder)
            files.append(CocoFile(path, split, folders))
    return files


def _find_folders(folder: Path) -> list[CocoFile]:
    found = {name: folder / name / "_annotations.coco.json" for name in _FOLDERS}
    return [
        CocoFile(path, _FOLDERS[name], (path.parent,))
        for name, path in found.items()
        if path.is_file()
    ]
