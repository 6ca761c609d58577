"""Runs a saliency model on the pictures of records and compares its maps with the truth."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from config.errors import InputError
from config.schema import SaliencyParams
from datasets.images import read_image
from datasets.job_pool import run_pool
from datasets.records import TagRecord
from metrics.saliency import saliency_scores
from reporting.predictors import trace_pictures
from training.saliency.baselines import read_truth, score_baselines
from training.saliency.labels import name_labels


@dataclass(frozen=True)
class ScoredPicture:
    """How a picture's saliency agrees with the truth.

    Attributes:
        record: of the picture.
        labels: its label map, the truth where the record has no mask.
        scores: {"network" or one of `training.saliency.baselines.BASELINES`: {score: value}}.
        seconds: what the network took, decoding aside.

    Example:
        >>> # see `score_pictures`
    """

    record: TagRecord
    labels: Path
    scores: dict[str, dict[str, float]]
    seconds: float


def score_pictures(
    model: keras.Model,
    records: Sequence[TagRecord],
    args: argparse.Namespace,
    params: SaliencyParams,
    run: Path,
) -> list[ScoredPicture]:
    """Score the network, a picture at a time, and what needs none, in `--workers` processes.

    Args:
        model: what `models.saliency_network.build_saliency_model` returned, or its file.
        records: the pictures.
        args: a wrapper's arguments, with `data_dir` and `workers`.
        params: resolved parameters.
        run: run folder with the label maps.

    Returns:
        One per record.

    Raises:
        InputError: a picture or its truth cannot be read, or a map is NaN.

    Example:
        >>> # see `training.saliency.scoring`
    """
    labels = [name_labels(record, Path(args.data_dir), run) for record in records]
    job = partial(score_baselines, max_pixels=params.max_pixels)
    workers = vars(args).get("workers", 1)
    baselines = run_pool(job, records, labels, workers=workers, label="without a network")
    found = _run(trace_model(model), records, labels, params.max_pixels)
    bar = tqdm(found, "network", len(records), unit=" pictures", delay=2, disable=None)
    return [
        ScoredPicture(record, path, {"network": scores, **others}, seconds)
        for record, path, (scores, seconds), others in zip(
            records, labels, bar, baselines, strict=True
        )
    ]


def trace_model(model: keras.Model) -> Callable[[np.ndarray], np.ndarray]:
    """Make a function of a saliency model that is quick to call.

    Args:
        model: see `score_pictures`.

    Returns:
        (B, H, W, 3) uint8 pictures -> (B, H, W) float32 saliency.

    Example:
        >>> # see `score_pictures`
    """

    call = trace_pictures(partial(model, training=False), ["saliency"])
    call(np.zeros((1, 32, 32, 3), np.uint8))  # the first call is slow and not to be counted
    return lambda images: call(images)["saliency"]


def _run(call, records, labels, max_pixels) -> Iterator[tuple[dict[str, float], float]]:
    for record, path in zip(records, labels, strict=True):
        image = read_image(record.image, max_pixels=max_pixels)
        truth = read_truth(record, path, image.shape[:2], max_pixels=max_pixels)
        started = time.perf_counter()
        saliency = call(image[np.newaxis])[0]
        seconds = time.perf_counter() - started
        if not np.isfinite(saliency).all():
            raise InputError(
                f"{record.image}: the saliency is not finite; train anew with a lower "
                "`learning_rate`."
            )
        yield saliency_scores(saliency, truth), seconds
