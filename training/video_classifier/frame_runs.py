"""Runs a classifier over the frames of shots: a map of the shot's own tag, or scores of all."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from config.errors import InputError
from datasets.images import read_image
from datasets.job_pool import run_threads
from datasets.records import ShotRecord
from datasets.shot_pipeline import make_frame_dataset
from models.cam import make_cam_function
from models.tapped_classifier import TappedClassifier
from ops.opencv import cv2
from ops.saliency import robust_background_saliency
from ops.salient_maps import weigh_by_saliency

ShotFunction = Callable[[ShotRecord], np.ndarray]
_SALIENCY_SIZE = 64  # side at which saliency waits; maps are 28 x 28 and the like


@dataclass(frozen=True, kw_only=True)
class ShotCamSettings:
    """How the maps of shots are drawn.

    Attributes:
        image_size: side of the network's input, S, to which frames are resized, pixels.
        method: one of `config.cam_names.CAM_METHOD_NAMES`.
        salient: multiply them by what stands out, see `ops.saliency`.

    Example:
        >>> ShotCamSettings(image_size=224).method
        'layer_cam'
    """

    image_size: int
    method: str = "layer_cam"
    salient: bool = False


def make_shot_drawer(
    classifier: keras.Model, settings: ShotCamSettings, *, batch_size: int, max_pixels: int
) -> ShotFunction:
    """Make the function that draws the class activation maps of a shot's frames.

    It is traced once and reads the classifier's weights whenever it runs.

    Args:
        classifier: of `models.cam_classifier` or `models.label_pooling`, or any that
            `models.cam.make_cam_function` takes, of pictures (S, S, 3) in [0, 1].
        settings: how.
        batch_size: frames at once.
        max_pixels: larger frames are refused before decoding.

    Returns:
        Shot -> (T, h, w) float32 in [0, 1], of its tag; a frame whose map is constant is 0. Some
        frames of a shot are drawn with `shot.take`.

    Raises:
        InputError: the method cannot be had; by the function also: a frame cannot be read, or a
            map is not finite.

    Example:
        >>> # see `training.video_classifier.cam_stage`
    """
    draw = make_cam_function(classifier, method=settings.method)
    options = {"batch_size": batch_size, "max_pixels": max_pixels}

    def draw_shot(shot: ShotRecord) -> np.ndarray:
        frames = make_frame_dataset([shot], settings.image_size, **options)
        maps = [draw(images, [shot.tag - 1] * len(images)) for images in frames]
        maps = _require_finite(np.concatenate(maps), shot)
        if not settings.salient:
            return maps
        return weigh_by_saliency(maps, rate_frames(shot, max_pixels=max_pixels))

    return draw_shot


def rate_frames(shot: ShotRecord, *, max_pixels: int) -> np.ndarray:
    """Say in each frame of a shot what stands out, without a network and in threads.

    Args:
        shot: the shot.
        max_pixels: larger frames are refused before decoding.

    Returns:
        (T, 64, 64) float32 in [0, 1].

    Raises:
        InputError: a frame cannot be read.

    Example:
        >>> # see `make_shot_drawer`
    """

    def rate(frame: Path) -> np.ndarray:
        saliency = robust_background_saliency(read_image(frame, max_pixels=max_pixels))
        return cv2.resize(
            saliency.astype(np.float32), (_SALIENCY_SIZE,) * 2, interpolation=cv2.INTER_AREA
        )

    return np.stack(list(run_threads(rate, shot.frames, workers=min(os.cpu_count() or 1, 8))))


def make_shot_scorer(
    classifier: keras.Model, image_size: int, *, batch_size: int, max_pixels: int
) -> ShotFunction:
    """Make the function that scores the frames of a shot.

    Args:
        classifier: with an output `scores` (B, K), of pictures (S, S, 3) in [0, 1].
        image_size: side of its input, S, pixels.
        batch_size: frames at once.
        max_pixels: larger frames are refused before decoding.

    Returns:
        Shot -> (T, K) float32 logits; it raises InputError where a frame cannot be read, or a
        score is not finite.

    Example:
        >>> # see `training.video_classifier.scoring`
    """

    tapped = TappedClassifier(classifier)
    call = tf.function(tapped.score, input_signature=[tapped.image_spec], autograph=False)
    options = {"batch_size": batch_size, "max_pixels": max_pixels}

    def score_shot(shot: ShotRecord) -> np.ndarray:
        frames = make_frame_dataset([shot], image_size, **options)
        return _require_finite(np.concatenate([call(images) for images in frames]), shot)

    return score_shot


def spread_frames(shot: ShotRecord, most: int) -> ShotRecord:
    """Keep some frames of a shot, spread evenly: of those that are annotated, where there are any.

    Args:
        shot: the shot.
        most: frames to keep at most, at least 1.

    Returns:
        The shot with them alone.

    Example:
        >>> from pathlib import Path
        >>> shot = ShotRecord("1", tuple(Path(f"{n}.jpg") for n in range(9)), 1, ("cat",))
        >>> [frame.stem for frame in spread_frames(shot, 3).frames]
        ['1', '4', '7']
    """
    return shot.take(spread_evenly(shot.annotated or range(len(shot.frames)), most))


def spread_evenly(places: Sequence[int], most: int) -> list[int]:
    """Choose some of many, each from the middle of a part of equal length.

    Args:
        places: what is chosen from.
        most: how many at most, at least 1.

    Returns:
        All where they are no more than that.

    Example:
        >>> spread_evenly([5, 6, 7, 8], 2)
        [6, 8]
    """
    if len(places) <= most:
        return list(places)
    step = len(places) / most
    return [places[int((number + 0.5) * step)] for number in range(most)]


def _require_finite(values: np.ndarray, shot: ShotRecord) -> np.ndarray:
    bad = ~np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    if bad.any():
        raise InputError(
            f"{shot.frames[int(bad.argmax())]}: the classifier's answer is not finite; train it "
            "anew with a lower `learning_rate`."
        )
    return values
