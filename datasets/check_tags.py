"""Checks pictures that have tags: their label maps, and what lies beside them unlisted."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from config.errors import InputError
from datasets.check_findings import Finding
from datasets.check_pictures import PictureFacts
from datasets.check_reading import find_repeated
from datasets.formats import FORMATS, TAG_FORMATS, check_format, list_tags
from datasets.images import MAX_PIXELS
from datasets.job_pool import run_threads
from datasets.label_maps import read_label_map
from datasets.named_objects import NamedObjects
from datasets.paths import list_pictures
from datasets.records import TagRecord
from datasets.tagged_pictures import TaggedPicture, make_tag_record

_QUIET_SECONDS = 2.0


def asks_for_tags(format: str, *, masks: str | None, class_source: str) -> bool:
    """Tell whether a check is one of tags and label maps.

    Args:
        format: a key of `datasets.formats.FORMATS` or `TAG_FORMATS`.
        masks: which label maps; None where nobody asked.
        class_source: "annotation" or "file_name".

    Returns:
        Whether the format has tags alone, or `masks` is given.

    Raises:
        InputError: the format is unknown, or does not go with the other two.

    Example:
        >>> asks_for_tags("folders", masks=None, class_source="annotation")
        True
    """
    check_format(format, sorted({*FORMATS, *TAG_FORMATS}))
    if masks is not None and format not in TAG_FORMATS:
        raise InputError(
            f"`masks` needs a format with tags: {', '.join(TAG_FORMATS)}. Received {format}."
        )
    asked = masks is not None or format not in FORMATS
    if asked and class_source != "annotation":
        raise InputError(
            f"`class_source` {class_source} needs a check of boxes. Received one of tags; leave "
            "it out."
        )
    return asked


def read_tags_for_check(
    format: str, data_dir: Path, dataset: str, *, masks: str = "own"
) -> tuple[list[TaggedPicture], list[Finding]]:
    """List the pictures of all splits with their tags, whatever is wrong with them.

    Args:
        format: a key of `datasets.formats.TAG_FORMATS`.
        data_dir: folder that holds the data sets.
        dataset: the data set's folder (or listing), or several joined by `+`.
        masks: "own", "none", or a folder relative to each data set.

    Returns:
        The pictures, and findings about the list itself: pictures listed more than once, those in
        the same folders that are not listed, and label maps without a picture.

    Raises:
        InputError: the data set cannot be read at all.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> for name in ("1.jpg", "2.jpg"):
        ...     (data_dir / name).touch()
        >>> _ = (data_dir / "tags.csv").write_text("image,tags\\n1.jpg,\\n")
        >>> pictures, findings = read_tags_for_check("tags", data_dir, ".")
        >>> "is empty" in pictures[0].problem, [finding.kind for finding in findings]
        (True, ['unlisted'])
    """
    pictures = list_tags(format, data_dir, dataset, masks=masks, strict=False)
    return pictures, find_repeated(pictures) + _find_left_out(pictures, Path(data_dir))


def name_tags(picture: TaggedPicture) -> NamedObjects:
    """Take the tags of a picture for its objects, as the checks of all formats know them.

    Args:
        picture: with its tags.

    Returns:
        The picture; where its objects are is not told.

    Example:
        >>> name_tags(TaggedPicture(Path("a.jpg"), ("cat",))).names
        ('cat',)
    """
    places = np.zeros((0, 2))
    return NamedObjects(picture.image, places, picture.names, picture.split, picture.problem)


def find_tag_flaws(
    pictures: Sequence[TaggedPicture],
    facts: dict[Path, PictureFacts],
    *,
    max_pixels: int = MAX_PIXELS,
    workers: int | None = None,
) -> list[Finding]:
    """Find pictures without tags, and decode every label map.

    Args:
        pictures: of `read_tags_for_check`.
        facts: of all of them.
        max_pixels: larger label maps count as a problem.
        workers: threads; None for one a processor.

    Returns:
        Findings; a label map must be readable, have the size of its picture, and no id above the
        number of classes. Those of pictures that are damaged or have no tags are not looked at.

    Example:
        >>> path = Path("a.jpg")
        >>> find_tag_flaws([TaggedPicture(path, ())], {path: PictureFacts("")})[0].kind
        'bare'
    """
    sound = [each for each in pictures if not each.problem]
    bare = [each.image for each in sound if not each.names]
    findings = [Finding("bare", f"`{image}`", (image,)) for image in bare]
    masked = [each for each in sound if each.names and each.mask and not facts[each.image].problem]
    names = sorted({name for each in masked for name in (*each.names, *each.mask_names)})
    records = [make_tag_record(each, names) for each in masked]
    check = partial(_check_mask, facts=facts, max_pixels=max_pixels)
    done = run_threads(check, records, workers=workers or os.cpu_count() or 1)
    bar = tqdm(done, "label maps", len(records), unit="", delay=_QUIET_SECONDS, disable=None)
    return findings + [finding for finding in bar if finding is not None]


def _check_mask(record: TagRecord, *, facts: dict, max_pixels: int) -> Finding | None:
    try:
        read_label_map(record, facts[record.image].size, max_pixels=max_pixels)
    except InputError as error:
        return Finding("mask", str(error), (record.image,))
    return None


def _find_left_out(pictures: Sequence[TaggedPicture], data_dir: Path) -> list[Finding]:
    """Find pictures that nothing lists, and label maps of pictures that there are not."""
    listed = {each.image for each in pictures}
    lying = [image for folder in _folders(listed) for image in list_pictures(data_dir, folder)]
    masks = {each.mask for each in pictures if each.mask is not None}
    maps = [mask for folder in _folders(masks) for mask in list_pictures(data_dir, folder)]
    findings = [
        Finding("unlisted", f"`{image}`", (image,)) for image in lying if image not in listed
    ]
    stems = {image.stem for image in (*listed, *lying)}
    return findings + [
        Finding("orphan", f"`{mask}`")
        for mask in maps
        if mask not in masks and mask.stem not in stems
    ]


def _folders(files: set[Path]) -> list[Path]:
    return sorted({file.parent for file in files})
