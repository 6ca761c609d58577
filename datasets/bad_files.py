"""Names pictures that cannot be used, and drops the records that need them."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from tqdm import tqdm

from config.errors import InputError
from config.files import write_json
from datasets.images import MAX_PIXELS, read_image
from datasets.records import BadRecord, CountRecord, PointRecord, RankedRecord

Record = TypeVar("Record", RankedRecord, CountRecord, PointRecord)

_NUM_NAMED = 20
_QUIET_SECONDS = 2.0
_logger = logging.getLogger(__name__)


def drop_bad_files(
    records: Sequence[Record | BadRecord],
    *,
    max_bad_fraction: float,
    max_pixels: int = MAX_PIXELS,
    workers: int | None = None,
    memo: Path | None = None,
) -> list[Record]:
    """Decode every picture once and keep the records whose pictures are all sound.

    A picture is bad, too, when a reader could not use its own annotation file and gave a
    `BadRecord`. Each bad picture is logged with its reason. A progress bar appears on a terminal
    when the check takes more than two seconds.

    Args:
        records: records of any kind.
        max_bad_fraction: share of the distinct pictures that may be bad, 0 to 1.
        max_pixels: larger pictures are bad, and are not decoded.
        workers: threads; None for one a processor.
        memo: JSON file that remembers sound pictures by path, size and time of change, so that
            they are not decoded again; None for none.

    Returns:
        The records kept, in order.

    Raises:
        InputError: more pictures are bad than `max_bad_fraction` allows, or no record is left.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("L", (8, 6)).save(path)
        >>> len(drop_bad_files([CountRecord(path, 3)], max_bad_fraction=0))
        1
    """
    bad = {each.image: each.reason for each in records if isinstance(each, BadRecord)}
    usable = [record for record in records if not isinstance(record, BadRecord)]
    pictures = list(dict.fromkeys(path for record in usable for path in _images_of(record)))
    num_pictures = len({*pictures, *bad})
    bad |= find_bad_files(pictures, max_pixels=max_pixels, workers=workers, memo=memo)
    for path, reason in bad.items():
        _logger.warning("Skipped %s: %s", path, reason)
    kept = [record for record in usable if not any(path in bad for path in _images_of(record))]
    if bad and (len(bad) / num_pictures > max_bad_fraction or not kept):
        raise InputError(describe_bad_files(bad, num_pictures, max_bad_fraction))
    return kept


def find_bad_files(
    pictures: Sequence[Path],
    *,
    max_pixels: int = MAX_PIXELS,
    workers: int | None = None,
    memo: Path | None = None,
) -> dict[Path, str]:
    """Decode pictures and tell which cannot be used.

    Args:
        pictures: distinct picture files.
        max_pixels: larger pictures are bad, and are not decoded.
        workers: threads; None for one a processor.
        memo: as in `drop_bad_files`.

    Returns:
        The reason by bad picture, in the order of `pictures`.

    Example:
        >>> list(find_bad_files([Path("absent.png")]))
        [PosixPath('absent.png')]
    """
    known = _read_memo(memo)
    marks = {path: _mark(path) for path in pictures}
    unknown = [path for path in pictures if not _is_known(path, marks[path], known, max_pixels)]
    pool = ThreadPoolExecutor(workers or os.cpu_count() or 1)
    try:
        results = pool.map(lambda path: _check(path, max_pixels), unknown)
        bar = tqdm(
            results, "checking", len(unknown), unit=" pictures", delay=_QUIET_SECONDS, disable=None
        )
        found = dict(zip(unknown, bar, strict=True))
    finally:
        pool.shutdown(cancel_futures=True)  # Ctrl-C does not wait for the pictures to come
    bad = {path: found[path] for path in unknown if isinstance(found[path], str)}
    sound = {_key(path): [*marks[path], found[path]] for path in unknown if path not in bad}
    if memo is not None and sound:
        _write_memo(Path(memo), known | sound)
    return bad


def _images_of(record: Record) -> tuple[Path, ...]:
    return record.images if isinstance(record, RankedRecord) else (record.image,)


def _check(path: Path, max_pixels: int) -> int | str:
    """Return a sound picture's number of pixels, or what is wrong with it."""
    try:
        height, width, _ = read_image(path, max_pixels=max_pixels).shape
    except InputError as error:
        return str(error)
    return height * width


def describe_bad_files(bad: dict[Path, str], num_pictures: int, max_bad_fraction: float) -> str:
    """Say that too many pictures cannot be used, with the first of them.

    Args:
        bad: the reason by bad picture.
        num_pictures: distinct pictures in all.
        max_bad_fraction: share that may be bad.

    Returns:
        The message.

    Example:
        >>> print(describe_bad_files({Path("1.jpg"): "`1.jpg` must be a picture."}, 2, 0.1))
        At most `max_bad_fraction` 0.1 of a data set's pictures may be bad, and some record must \
stay whole. 1 of 2 pictures are bad; replace them, or their annotation files:
          `1.jpg` must be a picture.
    """
    lines = [f"  {reason}" for reason in list(bad.values())[:_NUM_NAMED]]
    if len(bad) > _NUM_NAMED:
        lines.append(f"  ... and {len(bad) - _NUM_NAMED} more")
    return "\n".join(
        [
            f"At most `max_bad_fraction` {max_bad_fraction:g} of a data set's pictures may be bad, "
            f"and some record must stay whole. {len(bad)} of {num_pictures} pictures are bad; "
            "replace them, or their annotation files:",
            *lines,
        ]
    )


def _key(path: Path) -> str:
    return os.path.abspath(path)


def _mark(path: Path) -> list[int]:
    """Return what changes with a file's content: its size and time of change; [] when absent."""
    try:
        stat = os.stat(path)
    except OSError:
        return []
    return [stat.st_size, stat.st_mtime_ns]


def _is_known(path: Path, mark: list[int], known: dict, max_pixels: int) -> bool:
    entry = known.get(_key(path))
    return bool(mark) and entry is not None and entry[:2] == mark and entry[2] <= max_pixels


def _read_memo(memo: Path | None) -> dict[str, list[int]]:
    """Return {path: [size, time of change, pixels]}; a memo that is damaged is not used."""
    if memo is None or not Path(memo).is_file():
        return {}
    try:
        entries = json.loads(Path(memo).read_text(encoding="utf-8"))
        return {
            path: entry
            for path, entry in entries.items()
            if len(entry) == 3 and all(type(value) is int for value in entry)
        }
    except (OSError, ValueError, AttributeError, TypeError) as error:
        _logger.warning("Did not use the damaged %s: %s", memo, error)
        return {}


def _write_memo(memo: Path, entries: dict[str, list[int]]) -> None:
    """Write whole or not at all; a memo that cannot be written only costs time."""
    try:
        memo.parent.mkdir(parents=True, exist_ok=True)
        write_json(entries, memo)
    except OSError as error:
        _logger.warning("Could not write %s, so the next run decodes anew: %s", memo, error)
