"""Reads a folder of videos for each class, whose frames are decoded once into a cache."""

from __future__ import annotations

from pathlib import Path

from tqdm import tqdm

from config.errors import InputError
from datasets.named_shots import NamedShot, name_shot
from datasets.paths import find_dataset, keep_inside
from datasets.split_folders import find_split_folders, list_folders
from datasets.video_files import VIDEO_SUFFIXES, UnreadableVideo, extract_frames

FRAME_CACHE = ".frames"
_QUIET_SECONDS = 2.0


def list_class_videos(
    data_dir: Path, dataset: str, *, frame_cache: Path | None = None
) -> list[NamedShot]:
    """List the videos of a folder for each class, whose name is their tag; each is one shot.

    Layout: `<class>/<name>.avi` or `.mp4`, or `<split>/<class>/<name>.avi` with the splits of
    `datasets.split_folders`. The frames are written once, see
    `datasets.video_files.extract_frames`; a progress bar shows after two seconds. A video that
    cannot be decoded is a shot without frames whose problem is told.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the folder of the classes, or of the splits.
        frame_cache: folder for the frames; None for `.frames` in the data set's folder.

    Returns:
        Shots sorted by split, class and name.

    Raises:
        InputError: there is no video, a link leads out of `data_dir`, or the frames cannot be
            written.
        OSError: the disk is full.

    Example:
        >>> import tempfile
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> (data_dir / "cat").mkdir()
        >>> (data_dir / "cat" / "a.avi").touch()
        >>> shot = list_class_videos(data_dir, ".")[0]
        >>> shot.name, shot.tag, shot.frames
        ('cat/a.avi', 'cat', ())
    """
    folder = find_dataset(data_dir, dataset)
    cache = folder / FRAME_CACHE
    if frame_cache is not None:  # perhaps shared with other data sets
        cache = Path(frame_cache) / name_shot(dataset)
    videos = [
        (keep_inside(data_dir, path), split)
        for place, split in find_split_folders(data_dir, folder)
        for each in list_folders(data_dir, place)
        for path in sorted(each.iterdir())
        if path.suffix.lower() in VIDEO_SUFFIXES and not path.name.startswith(".")
    ]
    if not videos:
        raise InputError(
            f"`{folder}` must hold a folder of videos for each class, {', '.join(VIDEO_SUFFIXES)}. "
            "It has none."
        )
    bar = tqdm(videos, "decoding", unit=" videos", delay=_QUIET_SECONDS, disable=None)
    return [_read_video(path, split, folder, dataset, cache) for path, split in bar]


def _read_video(
    path: Path, split: str | None, folder: Path, dataset: str, cache: Path
) -> NamedShot:
    place = path.relative_to(folder).as_posix()
    frames, problem = (), ""
    try:
        frames = tuple(extract_frames(path, cache / place))
    except UnreadableVideo as error:
        problem = str(error)
    return NamedShot(name_shot(dataset, place), frames, path.parent.name, split, problem=problem)
