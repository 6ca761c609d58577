"""Counts the objects of a video over time: a plot, a table with a row per frame, an MP4."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from config.errors import InputError
from datasets.video_files import VideoHeader, iterate_frames, read_video_header
from reporting.count_settings import CountSettings
from reporting.frame_counts import FrameCount, annotate_count, draw_count_plot, write_count_table
from reporting.point_settings import PointSettings
from reporting.prediction import refused_picture
from reporting.predictors import Predictor
from reporting.videos import FRAMES_PER_SECOND, write_video

# Of a point counter: what the lists of points are made of, and what is too large to keep.
_POINT_OUTPUTS = ("points", "point_classes", "num_points", "probabilities")


def count_video(
    predictor: Predictor,
    video: Path,
    folder: Path,
    *,
    stride: int = 1,
    draw: bool = True,
    max_pixels: int,
    batch_size: int = 1,
) -> list[FrameCount]:
    """Count the objects in the frames of a video, and write what was counted.

    The video is decoded once, and one batch of frames is in memory at a time. Each file is written
    whole or not at all, so that Ctrl-C leaves none.

    Args:
        predictor: of a counter or a point counter: a model with `count`.
        video: AVI or MP4 file.
        folder: gets `<video>.csv`, `<video>.png` and, unless left out, `<video>.mp4`, which plays
            as fast as the video did.
        stride: every so many frames one is counted, the first among them.
        draw: whether the annotated video is written.
        max_pixels: larger frames are refused.
        batch_size: frames per call.

    Returns:
        What was counted, in time; at least one frame.

    Raises:
        InputError: the model does not count, refuses the frames, `stride` is below 1, or the video
            cannot be read.
        OSError: a file cannot be written.

    Example:
        >>> predictor = Predictor(None, {"saliency": (None, None, None)})
        >>> count_video(predictor, Path("a.mp4"), Path("."), max_pixels=9)
        Traceback (most recent call last):
        ...
        config.errors.InputError: the model must count objects. Received one that returns saliency.
    """
    if "count" not in predictor.outputs:
        received = ", ".join(predictor.outputs)
        raise InputError(f"the model must count objects. Received one that returns {received}.")
    if stride < 1:
        raise InputError(f"`--stride` must be at least 1 frame. Received {stride}.")
    header = read_video_header(video, max_pixels=max_pixels)
    frames = iterate_frames(video, max_pixels=max_pixels, stride=stride)
    counted = _count(predictor, frames, video, header, stride=stride, batch_size=batch_size)
    results: list[FrameCount] = []
    if draw:
        speed = (header.frames_per_second or FRAMES_PER_SECOND) / stride
        shown = _annotate(counted, results)
        write_video(shown, folder / f"{video.stem}.mp4", frames_per_second=speed)
    else:
        results += [result for _, result in counted]
    speed = header.frames_per_second
    write_count_table(results, folder / f"{video.stem}.csv", frames_per_second=speed)
    plot = folder / f"{video.stem}.png"
    draw_count_plot(results, plot, frames_per_second=speed, title=video.name)
    return results


def _count(
    predictor: Predictor,
    frames: Iterator[np.ndarray],
    video: Path,
    header: VideoHeader,
    *,
    stride: int,
    batch_size: int,
) -> Iterator[tuple[np.ndarray, FrameCount]]:
    """Yield the frames with what is counted in them."""
    wanted = [name for name in predictor.outputs if name != "probabilities"]
    run, number = predictor.select(*wanted), 0
    total = -(-header.num_frames // stride) or None
    with tqdm(total=total, unit=" frames", delay=2, disable=None) as bar:
        while batch := list(islice(frames, batch_size)):
            try:
                outputs = run(np.stack(batch))
            except (tf.errors.OpError, ValueError) as error:
                raise InputError(refused_picture(video.name, error).error) from error
            for place, frame in enumerate(batch):
                own = {name: value[place] for name, value in outputs.items()}
                yield frame, _read_frame(number * stride, own, predictor.settings)
                number += 1
            bar.update(len(batch))


def _annotate(counted, results: list[FrameCount]) -> Iterator[np.ndarray]:
    for frame, result in counted:
        results.append(result)
        yield annotate_count(frame, result)


def _read_frame(number: int, outputs: dict[str, np.ndarray], settings) -> FrameCount:
    kept = {name: value for name, value in outputs.items() if name not in _POINT_OUTPUTS}
    if not {"points", "point_classes", "num_points"} <= set(outputs):
        about = asdict(settings) if isinstance(settings, CountSettings) else {}
        return FrameCount(number, kept, about=about)
    known = int(outputs["num_points"])
    names = settings.class_names if isinstance(settings, PointSettings) else ()
    return FrameCount(
        number,
        kept,
        points=outputs["points"][:known],
        classes=outputs["point_classes"][:known],
        names={"class_counts": tuple(names)} if names else {},
    )
