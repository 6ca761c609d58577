"""The only door for videos: frames of AVI and MP4 files as uint8 RGB, one by one or as pictures."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from config.errors import InputError
from config.files import write_json
from datasets.images import MAX_PIXELS
from datasets.json_files import read_json
from datasets.scene_folder import write_picture
from ops.opencv import cv2

VIDEO_SUFFIXES = (".avi", ".mp4", ".m4v")
INDEX_FILE = "video.json"
_MAX_INDEX_BYTES = 1 << 16
_SILENT = 0  # OpenCV's log level
_logger = logging.getLogger(__name__)
# FFmpeg writes of damaged streams to the terminal itself; what matters is raised or logged here.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")


class UnreadableVideo(InputError):
    """Says that a file is no video, or one that cannot be decoded.

    Example:
        >>> raise UnreadableVideo("`a.avi` must be a whole video.")
        Traceback (most recent call last):
        ...
        datasets.video_files.UnreadableVideo: `a.avi` must be a whole video.
    """


@dataclass(frozen=True)
class VideoHeader:
    """What a video file says about itself.

    Attributes:
        width: of a frame, pixels.
        height: likewise.
        frames_per_second: 0 where it says none.
        num_frames: likewise; it may be wrong.

    Example:
        >>> VideoHeader(384, 288, 10.0, 150).width
        384
    """

    width: int
    height: int
    frames_per_second: float
    num_frames: int


def read_video_header(video: Path, *, max_pixels: int = MAX_PIXELS) -> VideoHeader:
    """Read the size and speed of a video.

    Args:
        video: AVI or MP4 file, told by its content.
        max_pixels: most pixels of a frame.

    Returns:
        The header.

    Raises:
        UnreadableVideo: no such file, not a video of these kinds, or frames of more than
            `max_pixels`.

    Example:
        >>> read_video_header(Path("absent.avi"))
        Traceback (most recent call last):
        ...
        datasets.video_files.UnreadableVideo: `absent.avi` must be a video file. There is no such \
file.
    """
    with _open_video(video, max_pixels) as (_, header):
        return header


def iterate_frames(
    video: Path, *, max_pixels: int = MAX_PIXELS, stride: int = 1
) -> Iterator[np.ndarray]:
    """Decode the frames of a video one by one.

    A stream that ends early, as that of a file that was cut, gives the frames before its end; the
    log then tells how many it had announced.

    Args:
        video: AVI or MP4 file.
        max_pixels: most pixels of a frame.
        stride: every so many frames one is given, the first among them; at least 1.

    Yields:
        (H, W, 3) uint8 RGB, turned upright.

    Raises:
        UnreadableVideo: as for `read_video_header`; or no frame can be decoded.
        ValueError: `stride` is below 1.

    Example:
        >>> # see `extract_frames`
    """
    if stride < 1:
        raise ValueError(f"`stride` must be at least 1. Received {stride}.")
    with _open_video(video, max_pixels) as (capture, header):
        number = 0
        while capture.grab():
            if number % stride == 0:
                whole, frame = capture.retrieve()
                if not whole:
                    break
                yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
            number += 1
    if not number:
        raise UnreadableVideo(
            f"`{video}` must have frames that can be decoded. It has none; replace it."
        )
    if number < header.num_frames:
        _logger.warning("%s says %d frames, %d came.", video, header.num_frames, number)


def extract_frames(
    video: Path, folder: Path, *, max_pixels: int = MAX_PIXELS, stride: int = 1
) -> list[Path]:
    """Write the frames of a video as JPEG pictures, once.

    They are called `000000.jpg` and so on, by the number of the frame in the video. `video.json`
    tells which file they are of and, when all are written, how many there are: a run that was
    stopped goes on with the frames that are missing, and a video that has changed is written anew.

    Args:
        video: AVI or MP4 file.
        folder: folder of its frames alone; made if need be.
        max_pixels: most pixels of a frame.
        stride: as for `iterate_frames`.

    Returns:
        The pictures, in time; at least one.

    Raises:
        UnreadableVideo: as for `iterate_frames`.
        InputError: the folder cannot be written to, or holds pictures of another origin.
        ValueError: `stride` is below 1.
        OSError: the disk is full.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> writer = cv2.VideoWriter(
        ...     str(folder / "a.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (32, 16)
        ... )
        >>> for _ in range(3):
        ...     writer.write(np.zeros((16, 32, 3), np.uint8))
        >>> writer.release()
        >>> [path.name for path in extract_frames(folder / "a.avi", folder / "a", stride=2)]
        ['000000.jpg', '000002.jpg']
    """
    if stride < 1:
        raise ValueError(f"`stride` must be at least 1. Received {stride}.")
    video, folder = Path(video), Path(folder)
    _require_video(video)
    stat = video.stat()
    source = {"video": video.name, "bytes": stat.st_size, "changed": stat.st_mtime_ns}
    index = {**source, "stride": stride, "num_frames": None}
    known = _open_folder(folder, index)
    if known is not None:
        paths = [_name_frame(folder, number, stride) for number in range(known)]
        if all(path.is_file() for path in paths):
            return paths
    paths = []
    for frame in iterate_frames(video, max_pixels=max_pixels, stride=stride):
        paths.append(_name_frame(folder, len(paths), stride))
        if not paths[-1].is_file():
            write_picture(paths[-1], frame)
    write_json({**index, "num_frames": len(paths)}, folder / INDEX_FILE)
    return paths


def _name_frame(folder: Path, number: int, stride: int) -> Path:
    return folder / f"{number * stride:06d}.jpg"


def _open_folder(folder: Path, index: dict) -> int | None:
    """Make a folder ready for the frames of a video; return how many it holds when it is whole."""
    path = folder / INDEX_FILE
    known = _read_index(path)
    frames = list(folder.glob("*.jpg"))
    if {**known, "num_frames": None} == index:
        count = known["num_frames"]
        return count if type(count) is int and 0 < count <= len(frames) else None
    if frames and not path.is_file():
        raise InputError(
            f"`{folder}` must be empty or hold frames that this program wrote. It has pictures and "
            f"no {INDEX_FILE}; move it away."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for frame in frames:
            frame.unlink(missing_ok=True)
        write_json(index, path)
    except OSError as error:
        raise InputError(
            f"`{folder}` must be a folder that can be written to, for the frames of "
            f"{index['video']}. Received: {error.strerror or error}."
        ) from error
    return None


def _read_index(path: Path) -> dict:
    """Read which frames a folder holds; {} when the file is absent or damaged."""
    try:
        stored = read_json(path, max_bytes=_MAX_INDEX_BYTES) if path.is_file() else None
    except InputError:
        return {}
    return stored if isinstance(stored, dict) else {}


def _require_video(video: Path) -> None:
    """Refuse what is no AVI or MP4 file, which FFmpeg might take for a list of other files."""
    if not video.is_file():
        raise UnreadableVideo(f"`{video}` must be a video file. There is no such file.")
    with open(video, "rb") as file:
        start = file.read(12)
    if (start[:4], start[8:12]) != (b"RIFF", b"AVI ") and start[4:8] != b"ftyp":
        raise UnreadableVideo(
            f"`{video}` must be an AVI or MP4 video. Its content is neither; convert it, or remove "
            "the file."
        )


@contextmanager
def _open_video(video: Path, max_pixels: int) -> Iterator[tuple[cv2.VideoCapture, VideoHeader]]:
    video = Path(video)
    _require_video(video)
    level = cv2.setLogLevel(_SILENT)
    try:  # an absolute path is never taken for an address, nor a % in it for a pattern
        capture = cv2.VideoCapture(os.path.abspath(video), cv2.CAP_FFMPEG)
    finally:
        cv2.setLogLevel(level)
    try:
        header = _describe(capture)
        if not capture.isOpened() or header.width < 1 or header.height < 1:
            raise UnreadableVideo(
                f"`{video}` must be a whole video. It cannot be opened; replace it."
            )
        if header.width * header.height > max_pixels:
            raise UnreadableVideo(
                f"`{video}` must have frames of at most {max_pixels} pixels (`max_pixels`). It "
                f"says {header.width} x {header.height}."
            )
        yield capture, header
    finally:
        capture.release()


def _describe(capture: cv2.VideoCapture) -> VideoHeader:
    width, height, speed, num_frames = (
        float(np.nan_to_num(capture.get(key), posinf=0))
        for key in (
            cv2.CAP_PROP_FRAME_WIDTH,
            cv2.CAP_PROP_FRAME_HEIGHT,
            cv2.CAP_PROP_FPS,
            cv2.CAP_PROP_FRAME_COUNT,
        )
    )
    return VideoHeader(int(width), int(height), max(speed, 0.0), max(int(num_frames), 0))
