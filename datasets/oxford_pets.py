"""Reads the Oxford-IIIT Pet data set as downloaded."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from config.errors import InputError
from datasets.box_flaws import describe_flaw
from datasets.images import read_labels
from datasets.named_objects import (
    NamedObjects,
    fail_picture,
    make_picture,
    number_classes,
    take_split,
)
from datasets.paths import (
    find_dataset,
    index_pictures,
    keep_inside,
    list_files,
    require_size,
)
from datasets.records import BadRecord, PointRecord
from datasets.split_rules import SPLITS, check_split
from datasets.voc_boxes import make_voc_picture, read_voc_boxes

_FOREGROUND = 1  # of a trimap; 2 is the background, 3 the seam between them
_LISTS = {"trainval.txt": "train", "test.txt": "test"}
_KINDS = ("xmls", "trimaps")
_MAX_BYTES = 1 << 24
_QUIET_SECONDS = 2.0
_logger = logging.getLogger(__name__)


def read_oxford_pets(data_dir: Path, dataset: str, split: str) -> list[PointRecord | BadRecord]:
    """Read pictures and the centre of each box.

    Layout: `images/<Breed>_<n>.jpg`, `annotations/xmls/<Breed>_<n>.xml` (VOC),
    `annotations/trimaps/<Breed>_<n>.png` and the lists `annotations/{trainval,test,list}.txt`. A
    picture without an XML file gets the box around the foreground of its trimap. The two differ:
    the XML files frame the animal's head and exist for the training pictures only, a trimap shows
    the whole animal, and the log says how many boxes are of each. To have one kind, name
    `annotations/xmls` or `annotations/trimaps` as the data set. The class is the breed: the file
    name up to its last underscore, in lower case. `trainval.txt` is "train", `test.txt` "test";
    without either, every fifth picture by sorted name of `list.txt` (else of all pictures) is
    "test" (see `datasets.split_rules`). Off by one: see `read_voc_boxes`; a trimap's none.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the folder of `images` and `annotations`, or one of the two folders above.
        split: "train", "val" or "test".

    Returns:
        Records sorted by picture, a `BadRecord` where an XML file or trimap cannot be used; none
        for "val". Pictures without both are left out, which the log tells. A picture that is absent
        is listed all the same.

    Raises:
        InputError: a folder is missing, or a name leads out of `data_dir`.
        MissingSplit: no picture has this split.

    Example:
        >>> import tempfile
        >>> read_oxford_pets(Path(tempfile.mkdtemp()), "pets", "train")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `pets` must be a folder inside ...

    References:
        Parkhi et al., Cats and Dogs, CVPR 2012. lars76/object-localization reads the XML files
        alone.
    """
    check_split(split)
    files = _find_files(data_dir, dataset)
    names = sorted({_name_breed(stem) for stem in files.splits})
    pictures = _read_pictures(files, (split, None))
    return number_classes(take_split(pictures, split, files.folder), names)


def list_oxford_pets_objects(data_dir: Path, dataset: str) -> list[NamedObjects]:
    """List the objects of all splits, with their boxes.

    Layout, splits and kinds of boxes: see `read_oxford_pets`.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the folder of `images` and `annotations`, or of one kind of boxes.

    Returns:
        Pictures sorted by name; the split is None where there are no lists of splits.

    Raises:
        InputError: see `read_oxford_pets`.

    Example:
        >>> import tempfile
        >>> list_oxford_pets_objects(Path(tempfile.mkdtemp()), "pets")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `pets` must be a folder inside ...
    """
    return _read_pictures(_find_files(data_dir, dataset), (*SPLITS, None))


@dataclass(frozen=True, eq=False)
class _PetFiles:
    folder: Path
    splits: dict[str, str | None]  # these and the following by stem
    images: dict[str, Path]
    xmls: dict[str, Path]
    trimaps: dict[str, Path]


def _find_files(data_dir: Path, dataset: str) -> _PetFiles:
    folder = find_dataset(data_dir, dataset)
    kinds = _KINDS
    if folder.name in _KINDS and folder.parent.name == "annotations" and folder != Path(data_dir):
        kinds, folder = (folder.name,), folder.parent.parent
    xmls = trimaps = {}
    annotations = folder / "annotations"
    if "xmls" in kinds and any((annotations / "xmls").glob("*.xml")):
        xmls = {path.stem: path for path in list_files(data_dir, annotations / "xmls", "*.xml")}
    if "trimaps" in kinds:
        trimaps = index_pictures(data_dir, annotations / "trimaps")
    if not xmls and not trimaps:
        raise InputError(
            f"`{folder}` must hold `annotations/xmls` or `annotations/trimaps`, as downloaded. "
            "It holds no files there."
        )
    images = index_pictures(data_dir, folder / "images")
    splits = _read_splits(data_dir, annotations) or dict.fromkeys(sorted(images))
    annotated = {stem: split for stem, split in splits.items() if stem in xmls or stem in trimaps}
    if len(annotated) < len(splits):
        num_without = len(splits) - len(annotated)
        _logger.warning("Left out %d pictures of %s without annotations.", num_without, folder)
    paths = {stem: images.get(stem, folder / "images" / f"{stem}.jpg") for stem in annotated}
    return _PetFiles(folder, annotated, paths, xmls, trimaps)


def _read_splits(data_dir: Path, annotations: Path) -> dict[str, str | None]:
    """Return the split by stem, as the lists tell it."""
    lists = [name for name in _LISTS if (annotations / name).is_file()] or ["list.txt"]
    splits: dict[str, str | None] = {}
    for name in lists:
        path = annotations / name
        if not path.is_file():
            continue
        require_size(keep_inside(data_dir, path), _MAX_BYTES)
        for i, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), start=1):
            stem = line.partition("#")[0].split()[:1]
            if stem and splits.setdefault(stem[0], _LISTS.get(name)) != _LISTS.get(name):
                raise InputError(
                    f"`{path}` line {i}: `{stem[0]}` must be in one list. It is in two."
                )
    return dict(sorted(splits.items()))


def _name_breed(stem: str) -> str:
    return (stem.rpartition("_")[0] or stem).lower()


def _read_pictures(files: _PetFiles, splits: tuple[str | None, ...]) -> list[NamedObjects]:
    chosen = [stem for stem, split in files.splits.items() if split in splits]
    num_heads = len(files.xmls.keys() & set(chosen))
    if 0 < num_heads < len(chosen):
        _logger.warning(
            "%d boxes of %s frame heads (XML) and %d whole animals (trimaps). Name its folder "
            "`annotations/xmls` or `annotations/trimaps` to have one kind.",
            num_heads,
            files.folder,
            len(chosen) - num_heads,
        )
    bar = tqdm(chosen, "reading", unit=" pictures", delay=_QUIET_SECONDS, disable=None)
    return [_try_picture(files, stem) for stem in bar]


def _try_picture(files: _PetFiles, stem: str) -> NamedObjects:
    image, split = files.images[stem], files.splits[stem]
    try:
        if stem in files.xmls:
            file = read_voc_boxes(files.xmls[stem])
            return make_voc_picture(image, file, split=split, name=_name_breed(stem))
        return _read_trimap(image, files.trimaps[stem], split, _name_breed(stem))
    except InputError as error:
        return fail_picture(image, str(error), split=split)


def _read_trimap(image: Path, path: Path, split: str | None, breed: str) -> NamedObjects:
    inside = read_labels(path) == _FOREGROUND  # (H, W)
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    if len(rows) == 0:
        flaw = describe_flaw("empty", f"`{path}`")
        _logger.warning("Left out %s.", flaw.text)
        return make_picture(image, [], split=split, size=inside.shape, flaws=(flaw,))
    box = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float64)
    point = ((box[:2] + box[2:]) / 2)[::-1]  # x, y -> row, column
    return make_picture(image, [(point, box, breed)], split=split, size=inside.shape)
