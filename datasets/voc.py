"""Reads PASCAL VOC data sets, and what tools write in its format, as one point a box."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from config.errors import InputError, MissingSplit
from datasets.named_points import NamedPoints, list_class_names, number_classes
from datasets.paths import find_dataset, index_pictures, join_inside, list_files, require_size
from datasets.records import BadRecord, PointRecord
from datasets.split_rules import SPLITS, check_split, every_fifth
from datasets.voc_boxes import read_voc_boxes

_ANNOTATIONS = ("Annotations", "annotations", "annots", ".")
_PICTURES = ("JPEGImages", "images", ".")
_MAX_BYTES = 1 << 24
_logger = logging.getLogger(__name__)


def read_voc(data_dir: Path, dataset: str, split: str) -> list[PointRecord | BadRecord]:
    """Read pictures and the centre of each box.

    Layout: `Annotations/<name>.xml` (or `annotations`, `annots`, or beside the pictures) and
    `JPEGImages/<name>.jpg` (or `images`; any kind of picture). The splits are the lists
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
    folder = find_dataset(data_dir, dataset)
    files = {path.stem: path for path in _list_annotations(data_dir, folder)}
    images = _find_images(data_dir, folder, files)
    pictures = {stem: _read_picture(path, images[stem]) for stem, path in files.items()}
    chosen = _choose(data_dir, folder, split, sorted(files))
    return number_classes((pictures[stem] for stem in chosen), list_class_names(pictures.values()))


def _list_annotations(data_dir: Path, folder: Path) -> list[Path]:
    for name in _ANNOTATIONS:
        if any((folder / name).glob("*.xml")):
            return list_files(data_dir, folder / name, "*.xml")
    raise InputError(
        f"`{folder}` must hold a folder `Annotations`, `annotations` or `annots` with XML files. "
        "It holds none."
    )


def _find_images(data_dir: Path, folder: Path, files: dict[str, Path]) -> dict[str, Path]:
    """Return each annotation's picture; pictures without annotations are told of in the log."""
    name = next(name for name in _PICTURES if (folder / name).is_dir())
    known = index_pictures(data_dir, folder / name)
    without = sorted(known.keys() - files.keys())
    if without:
        _logger.warning(
            "Left out %d pictures of %s without annotations, such as %s.",
            len(without),
            folder / name,
            known[without[0]].name,
        )
    return {stem: known.get(stem, folder / name / f"{stem}.jpg") for stem in files}


def _read_picture(path: Path, image: Path) -> NamedPoints:
    try:
        file = read_voc_boxes(path)
    except InputError as error:
        return NamedPoints(image, np.zeros((0, 2)), (), problem=str(error))
    kept = ~file.difficult
    centres = (file.boxes[kept, :2] + file.boxes[kept, 2:]) / 2  # (N, 2) x, y
    names = tuple(np.array(file.names, object)[kept])
    return NamedPoints(image, centres[:, ::-1], names)


def _choose(data_dir: Path, folder: Path, split: str, stems: list[str]) -> list[str]:
    """Return the names of a split's pictures."""
    lists = _read_lists(data_dir, folder, stems)
    if split in lists:
        return lists[split]
    if lists.keys() <= {"trainval"}:
        return every_fifth(sorted(lists.get("trainval", stems)), split)
    if split == "train" and "trainval" in lists:
        return [stem for stem in lists["trainval"] if stem not in set(lists.get("val", ()))]
    if split == "val":
        return []
    raise MissingSplit(
        f"`{folder}` must have the list `ImageSets/Main/{split}.txt`. It has "
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
