"""Names frames of shots that cannot be used, drops them, and tells of frames of odd sizes."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from config.errors import InputError
from datasets.bad_files import describe_bad_files, find_bad_files
from datasets.images import MAX_PIXELS, read_header
from datasets.records import ShotRecord

_logger = logging.getLogger(__name__)


def drop_bad_frames(
    shots: Sequence[ShotRecord],
    *,
    max_bad_fraction: float,
    max_pixels: int = MAX_PIXELS,
    workers: int | None = None,
    memo: Path | None = None,
) -> list[ShotRecord]:
    """Decode every frame once, and keep of each shot the frames that are sound.

    Each bad frame is logged with its reason; a shot that has none left is dropped and named. A
    shot whose frames are not all of one size is kept, as every frame is resized to the network's
    input, and named in the log: a picture that is no frame may have got into its folder.

    Args:
        shots: shots of any split; one may come twice.
        max_bad_fraction: share of the distinct frames that may be bad, 0 to 1.
        max_pixels: larger frames are bad, and are not decoded.
        workers: threads; None for one a processor.
        memo: as for `datasets.bad_files.drop_bad_files`.

    Returns:
        The shots kept, in order.

    Raises:
        InputError: more frames are bad than `max_bad_fraction` allows, or no shot is left.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("L", (8, 6)).save(path)
        >>> shot = ShotRecord("a", (path, Path("absent.png")), 1, ("cat",))
        >>> [each.frames == (path,) for each in drop_bad_frames([shot], max_bad_fraction=0.5)]
        [True]
    """
    frames = list(dict.fromkeys(frame for shot in shots for frame in shot.frames))
    bad = find_bad_files(frames, max_pixels=max_pixels, workers=workers, memo=memo)
    for frame, reason in bad.items():
        _logger.warning("Skipped %s: %s", frame, reason)
    kept = []
    for shot in shots:
        places = [i for i, frame in enumerate(shot.frames) if frame not in bad]
        if not places:
            _logger.warning("Left out the shot %s: none of its frames is sound.", shot.name)
            continue
        kept.append(shot if len(places) == len(shot.frames) else shot.take(places))
    if bad and (len(bad) / len(frames) > max_bad_fraction or not kept):
        raise InputError(describe_bad_files(bad, len(frames), max_bad_fraction))
    for shot in {shot.name: shot for shot in kept}.values():
        _tell_sizes(shot, max_pixels)
    return kept


def _tell_sizes(shot: ShotRecord, max_pixels: int) -> None:
    """Log that the frames of a shot are of several sizes."""
    headers = [read_header(frame, max_pixels=max_pixels) for frame in shot.frames]
    sizes = [(header.width, header.height) for header in headers]
    (usual, _), *others = Counter(sizes).most_common()
    if others:
        odd = next(i for i, size in enumerate(sizes) if size != usual)
        _logger.warning(
            "The shot %s has frames of %d sizes: most are %d x %d, %s is %d x %d (width x "
            "height). They are resized alike; take out what is no frame of it.",
            shot.name,
            len(others) + 1,
            *usual,
            shot.frames[odd].name,
            *sizes[odd],
        )
