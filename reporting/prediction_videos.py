"""Finds one object through a video: an annotated MP4, and a table with a row per frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from tqdm import tqdm

from config.errors import InputError
from datasets.video_files import iterate_frames, read_video_header
from ops.opencv import cv2
from reporting.box_settings import BoxSettings
from reporting.prediction_boxes import UNNAMED
from reporting.predictors import Predictor
from reporting.shot_tracks import follow_object
from reporting.videos import (
    FRAMES_PER_SECOND,
    FrameResult,
    annotate_frame,
    write_frame_table,
    write_video,
)

_KEPT_SIDE = 64  # of the maps that stay in memory between two looks at a video


@dataclass(frozen=True)
class VideoOptions:
    """How the boxes of a video's frames become one track.

    Attributes:
        track_radius: boxes are smoothed over so many frames on either side; 0 for not at all.
        absent_below: the object is absent where its score is below this; None: never.
        draw: whether the annotated video is written, not the table alone.

    Raises:
        InputError: a number is out of range.

    Example:
        >>> VideoOptions(track_radius=-1)
        Traceback (most recent call last):
        ...
        config.errors.InputError: `--track_radius` must be at least 0 frames. Received -1.
    """

    track_radius: int = 0
    absent_below: float | None = None
    draw: bool = True

    def __post_init__(self):
        if self.track_radius < 0:
            raise InputError(
                f"`--track_radius` must be at least 0 frames. Received {self.track_radius}."
            )
        if self.absent_below is not None and not 0 <= self.absent_below <= 1:
            raise InputError(
                f"`--absent_below` must be a score, in [0, 1]. Received {self.absent_below}."
            )


@dataclass
class _Found:
    """What a model says of the frames of a video, in time."""

    boxes: list[np.ndarray] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    probabilities: list[np.ndarray] = field(default_factory=list)
    maps: list[np.ndarray] = field(default_factory=list)


def predict_video(
    predictor: Predictor,
    video: Path,
    folder: Path,
    *,
    options: VideoOptions,
    max_pixels: int,
    batch_size: int = 1,
) -> list[FrameResult]:
    """Find the one object of a video in every frame, and write what was found.

    The object's class is the likeliest over all frames. A frame's score is how sure the box is,
    times the class's probability there. The video is decoded twice, so that memory stays small.

    Args:
        predictor: of a model with `boxes` and `scores`.
        video: AVI or MP4 file.
        folder: gets `<video>.csv` and, unless left out, `<video>.mp4`.
        options: how boxes become a track.
        max_pixels: larger frames are refused.
        batch_size: frames per call.

    Returns:
        The results of the frames.

    Raises:
        InputError: the model gives no box, or the video cannot be read.
        OSError: a file cannot be written.

    Example:
        >>> predictor = Predictor(None, {"saliency": (None, None, None)})
        >>> predict_video(predictor, Path("a.mp4"), Path("."), options=VideoOptions(), max_pixels=9)
        Traceback (most recent call last):
        ...
        config.errors.InputError: videos are for models that count, or find a box in a picture. \
Received one that returns saliency; extract the frames.
    """
    if not isinstance(predictor.settings, BoxSettings):
        raise InputError(
            "videos are for models that count, or find a box in a picture. Received one that "
            f"returns {', '.join(predictor.outputs)}; extract the frames."
        )
    header = read_video_header(video, max_pixels=max_pixels)
    found = _find(predictor, video, header.num_frames, max_pixels, batch_size)
    results = follow_object(
        _describe(found, predictor.settings.class_names),
        radius=options.track_radius,
        absent_below=options.absent_below,
    )
    write_frame_table(results, folder / f"{video.stem}.csv")
    if options.draw:
        speed = header.frames_per_second or FRAMES_PER_SECOND
        frames = _annotate(video, results, found.maps, max_pixels)
        write_video(frames, folder / f"{video.stem}.mp4", frames_per_second=speed)
    return results


def _find(
    predictor: Predictor, video: Path, num_frames: int, max_pixels: int, batch_size: int
) -> _Found:
    frames, found = iterate_frames(video, max_pixels=max_pixels), _Found()
    with tqdm(total=num_frames or None, unit=" frames", delay=2, disable=None) as bar:
        while batch := list(islice(frames, batch_size)):
            answer = predictor(np.stack(batch))
            found.boxes += list(answer["boxes"])
            found.scores += answer["scores"].tolist()
            found.probabilities += list(answer.get("class_probabilities", np.ones((len(batch), 1))))
            found.maps += [_shrink(each) for each in answer.get("map", ())]
            bar.update(len(batch))
    return found


def _describe(found: _Found, class_names: tuple[str, ...]) -> list[FrameResult]:
    shares = np.stack(found.probabilities)
    number = int(shares.mean(axis=0).argmax())
    unnamed = UNNAMED if shares.shape[1] == 1 else str(number + 1)
    label = class_names[number] if class_names else unnamed
    results = []
    for place, (box, score) in enumerate(zip(found.boxes, found.scores, strict=True)):
        known = np.isfinite(box).all() and (box[2:] > box[:2]).all()
        own = np.asarray(box, np.float64) if known else None
        results.append(FrameResult(place, "", label, score * float(shares[place, number]), own))
    return results


def _annotate(
    video: Path, results: list[FrameResult], maps: list[np.ndarray], max_pixels: int
) -> Iterator[np.ndarray]:
    # No frame further than at the first look, after which a cut video is warned of.
    frames = islice(iterate_frames(video, max_pixels=max_pixels), len(results))
    for number, (frame, result) in enumerate(zip(frames, results, strict=True)):
        cam = maps[number] / np.float32(255) if maps else None
        yield annotate_frame(frame, result, cam=cam)


def _shrink(score_map: np.ndarray) -> np.ndarray:
    """Return a map small enough to keep, as grey levels."""
    size = tuple(min(side, _KEPT_SIDE) for side in score_map.shape[::-1])
    small = cv2.resize(np.asarray(score_map, np.float32), size, interpolation=cv2.INTER_AREA)
    return np.rint(255 * np.clip(small, 0, 1)).astype(np.uint8)
