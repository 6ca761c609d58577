"""Looks at the frames of shots: the decoder's boxes, and the classifier's maps beside them."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from tqdm import tqdm

from config.cam_names import BASELINE_NAMES, SALIENT
from config.errors import InputError
from config.schema import TemporalCamParams
from config.values import require_known
from datasets.frame_boxes import read_frame_boxes
from datasets.images import read_header
from datasets.records import ShotRecord
from finetuning.temporal_cam.prediction import (
    DecodeShot,
    make_shot_decoder,
    measure_map,
    spread_shots,
)
from finetuning.temporal_cam.summary import DECODER
from models.locator import find_localizer
from models.map_locator import find_map_reader
from reporting.model_files import load_keras_model
from reporting.shot_tracks import follow_object
from reporting.videos import FrameResult
from training.continued_runs import CLASSIFYING_FILE, LOCALIZING_FILE, find_run_with
from training.shot_scores import ShotScores, choose_label_free_threshold
from training.video_classifier.cam_stage import read_cam_settings
from training.video_classifier.frame_runs import ShotFunction, make_shot_drawer
from training.video_classifier.showing import find_map_box
from training.video_classifier.summary import Localization

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Seeing:
    """What looks at the frames of a run.

    Attributes:
        decoder: the run's.
        decode: shot -> maps of the object and probabilities of the classes.
        draw: {method: shot -> the classifier's maps}, what the decoder is compared with.
        threshold: of the decoder's boxes, chosen without labels.

    Example:
        >>> # see `open_seeing`
    """

    decoder: keras.Model
    decode: DecodeShot
    draw: Mapping[str, ShotFunction]
    threshold: float


def open_seeing(
    locator: keras.Model, args: argparse.Namespace, params: TemporalCamParams
) -> Seeing:
    """Open what looks at frames: the decoder, and the classifier of the run that is continued.

    Args:
        locator: the run's.
        args: the wrapper's arguments.
        params: resolved parameters.

    Returns:
        The functions.

    Raises:
        InputError: a baseline is unknown, or the run that is continued is gone.

    Example:
        >>> # see `finetuning.temporal_cam.scoring`
    """
    check_baselines(params)
    bounds = {"batch_size": params.batch_size, "max_pixels": params.max_pixels}
    decoder, draw = find_localizer(locator), {}
    if params.baselines:
        continued = find_run_with(
            CLASSIFYING_FILE, args.model_path, args.experiment_dir, params.continues
        )
        classifier = load_keras_model(continued / LOCALIZING_FILE)
        for method in params.baselines:
            own = {"method": method.removeprefix(SALIENT), "salient": method.startswith(SALIENT)}
            settings = read_cam_settings(continued, **own)
            draw[method] = make_shot_drawer(classifier, settings, **bounds)
    decode = make_shot_decoder(decoder, **bounds)
    return Seeing(decoder, decode, draw, find_map_reader(locator).threshold)


def name_maps(params: TemporalCamParams) -> str:
    """Name the maps that a decoder learns from.

    Args:
        params: resolved parameters.

    Returns:
        One of `config.cam_names.BASELINE_NAMES`.

    Example:
        >>> # see `finetuning.temporal_cam.scoring`
    """
    return f"{SALIENT if params.salient else ''}{params.cam_method}"


def check_baselines(params: TemporalCamParams) -> None:
    """Refuse methods of activation maps that are not known.

    Args:
        params: resolved parameters.

    Raises:
        InputError: one is unknown.

    Example:
        >>> # see `finetuning.temporal_cam.train`
    """
    for method in params.baselines:
        require_known(method, BASELINE_NAMES, "method", where="`baselines`: ")


def look_at_shots(
    seeing: Seeing,
    shots: Sequence[ShotRecord],
    training: Sequence[ShotRecord],
    params: TemporalCamParams,
) -> tuple[dict[str, Localization], list[list[FrameResult]]]:
    """Find the object in all frames, and compare maps with true boxes where these are known.

    Args:
        seeing: what looks.
        shots: those scored, with the frames in which boxes are looked for.
        training: shots whose maps give the thresholds of the classifier's boxes, without labels.
        params: resolved parameters.

    Returns:
        ({method: how right its boxes are}, {} where no frame has a true box; the results of the
        frames of each shot, smoothed and left out as configured).

    Raises:
        InputError: a frame or a mask cannot be read, or an answer is not finite.

    Example:
        >>> # see `finetuning.temporal_cam.scoring`
    """
    size = seeing.decoder.input.shape[1]
    bounds = {"max_pixels": params.max_pixels, "inclusive": params.inclusive_iou}
    counted = {name: ShotScores(shots, size, **bounds) for name in (DECODER, *seeing.draw)}
    limits = {"radius": params.track_radius, "absent_below": params.absent_below}
    tracks = []
    for place, shot in enumerate(tqdm(shots, "scoring", unit=" shots", delay=2, disable=None)):
        maps, scores = seeing.decode(shot)
        results = list(read_results(shot, maps, scores, seeing.threshold, params.max_pixels))
        tracks.append(follow_object(results, **limits))
        for number in shot.annotated:
            counted[DECODER].update(place, number, maps[number], scores[number])
        for method, draw in seeing.draw.items() if shot.annotated else ():
            for number, cam in zip(shot.annotated, draw(shot.take(shot.annotated)), strict=True):
                counted[method].update(place, number, cam, scores[number])
    if not counted[DECODER].num_frames:
        return {}, tracks
    thresholds = {DECODER: seeing.threshold, **_choose_thresholds(seeing, training, params)}
    found = {
        name: Localization(each.result(), each.result(threshold=thresholds[name]))
        for name, each in counted.items()
    }
    return found, tracks


def read_results(
    shot: ShotRecord, maps: np.ndarray, scores: np.ndarray, threshold: float, max_pixels: int
) -> Iterator[FrameResult]:
    """Read the boxes of a shot off its maps, frame by frame.

    Args:
        shot: the shot.
        maps: (T, S, S) in [0, 1], the object's probability.
        scores: (T, K) probabilities of the classes.
        threshold: share of a map's maximum.
        max_pixels: larger frames and masks are refused.

    Yields:
        The result of each frame, named `<shot>/<file>`. Its score is the probability of the shot's
        tag times the mean of the map where it is above the threshold.

    Raises:
        InputError: a header or a mask cannot be read.

    Example:
        >>> # see `look_at_shots`
    """
    for number, (score_map, shares) in enumerate(zip(maps, scores, strict=True)):
        frame = shot.frames[number]
        header = read_header(frame, max_pixels=max_pixels)
        yield FrameResult(
            number,
            f"{shot.name}/{frame.name}",
            shot.class_name,
            float(shares[shot.tag - 1]) * measure_map(score_map, threshold),
            find_map_box(score_map, (header.height, header.width), len(score_map), threshold),
            truth=read_frame_boxes(shot, number, max_pixels=max_pixels),
        )


def _choose_thresholds(
    seeing: Seeing, training: Sequence[ShotRecord], params: TemporalCamParams
) -> dict[str, float]:
    """Return the threshold without labels of each method of the classifier's maps."""
    size, learnt = seeing.decoder.input.shape[1], spread_shots(training, params.threshold_frames)
    thresholds = {}
    for method, draw in seeing.draw.items():
        maps = [cam for shot in learnt for cam in draw(shot)]
        try:
            thresholds[method] = choose_label_free_threshold(maps, size)
        except InputError as error:
            _logger.warning("%s: boxes are drawn around all that is not 0: %s", method, error)
            thresholds[method] = 0.0
    return thresholds
