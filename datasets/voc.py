"""Reads PASCAL VOC data sets, and what tools write in its format."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from config.errors import InputError, MissingSplit
from datasets.named_objects import (
    NamedObjects,
    fail_picture,
    list_class_names,
    number_classes,
)
from datasets.paths import find_dataset, index_pictures, join_inside, list_files, require_size
from datasets.records import BadRecord, PointRecord
from datasets.split_rules import SPLITS, check_split, every_fifth
from datasets.voc_boxes import VocFile, make_voc_picture, read_voc_boxes

_ANNOTATIONS = ("Annotations", "annotations", "annots", "annotations_from_mask", ".")
_PICTURES = ("JPEGImages", "images", ".")
_MAX_BYTES = 1 << 24
_logger = logging.getLogger(__name__)


def read_voc(data_dir: Path, dataset: str, split: str) -> list[PointRecord | BadRecord]:
    """Read pictures and the centre of each box.

    Layout: `Annotations/<name>.xml` (or `annotations`, `annots`, `annotations_from_mask`, or beside
    the pictures) and `JPEGImages/<name>.jpg` (or `images`; any kind of picture); where there is
    neither folder, the pictures lie in the folder that the XML files call `<folder>`, at most two
    levels deep in the data set's. The splits are the lists
    `ImageSets/Main/{train,val,test}.txt`, a name a line. Where there is no `train.txt`, training
    takes `trainval.txt` without the names of `val.txt`. Without lists, or with `trainval.txt`
    alone, every fifth picture by sorted name is "test" (see `datasets.split_rules`). Objects marked
    `difficult` are left out, and pictures without an XML file. Off by one: see `read_voc_boxes`;
    the centre of a box is ((ymin - 1 + ymax) / 2, (xmin - 1 + xmax) / 2).

    Args:
        data_dir: folder that holds the data sets.
        dataset: the folder of `Annotations`, e.g. `VOCdevkit/VOC2007`.
        split: "train", "val" or "test".

    Returns:
        Records sorted by picture, a `BadRecord` where an XML file cannot be used; none for "val"
        when there is no such list. A picture that is absent is listed all the same.

    Raises:
        InputError: a folder, or the file of a name in a list, is missing.
        MissingSplit: there is no such split.

    Example:
        >>> import tempfile
        >>> read_voc(Path(tempfile.mkdtemp()), "VOC2007", "train")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `VOC2007` must be a folder inside ...

    References:
        Everingham et al., The PASCAL Visual Object Classes Challenge, IJCV 2010. ElementAI/LCFCN
        takes the integer mean of the corners as they are, one pixel further for every other box.
    """
    check_split(split)
    data = _read_files(data_dir, dataset)
    chosen = _choose(data, split)
    names = list_class_names(data.pictures.values())
    return number_classes((data.pictures[stem] for stem in chosen), names)


def list_voc_objects(data_dir: Path, dataset: str) -> list[NamedObjects]:
    """List the objects of all splits, with their boxes.

    Layout, splits, off by one and what is left out: see `read_voc`.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the folder of `Annotations`.

    Returns:
        Pictures in the order of the lists; a picture that several lists name comes once for each.
        The split is None where there are no lists but `trainval.txt`.

    Raises:
        InputError: a folder, or the file of a name in a list, is missing.

    Example:
        >>> import tempfile
        >>> list_voc_objects(Path(tempfile.mkdtemp()), "VOC2007")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `VOC2007` must be a folder inside ...
    """
    data = _read_files(data_dir, dataset)
    if data.lists.keys() <= {"trainval"}:
        return [data.pictures[stem] for stem in data.unsplit]
    listed = []
    for split in SPLITS:
        with contextlib.suppress(MissingSplit):
            listed += [replace(data.pictures[stem], split=split) for stem in _choose(data, split)]
    return listed


@dataclass(frozen=True, eq=False)
class _VocData:
    folder: Path
    pictures: dict[str, NamedObjects]  # by stem
    lists: dict[str, list[str]]  # stems by the name of the list

    @property
    def unsplit(self) -> list[str]:
        return sorted(self.lists.get("trainval", self.pictures))


def read_voc_files(data_dir: Path, folder: Path) -> dict[str, tuple[Path, VocFile | str]]:
    """Read the XML files of a data set, and find their pictures.

    Args:
        data_dir: folder that holds the data sets.
        folder: the folder of `Annotations`, inside `data_dir`; see `read_voc` for the layout.

    Returns:
        By stem: the picture, and what its file holds, or why it cannot be used.

    Raises:
        InputError: there are no XML files, or a file leads out of `data_dir`.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> read_voc_files(data_dir, data_dir)
        Traceback (most recent call last):
        ...
        config.errors.InputError: ... must hold a folder `Annotations`, ...
    """
    files = {path.stem: path for path in _list_annotations(data_dir, folder)}
    read = {stem: _try_file(path) for stem, path in files.items()}
    folders = {stem: file.folder for stem, file in read.items() if isinstance(file, VocFile)}
    images = _find_images(data_dir, folder, files, folders)
    return {stem: (images[stem], read[stem]) for stem in files}


def find_voc_annotations(folder: Path) -> Path | None:
    """Find the folder of a data set's XML files.

    Args:
        folder: the data set's folder.

    Returns:
        The folder; None where no XML file is in any that could be it.

    Example:
        >>> find_voc_annotations(Path("absent")) is None
        True
    """
    places = (folder / name for name in _ANNOTATIONS)
    return next((place for place in places if any(place.glob("*.xml"))), None)


def _read_files(data_dir: Path, dataset: str) -> _VocData:
    folder = find_dataset(data_dir, dataset)
    files = read_voc_files(data_dir, folder)
    pictures = {stem: _make_picture(file, image) for stem, (image, file) in files.items()}
    return _VocData(folder, pictures, _read_lists(data_dir, folder, sorted(files)))


def _list_annotations(data_dir: Path, folder: Path) -> list[Path]:
    place = find_voc_annotations(folder)
    if place is not None:
        return list_files(data_dir, place, "*.xml")
    raise InputError(
        f"`{folder}` must hold a folder `Annotations`, `annotations` or `annots` with XML files. "
        "It holds none."
    )


def _find_images(
    data_dir: Path, folder: Path, files: Iterable[str], folders: dict[str, str]
) -> dict[str, Path]:
    """Return each annotation's picture; pictures without annotations are told of in the log."""
    known: dict[str, Path] = {}
    places = _find_places(folder, set(folders.values()))
    for place in places:
        known = index_pictures(data_dir, place) | known
    without = sorted(known.keys() - set(files))
    if without:
        _logger.warning(
            "Left out %d pictures of %s without annotations, such as %s.",
            len(without),
            known[without[0]].parent,
            known[without[0]].name,
        )
    return {stem: known.get(stem, places[-1] / f"{stem}.jpg") for stem in files}


def _find_places(folder: Path, named: set[str]) -> list[Path]:
    """Return the folders of the pictures, the first first; `named` are those of the XML files."""
    usual = next(folder / name for name in _PICTURES if (folder / name).is_dir())
    if usual != folder:
        return [usual]
    # Only names are compared, so that a hostile one leads nowhere.
    inside = [path for depth in ("*", "*/*") for path in folder.glob(depth) if path.name in named]
    return [usual, *sorted(path for path in inside if path.is_dir())]


def _try_file(path: Path) -> VocFile | str:
    """Return the content, or why it cannot be used."""
    try:
        return read_voc_boxes(path)
    except InputError as error:
        return str(error)


def _make_picture(file: VocFile | str, image: Path) -> NamedObjects:
    return fail_picture(image, file) if isinstance(file, str) else make_voc_picture(image, file)


def _choose(data: _VocData, split: str) -> list[str]:
    """Return the names of a split's pictures."""
    lists = data.lists
    if split in lists:
        return lists[split]
    if lists.keys() <= {"trainval"}:
        return every_fifth(data.unsplit, split)
    if split == "train" and "trainval" in lists:
        return [stem for stem in lists["trainval"] if stem not in set(lists.get("val", ()))]
    if split == "val":
        return []
    raise MissingSplit(
        f"`{data.folder}` must have the list `ImageSets/Main/{split}.txt`. It has "
        f"{', '.join(f'{name}.txt' for name in lists)}; add the list."
    )


def _read_lists(data_dir: Path, folder: Path, stems: list[str]) -> dict[str, list[str]]:
    known, lists = set(stems), {}
    for name in (*SPLITS, "trainval"):
        path = folder / "ImageSets" / "Main" / f"{name}.txt"
        if not path.is_file():
            continue
        path = join_inside(data_dir, path.relative_to(data_dir).as_posix())
        require_size(path, _MAX_BYTES)
        text = path.read_text(encoding="utf-8", errors="replace")
        lists[name] = [line.strip() for line in text.splitlines() if line.strip()]
        absent = [stem for stem in lists[name] if stem not in known]
        if absent or not lists[name]:
            raise InputError(
                f"`{path}` must name pictures that have an XML file. "
                + (f"`{absent[0]}` has none." if absent else "It names nothing.")
            )
    return lists
