"""Reads PASCAL VOC data sets as tagged pictures, with their label maps for scoring."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from config.errors import InputError
from datasets.mask_files import read_class_names
from datasets.paths import find_dataset, index_pictures, join_inside
from datasets.tagged_pictures import TaggedPicture, tag_objects
from datasets.voc import find_voc_annotations, read_voc_files
from datasets.voc_boxes import VocFile, make_voc_picture
from datasets.voc_lists import read_class_lists, read_split_lists

# fmt: off
VOC_CLASSES = (  # 1 to 20, as the label maps have them
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
    "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train",
    "tvmonitor",
)
# fmt: on
_MASKS = ("SegmentationClass", "SegmentationClassAug")


def list_voc_tags(data_dir: Path, dataset: str) -> list[TaggedPicture]:
    """List the pictures of all splits with the classes that they show.

    Tags are the classes of `Annotations/<name>.xml` (layout: see `datasets.voc.read_voc`), those
    of difficult objects too; where there are no XML files, of the lists
    `ImageSets/Main/<class>_<split>.txt`. Splits: see `datasets.voc_lists.read_split_lists`; the
    lists of segmentation go before those of `Main`, and pictures that no list names are left out.
    `dataset` may name the folder of lists itself, such as `VOC2012/ImageSets/Main`.

    The label map is the one that the list names, or lies in `SegmentationClass`, or in
    `SegmentationClassAug`. Its ids are the lines of `classes.txt`; without one the 20 classes of
    VOC where no others occur, else the places in the sorted names.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the folder of `Annotations` and `ImageSets`, e.g. `VOCdevkit/VOC2012`.

    Returns:
        Pictures by name, with the boxes of objects that are not difficult; the split is None where
        there are no lists. A picture whose XML file cannot be used has a `problem`.

    Raises:
        InputError: a folder is missing, a list is of another kind, names a picture without an
            annotation, or one in two splits.

    Example:
        >>> import tempfile
        >>> list_voc_tags(Path(tempfile.mkdtemp()), "VOC2012")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `VOC2012` must be a folder inside ...

    References:
        Everingham et al., The PASCAL Visual Object Classes Challenge, IJCV 2010;
        coallaoh/GuidedLabelling takes the tags from the label maps instead.
    """
    root, inner, _ = dataset.partition("/ImageSets/")
    folder = find_dataset(data_dir, root)
    lists = read_split_lists(data_dir, find_dataset(data_dir, dataset) if inner else folder)
    if find_voc_annotations(folder):
        pictures = _read_annotated(data_dir, folder)
    else:
        pictures = _read_listed(data_dir, folder)
    masks = _find_masks(data_dir, folder, pictures, lists)
    names = {name for each in pictures.values() for name in each.names}
    ids = read_class_names(folder) or (
        VOC_CLASSES if names <= set(VOC_CLASSES) else tuple(sorted(names))
    )
    for stem, mask in masks.items():
        pictures[stem] = replace(pictures[stem], mask=mask, mask_names=ids)
    return _take_listed(pictures, lists, dataset)


def _read_annotated(data_dir: Path, folder: Path) -> dict[str, TaggedPicture]:
    pictures = {}
    for stem, (image, file) in read_voc_files(data_dir, folder).items():
        if isinstance(file, VocFile):
            tagged = tag_objects(make_voc_picture(image, file))
            names = () if tagged.problem else tuple(sorted(set(file.names)))
            pictures[stem] = replace(tagged, names=names)
        else:
            pictures[stem] = TaggedPicture(image, (), problem=file)
    return pictures


def _read_listed(data_dir: Path, folder: Path) -> dict[str, TaggedPicture]:
    known = index_pictures(data_dir, folder / "JPEGImages")
    start = folder.relative_to(data_dir).as_posix()
    pictures = {}
    for stem, (names, split) in read_class_lists(data_dir, folder / "ImageSets/Main").items():
        image = known.get(stem) or join_inside(data_dir, f"{start}/JPEGImages/{stem}.jpg")
        pictures[stem] = TaggedPicture(image, tuple(sorted(names)), split)
    return pictures


def _find_masks(
    data_dir: Path, folder: Path, pictures: dict[str, TaggedPicture], lists: dict
) -> dict[str, Path]:
    """Return the label map of each picture that has one, by stem."""
    found: dict[str, Path] = {}
    for name in _MASKS:
        found = index_pictures(data_dir, folder / name) | found
    start = folder.relative_to(data_dir).as_posix()
    for named in lists.values():
        for stem, mask in named.items():
            path = join_inside(data_dir, f"{start}/{mask.lstrip('/')}") if mask else None
            found |= {stem: path} if path is not None and path.is_file() else {}
    return {stem: mask for stem, mask in sorted(found.items()) if stem in pictures}


def _take_listed(
    pictures: dict[str, TaggedPicture], lists: dict, dataset: str
) -> list[TaggedPicture]:
    if not lists:
        return [pictures[stem] for stem in sorted(pictures)]
    splits: dict[str, str] = {}
    for split, named in lists.items():
        for stem in named:
            if stem not in pictures:
                raise InputError(
                    f"`{dataset}`: the list of the split {split} must name pictures with tags. "
                    f"`{stem[:80]}` has neither an XML file nor a line in the lists of classes."
                )
            if stem in splits:
                raise InputError(
                    f"`{dataset}`: a picture must be in one split. `{stem[:80]}` is in "
                    f"{splits[stem]} and {split}."
                )
            splits[stem] = split
    return [replace(pictures[stem], split=splits[stem]) for stem in sorted(splits)]
