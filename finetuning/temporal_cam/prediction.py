"""Runs the decoder and the classifier of a run over frames: maps, scores, boxes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from config.errors import InputError
from config.schema import TemporalCamParams
from datasets.records import ShotRecord
from datasets.shot_pipeline import make_frame_dataset
from training.shot_scores import choose_label_free_threshold
from training.video_classifier.frame_runs import spread_evenly

# Shot -> maps (T, h, w) and scores (T, K).
DecodeShot = Callable[[ShotRecord], tuple[np.ndarray, np.ndarray]]
_CURE = "the decoder has lost the object: train it anew with a lower `crf_weight`, or more seeds"


def make_shot_decoder(decoder: keras.Model, *, batch_size: int, max_pixels: int) -> DecodeShot:
    """Make the function that decodes the frames of a shot.

    Args:
        decoder: of `models.cam_decoder`.
        batch_size: frames at once.
        max_pixels: larger frames are refused before decoding.

    Returns:
        Shot -> ((T, S, S) float32 probability of the object, (T, K) float32 probabilities of the
        classes); it raises InputError where a frame cannot be read, or an answer is not finite.

    Example:
        >>> # see `finetuning.temporal_cam.scoring`
    """
    size = decoder.input.shape[1]
    spec = tf.TensorSpec((None, size, size, 3), tf.float32)

    @tf.function(input_signature=[spec], autograph=False)
    def run(images):
        found = decoder(images, training=False)
        logits = tf.cast(found["map_logits"], tf.float32)
        return tf.nn.softmax(logits)[..., 1], tf.nn.softmax(tf.cast(found["scores"], tf.float32))

    def decode(shot: ShotRecord) -> tuple[np.ndarray, np.ndarray]:
        frames = make_frame_dataset([shot], size, batch_size=batch_size, max_pixels=max_pixels)
        parts = zip(*(map(np.asarray, run(images)) for images in frames), strict=True)
        maps, scores = (np.concatenate(each) for each in parts)
        if not (np.isfinite(maps).all() and np.isfinite(scores).all()):
            raise InputError(
                f"{shot.name}: the decoder's answer is not finite; train it anew with a lower "
                "`learning_rate`."
            )
        return maps, scores

    return decode


def find_decoder_threshold(
    decoder: keras.Model, shots: Sequence[ShotRecord], params: TemporalCamParams
) -> float:
    """Choose the threshold of a decoder's boxes from its maps of training frames alone.

    Args:
        decoder: of `models.cam_decoder`.
        shots: training shots.
        params: resolved parameters.

    Returns:
        Share of a map's maximum, see `ops.map_thresholds`.

    Raises:
        InputError: every map is constant, a frame cannot be read, or an answer is not finite.

    Example:
        >>> # see `finetuning.temporal_cam.fitting`
    """
    options = {"batch_size": params.batch_size, "max_pixels": params.max_pixels}
    decode = make_shot_decoder(decoder, **options)
    maps = (cam for shot in spread_shots(shots, params.threshold_frames) for cam in decode(shot)[0])
    return choose_label_free_threshold(maps, decoder.input.shape[1], cure=_CURE)


def spread_shots(shots: Sequence[ShotRecord], most: int) -> list[ShotRecord]:
    """Keep some frames of every shot, spread evenly, annotated or not.

    Args:
        shots: the shots.
        most: frames of each at most.

    Returns:
        The shots with them alone.

    Example:
        >>> from pathlib import Path
        >>> shot = ShotRecord("1", tuple(Path(f"{n}.jpg") for n in range(9)), 1, ("cat",))
        >>> [frame.stem for frame in spread_shots([shot], 3)[0].frames]
        ['1', '4', '7']
    """
    return [shot.take(spread_evenly(range(len(shot.frames)), most)) for shot in shots]


def measure_map(score_map: np.ndarray, threshold: float) -> float:
    """Say how sure a map is: the mean of what is above the threshold.

    Args:
        score_map: (h, w) in [0, 1].
        threshold: share of the map's maximum.

    Returns:
        In [0, 1]; 0 of an empty map.

    Example:
        >>> measure_map(np.array([[0.0, 0.5, 1.0, 0.0]]), 0.4)
        0.75
    """
    levels = (255 * np.asarray(score_map, np.float64)).astype(np.int64)
    bright = np.asarray(score_map)[levels > int(threshold * int(levels.max()))]
    return float(bright.mean()) if bright.size else 0.0
