"""Shows what a video classifier found: a table of scores, a sheet of frames with heat and boxes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from config.files import atomic_table
from config.schema import VideoClassifierParams
from datasets.frame_boxes import read_frame_boxes
from datasets.images import read_image
from datasets.records import ShotRecord
from datasets.shot_views import enlarge_map
from ops.level_boxes import find_level_boxes
from reporting.mask_figures import draw_sheet
from reporting.videos import FrameResult, annotate_frame
from training.video_classifier.frame_runs import ShotFunction

_TITLES = ("frame", "map and boxes")


def write_predictions(
    shots: Sequence[ShotRecord], scores: Sequence[np.ndarray], path: Path
) -> Path:
    """Write a row per frame: its shot, its tag, and the score of every tag.

    Args:
        shots: those scored, at least one.
        scores: (T, K) logits of each one's frames.
        path: CSV file to write.

    Returns:
        `path`.

    Raises:
        OSError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> shot = ShotRecord("a", (Path("1.jpg"),), 1, ("cat", "rat"))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = write_predictions([shot], [np.array([[0.5, -1]])], Path(folder) / "a.csv")
        ...     path.read_text()
        'shot,frame,tag,predicted,score_cat,score_rat\\na,1.jpg,cat,cat,0.5,-1\\n'
    """
    names = shots[0].class_names
    with atomic_table(path) as table:
        table.writerow(["shot", "frame", "tag", "predicted", *(f"score_{name}" for name in names)])
        for shot, rows in zip(shots, scores, strict=True):
            for frame, row in zip(shot.frames, rows, strict=True):
                told = [shot.name, frame.name, shot.class_name, names[int(row.argmax())]]
                table.writerow([*told, *(f"{score:.6g}" for score in row)])
    return path


def draw_run(
    folder: Path,
    shots: Sequence[ShotRecord],
    scores: Sequence[np.ndarray],
    draw: ShotFunction,
    params: VideoClassifierParams,
    *,
    threshold: float,
    seed: int,
) -> None:
    """Draw random frames with the map of their tag, its box (orange) and the true ones (blue).

    Args:
        folder: the figures go there; it is made.
        shots: those scored.
        scores: (T, K) logits of each one's frames.
        draw: draws maps.
        params: resolved parameters.
        threshold: of the boxes, as a share of a map's maximum.
        seed: draws the frames.

    Raises:
        InputError: a frame cannot be read any more.
        OSError: a figure cannot be written.

    Example:
        >>> # see `training.video_classifier.scoring`
    """
    generator = np.random.default_rng(seed)
    drawn = sorted(generator.permutation(len(shots))[: params.num_pictures].tolist())
    rows = []
    for place in drawn:
        number = int(generator.integers(len(shots[place].frames)))
        cam = draw(shots[place].take([number]))[0]
        rows.append(_show(shots[place], number, cam, scores[place][number], params, threshold))
    if rows:
        draw_sheet(rows, _TITLES, folder / "cam_sheet.png")


def find_map_box(cam: np.ndarray, size: tuple[int, int], image_size: int, threshold: float):
    """Draw the box of a map: around the contour of the largest area above a threshold.

    Args:
        cam: (h, w) in [0, 1] over the whole frame.
        size: (height, width) of the frame, pixels.
        image_size: side of the square at which contours are looked for, pixels.
        threshold: share of the map's maximum.

    Returns:
        (4,) float64 xyxy pixels of the frame, half-open; None where there is no contour.

    Example:
        >>> find_map_box(np.array([[0.0, 0.0], [1.0, 1.0]]), (4, 6), 8, 0.5).tolist()
        [0.0, 2.0, 6.0, 4.0]
    """
    box = find_level_boxes(enlarge_map(cam, image_size), [threshold], every_contour=False).largest
    if np.isnan(box).any():
        return None
    return box[0] * np.tile(np.divide(size[::-1], image_size), 2)


def _show(
    shot: ShotRecord,
    number: int,
    cam: np.ndarray,
    scores: np.ndarray,
    params: VideoClassifierParams,
    threshold: float,
) -> tuple[str, list[np.ndarray]]:
    image = read_image(shot.frames[number], max_pixels=params.max_pixels)
    result = FrameResult(
        number,
        shot.frames[number].name,
        shot.class_name,
        float(np.exp(scores[shot.tag - 1] - np.logaddexp.reduce(scores))),
        find_map_box(cam, image.shape[:2], params.image_size, threshold),
        truth=read_frame_boxes(shot, number, max_pixels=params.max_pixels),
    )
    return f"{shot.name}, {result.name}", [image, annotate_frame(image, result, cam=cam)]
