"""Reads the lists of a VOC data set: the pictures of each split, and the pictures of each class."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from config.errors import InputError
from datasets.paths import join_inside, require_size
from datasets.split_rules import SPLITS

# Where lists lie, the first that holds some counts; `list` is what DeepLab's lists are kept in.
LIST_FOLDERS = ("ImageSets/Segmentation/list", "ImageSets/Segmentation", "ImageSets/Main", ".")
_NAMES = {"train": ("train_aug", "train"), "val": ("val",), "test": ("test",)}
_MAX_BYTES = 1 << 26


def read_split_lists(data_dir: Path, folder: Path) -> dict[str, dict[str, str]]:
    """Read the lists of a data set's splits.

    The lists are `train_aug.txt` or else `train.txt`, `val.txt` and `test.txt` of the first of
    `LIST_FOLDERS` that has one of them; training without a list takes `trainval.txt` without the
    names of `val.txt`. A line is a picture's name, or its path and that of its mask
    (`/JPEGImages/a.jpg /SegmentationClassAug/a.png`).

    Args:
        data_dir: folder that holds the data sets.
        folder: the data set's folder, or one of lists inside it.

    Returns:
        By split: by the picture's stem, the mask's name as the list has it, or "". {} without
        lists but `trainval.txt`.

    Raises:
        InputError: a list is too large, empty, or not text.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "train_aug.txt").write_text("/JPEGImages/a.jpg /masks/a.png\\nb\\n")
        >>> read_split_lists(folder, folder)
        {'train': {'a': '/masks/a.png', 'b': ''}}
    """
    names = [name for several in _NAMES.values() for name in several]
    places = [folder / place for place in LIST_FOLDERS]
    place = next((p for p in places if any((p / f"{n}.txt").is_file() for n in names)), None)
    if place is None:
        return {}
    lists = {}
    for split in SPLITS:
        paths = [place / f"{name}.txt" for name in _NAMES[split]]
        path = next((path for path in paths if path.is_file()), None)
        if path is not None:
            lists[split] = _read_list(data_dir, path)
    if "train" not in lists and (place / "trainval.txt").is_file():
        every = _read_list(data_dir, place / "trainval.txt")
        lists["train"] = {s: mask for s, mask in every.items() if s not in lists.get("val", {})}
    return lists


def read_class_lists(data_dir: Path, folder: Path) -> dict[str, tuple[set[str], str | None]]:
    """Read which classes each picture shows from the lists `<class>_<split>.txt`.

    A line is a picture and a number: 1 means present, 0 present but difficult, which is a tag as
    well, -1 absent.

    Args:
        data_dir: folder that holds the data sets.
        folder: the folder of the lists, usually `ImageSets/Main`.

    Returns:
        By the picture's stem: its classes, and its split (None for that of `trainval` alone).

    Raises:
        InputError: there are no such lists, or a line is of another kind.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "cat_train.txt").write_text("a  1\\nb -1\\n")
        >>> read_class_lists(folder, folder)
        {'a': ({'cat'}, 'train'), 'b': (set(), 'train')}
    """
    paths = [p for p in sorted(folder.glob("*_*.txt")) if _split_of(p) in (*SPLITS, "trainval")]
    if not paths:
        raise InputError(
            f"`{folder}` must hold lists `<class>_train.txt`, where there are no XML files. It "
            "holds none."
        )
    found: dict[str, tuple[set[str], str | None]] = {}
    for path in sorted(paths, key=lambda path: _split_of(path) == "trainval"):
        split, name = _split_of(path), path.stem.rpartition("_")[0]
        for number, line in enumerate(_read_lines(data_dir, path), start=1):
            stem, _, value = line.partition(" ")
            if value.strip() not in ("1", "0", "-1"):
                raise InputError(
                    f"`{path}` line {number} must be a picture and 1, 0 or -1. Received "
                    f"{line[:80]!r}."
                )
            tags, _ = found.setdefault(stem, (set(), None if split == "trainval" else split))
            tags.update({name} if value.strip() != "-1" else ())
    return found


def _split_of(path: Path) -> str:
    return path.stem.rpartition("_")[2]


def _read_list(data_dir: Path, path: Path) -> dict[str, str]:
    listed = {}
    for line in _read_lines(data_dir, path):
        picture, _, mask = line.partition(" ")
        listed[_stem(picture)] = mask.strip()
    if not listed:
        raise InputError(f"`{path}` must name pictures. It names none.")
    return listed


def _stem(name: str) -> str:
    """Return a picture's name without folder and suffix; a bare name may hold a point."""
    return PurePosixPath(name).stem if "/" in name else name


def _read_lines(data_dir: Path, path: Path) -> Iterable[str]:
    path = join_inside(data_dir, path.relative_to(data_dir).as_posix())
    require_size(path, _MAX_BYTES)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"`{path}` must be text in UTF-8. Reading says: {error}") from error
    return [line.strip().replace("\t", " ") for line in text.splitlines() if line.strip()]
