"""Shows what was found in a video, frame by frame: an annotated MP4 and a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from config.errors import InputError
from config.files import atomic_file, atomic_table
from ops.box_overlaps import iou_matrix
from ops.opencv import cv2
from reporting.canvas import BLUE, ORANGE

FRAMES_PER_SECOND = 15.0
COLUMNS = ("frame", "name", "label", "score", "present", "x0", "y0", "x1", "y1", "iou")
_HEAT_WEIGHT = 0.5
_TEXT_SHARE = 24  # a line of text is this part of the shorter side


@dataclass(frozen=True)
class FrameResult:
    """What was found in one frame of a shot, and what is known of it.

    Attributes:
        number: place in the video, from 0.
        name: of the frame's file, or "".
        label: class that is looked for.
        score: how sure the model is.
        box: (4,) xyxy pixels of the frame, half-open; None where nothing was found.
        present: False where the object was decided to be absent; its box is then not shown.
        truth: (N, 4) true boxes; None where they are not known.

    Example:
        >>> result = FrameResult(0, "1.jpg", "cat", 0.5, np.array([0, 0, 4, 2]),
        ...                      truth=np.array([[0, 0, 4, 4]]))
        >>> result.measure_iou()
        0.5
    """

    number: int
    name: str
    label: str
    score: float
    box: np.ndarray | None
    present: bool = True
    truth: np.ndarray | None = None

    def measure_iou(self) -> float | None:
        """Compare the box with the true ones.

        Returns:
            The best IoU, half-open; 0 where nothing is shown; None where no truth is known.

        Example:
            >>> # see the class
        """
        if self.truth is None or not len(self.truth):
            return None
        if self.box is None or not self.present:
            return 0.0
        return float(iou_matrix(np.asarray(self.box)[np.newaxis], self.truth).max())


def annotate_frame(
    image: np.ndarray, result: FrameResult, *, cam: np.ndarray | None = None
) -> np.ndarray:
    """Draw a frame with its heat, the true boxes (blue) and the predicted one (orange).

    A strip above says class, score, whether the object is absent, and the IoU.

    Args:
        image: (H, W, 3) uint8.
        result: of the frame.
        cam: (h, w) heat in [0, 1] of any resolution, laid over the frame; None for none.

    Returns:
        (H + h, W, 3) uint8, h the height of the strip, which depends on the frame's size alone.

    Raises:
        ValueError: `image` is of another form, or `cam` no map in [0, 1].

    Example:
        >>> result = FrameResult(0, "", "cat", 0.5, np.array([10, 10, 30, 25]))
        >>> shown = annotate_frame(np.zeros((40, 60, 3), np.uint8), result)
        >>> shown[10 + len(shown) - 40, 20].tolist()
        [213, 94, 0]
    """
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"`image` must be (H, W, 3) uint8. Received {image.dtype} {image.shape}.")
    shown = Image.fromarray(image if cam is None else overlay_heat(image, cam))
    pen = ImageDraw.Draw(shown)
    width = max(1, round(min(shown.size) / 100))
    for box in () if result.truth is None else result.truth:
        _draw_box(pen, box, BLUE, width)
    if result.box is not None and result.present:
        _draw_box(pen, result.box, ORANGE, width)
    return add_caption(np.asarray(shown), _describe(result))


def add_caption(image: np.ndarray, text: str) -> np.ndarray:
    """Put a black strip with a line of text above a picture.

    Args:
        image: (H, W, 3) uint8.
        text: one line.

    Returns:
        (H + h, W, 3) uint8, h the height of the strip, which depends on the picture's size alone.

    Example:
        >>> add_caption(np.zeros((20, 30, 3), np.uint8), "a").shape
        (36, 30, 3)
    """
    return np.concatenate([_draw_caption(text, *image.shape[1::-1]), image])


def overlay_heat(image: np.ndarray, cam: np.ndarray) -> np.ndarray:
    """Tint a frame by heat, from dark blue over green to red; what is cold stays as it is.

    Args:
        image: (H, W, 3) uint8.
        cam: (h, w) heat in [0, 1], enlarged to the frame.

    Returns:
        (H, W, 3) uint8.

    Raises:
        ValueError: `cam` is no map in [0, 1].

    Example:
        >>> overlay_heat(np.full((1, 1, 3), 90, np.uint8), np.zeros((1, 1))).tolist()
        [[[90, 90, 90]]]
    """
    cam = np.asarray(cam, np.float32)
    if cam.ndim != 2 or not cam.size or not (cam.min() >= 0 and cam.max() <= 1):
        raise ValueError(f"`cam` must be a map (h, w) in [0, 1]. Received shape {cam.shape}.")
    heat = cv2.resize(cam, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    colours = cv2.applyColorMap((255 * heat).astype(np.uint8), cv2.COLORMAP_TURBO)[..., ::-1]
    weights = _HEAT_WEIGHT * heat[..., np.newaxis]
    return np.rint(image * (1 - weights) + colours * weights).astype(np.uint8)


def require_other_folder(video: Path, folder: Path) -> None:
    """Refuse to annotate a video in its own place, where it would be replaced.

    Args:
        video: the file.
        folder: where `<video>.mp4` is to be written.

    Raises:
        InputError: that is the file itself.

    Example:
        >>> require_other_folder(Path("clips/a.mp4"), Path("annotated"))
    """
    if (folder / f"{video.stem}.mp4").resolve() == video.resolve():
        raise InputError(
            "`--output` must be another folder than the video's, which would be replaced by its "
            f"annotated copy. Received {folder}."
        )


def write_video(
    frames: Iterable[np.ndarray], path: Path, *, frames_per_second: float = FRAMES_PER_SECOND
) -> Path:
    """Write frames as an MP4 (MPEG-4 part 2), whole or not at all, one frame in memory at a time.

    Args:
        frames: (H, W, 3) uint8 RGB, all of one size; an odd side gets its last row or column
            twice, which the format asks for.
        path: file to write, `.mp4`; its folder is made.
        frames_per_second: how fast it plays.

    Returns:
        `path`.

    Raises:
        InputError: there is no frame, or one is of another size.
        OSError: OpenCV cannot write the file.

    Example:
        >>> import tempfile
        >>> frames = [np.full((40, 60, 3), grey, np.uint8) for grey in (0, 128)]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_video(frames, Path(folder) / "shots" / "a.mp4").stat().st_size > 0
        True
    """
    path, writer, size = Path(path), None, None
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as temporary:
        try:
            for number, frame in enumerate(frames):
                if writer is None:
                    size, writer = frame.shape, _open(temporary, frame.shape, frames_per_second)
                elif frame.shape != size:
                    raise InputError(
                        f"Frames of a video must be of one size, {size}. Frame {number} of "
                        f"`{path}` is {frame.shape}; leave it out, or resize it."
                    )
                writer.write(_to_even(frame)[..., ::-1])
        finally:
            if writer is not None:
                writer.release()
        if writer is None:
            raise InputError(f"`{path}` needs at least one frame. Received none.")
    return path


def write_frame_table(results: Sequence[FrameResult], path: Path) -> Path:
    """Write a row per frame: its box in pixels, score, whether the object is there, and the IoU.

    Args:
        results: in the order of the rows. Cells of what is not there or not known are empty.
        path: CSV file to write; its folder is made.

    Returns:
        `path`.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> results = [FrameResult(0, "1.jpg", "cat", 0.5, np.array([0, 0, 4, 2]))]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_frame_table(results, Path(folder) / "a.csv").read_text().splitlines()[1]
        '0,1.jpg,cat,0.5000,1,0.00,0.00,4.00,2.00,'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_table(path) as table:
        table.writerow(COLUMNS)
        table.writerows(_make_row(result) for result in results)
    return path


def _make_row(result):
    shown = result.present and result.box is not None
    corners = [f"{corner:.2f}" for corner in result.box] if shown else [""] * 4
    overlap = result.measure_iou()
    return [
        result.number,
        result.name,
        result.label,
        f"{result.score:.4f}",
        int(result.present),
        *corners,
        "" if overlap is None else f"{overlap:.4f}",
    ]


def _describe(result):
    overlap = result.measure_iou()
    said = [f"{result.label} {result.score:.2f}"]
    if not result.present:
        said.append("absent")
    if overlap is not None:
        said.append(f"IoU {overlap:.2f}")
    return "  ".join(said)


def _draw_box(pen, box, colour, width):
    x0, y0, x1, y1 = (float(side) for side in box)
    # The last pixel is drawn too, so a half-open box ends one before its end.
    corners = [x0, y0, max(x0, x1 - 1), max(y0, y1 - 1)]
    pen.rectangle(corners, outline=colour, width=width)


def _draw_caption(text, width, height):
    """Return a black strip with a line of text, (h, W, 3) uint8."""
    size = max(10, min(width, height) // _TEXT_SHARE)
    strip = Image.new("RGB", (width, size + 2 * (size // 3)))
    pen = ImageDraw.Draw(strip)
    pen.text((4, size // 3), text, fill="white", font=ImageFont.load_default(size))
    return np.asarray(strip)


def _open(path, shape, frames_per_second):
    size = shape[1] + shape[1] % 2, shape[0] + shape[0] % 2
    code = cv2.VideoWriter_fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(path), code, float(frames_per_second), size)
    if not writer.isOpened():
        raise OSError(f"OpenCV cannot write {path} of {size[0]} x {size[1]} pixels as an MP4.")
    return writer


def _to_even(frame):
    return np.pad(frame, ((0, frame.shape[0] % 2), (0, frame.shape[1] % 2), (0, 0)), "edge")
