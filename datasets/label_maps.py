"""Decodes the label map of a tagged picture, checked, in the class numbers of its record."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from config.errors import InputError
from datasets.images import MAX_PIXELS, read_header, read_labels
from datasets.job_pool import run_threads
from datasets.matlab import read_mat
from datasets.records import BadRecord, TagRecord

IGNORED = 255
_MAT_KEY = "groundtruth"  # of Clothing Co-Parsing


def read_label_map(
    record: TagRecord, size: tuple[int, int], *, max_pixels: int = MAX_PIXELS
) -> np.ndarray:
    """Decode the mask of a record.

    Args:
        record: a record with a mask.
        size: (height, width) of its upright picture, pixels.
        max_pixels: larger masks are refused.

    Returns:
        (H, W) int32: 0 background, 1 to K the classes of the record's `class_names`, 255 ignored.
        Classes that are not among them are background.

    Raises:
        InputError: the mask cannot be read, has another size, or an id that is no class; or it is
            of foreground (255) where ids are needed that no file lists.
        ValueError: the record has no mask, or a foreground mask and not exactly one tag.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "1.png"
        >>> Image.fromarray(np.array([[0, 255]], np.uint8)).save(path)
        >>> record = TagRecord(Path("1.jpg"), (2,), ("cat", "rat"), path, "foreground")
        >>> read_label_map(record, (1, 2)).tolist()
        [[0, 2]]
    """
    if record.mask is None:
        raise ValueError(f"`record` must have a mask. That of `{record.image}` has none.")
    values = read_mask(record.mask, max_pixels=max_pixels)
    if values.shape != tuple(size):
        raise InputError(
            f"`{record.mask}` must have the size of its picture, {size[0]} x {size[1]} pixels. It "
            f"has {values.shape[0]} x {values.shape[1]}."
        )
    if record.mask_values == "foreground":
        if len(record.tags) != 1:
            raise ValueError(
                f"`record` must have one tag where its mask is of foreground. That of "
                f"`{record.image}` has {len(record.tags)}."
            )
        return np.where(values != 0, np.int32(record.tags[0]), np.int32(0))
    return _translate(values, record)


def check_label_maps(
    records: Sequence[TagRecord | BadRecord], *, max_pixels: int = MAX_PIXELS, workers: int = 1
) -> int:
    """Decode the masks of records, so that a wrong one is told before hours of training.

    A progress bar tells of it where it takes long.

    Args:
        records: what `datasets.tags.read_tags` gives; bad ones and those without a mask, or whose
            picture cannot be opened, are passed by.
        max_pixels: larger masks are refused.
        workers: threads.

    Returns:
        The number of sound masks.

    Raises:
        InputError: see `read_label_map`; the first wrong mask is named.

    Example:
        >>> check_label_maps([TagRecord(Path("a.jpg"), (1,), ("cat",))])
        0
    """
    masked = [
        record
        for record in records
        if not isinstance(record, BadRecord) and record.mask is not None
    ]
    checked = run_threads(partial(_is_sound, max_pixels=max_pixels), masked, workers=workers)
    return sum(tqdm(checked, "masks", len(masked), delay=2, disable=None))


def read_mask(path: Path, *, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Decode a mask without any change of its values.

    Args:
        path: a picture, or a `.mat` file with the matrix `groundtruth`, as Clothing Co-Parsing.
        max_pixels: larger pictures are refused.

    Returns:
        (H, W) of whole numbers, not negative.

    Raises:
        InputError: the file cannot be read, or holds no such matrix.

    Example:
        >>> read_mask(Path("absent.mat"))
        Traceback (most recent call last):
        ...
        config.errors.InputError: `absent.mat` must be an annotation file. There is no such file.
    """
    if path.suffix.lower() != ".mat":
        return read_labels(path, max_pixels=max_pixels)
    values = read_mat(path).get(_MAT_KEY)
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "biu" or values.ndim != 2:
        raise InputError(f"`{path}`: `{_MAT_KEY}` must be a matrix of whole numbers.")
    if values.size and values.min() < 0:
        raise InputError(f"`{path}`: `{_MAT_KEY}` must not be negative. It holds {values.min()}.")
    return values


def _is_sound(record: TagRecord, *, max_pixels: int) -> bool:
    """Return False where the picture cannot be opened: that is told when pictures are decoded."""
    try:
        header = read_header(record.image, max_pixels=max_pixels)
    except InputError:
        return False
    read_label_map(record, (header.height, header.width), max_pixels=max_pixels)
    return True


def _translate(values: np.ndarray, record: TagRecord) -> np.ndarray:
    """Return (H, W) int32 classes of a mask's ids."""
    classes = record.mask_classes or range(1, len(record.class_names) + 1)
    largest = len(classes)
    table = np.zeros(max(largest, IGNORED) + 1, np.int32)
    table[1 : largest + 1] = classes
    if record.mask_values == "sorted_ids" and largest < IGNORED:
        _check_ids(values, record.mask)
    known = values <= largest
    if largest < IGNORED:
        known |= values == IGNORED
        table[IGNORED] = IGNORED
    if not known.all():
        raise InputError(
            f"`{record.mask}` must hold 0, ids of 1 to {largest}, and {IGNORED} for what is "
            f"ignored. It holds {int(values[~known].max())}; correct it, or list its classes."
        )
    return table[values]


def _check_ids(values: np.ndarray, mask: Path) -> None:
    """Refuse a mask of foreground, of which nothing would be left but what is ignored."""
    if values.any() and np.isin(values, (0, IGNORED)).all():
        raise InputError(
            f"`{mask}` must hold ids: pictures have several tags, and no classes.txt says what "
            f"masks mean. It holds only {IGNORED}, which as an id is ignored; list the classes in "
            "a classes.txt beside the masks' folder, give every picture one tag, or give `masks` "
            "none."
        )
