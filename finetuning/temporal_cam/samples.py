"""The batches that a decoder learns from and is validated on."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from config.schema import TemporalCamParams
from datasets.frame_boxes import read_frame_boxes
from datasets.images import read_header
from datasets.records import ShotRecord
from datasets.sample_order import make_ordered_dataset
from datasets.scaled_images import ScaledImages
from datasets.sharding import make_evaluation_dataset
from datasets.shot_cam_pipeline import ReadCams, make_cam_sample_loader, make_shot_order
from datasets.shot_pictures import ShotPictures
from datasets.shot_views import enlarge_map
from finetuning.temporal_cam.model import BOXES
from finetuning.temporal_cam.seeding import (
    Sample,
    SeedRules,
    add_lattices,
    make_seed_loader,
    make_targets,
)
from ops.temporal_cams import temporal_max

Places = Sequence[tuple[int, int]]  # (place of the shot, place of the frame) of each frame
_NO_BOX = (0.0, 0.0, 0.0, 0.0)
_MOST_SHOTS = 64  # whose maps stay in memory: frames come shot by shot


def make_training_batches(
    pictures: ShotPictures,
    read_cams: ReadCams,
    params: TemporalCamParams,
    *,
    steps_per_epoch: int,
    seed: int,
    first_step: int = 0,
) -> tf.data.Dataset:
    """Make the training batches, all epochs one after the other.

    A record is a window of a random frame of a shot, with its joined map and the seeds drawn of it
    anew each time; the lattices of the CRF losses are built here too, ahead of the step.

    Args:
        pictures: the shots to learn from.
        read_cams: shot -> (T, h, w) maps of its frames.
        params: resolved parameters.
        steps_per_epoch: steps of an epoch.
        seed: run seed.
        first_step: steps already done, over all epochs.

    Returns:
        Batches of (images (B, M, S, S, 3) float32 in [0, 1], targets).

    Raises:
        InputError: parameters do not go together.

    Example:
        >>> # see `finetuning.temporal_cam.fitting`
    """
    rules = SeedRules.of(params)
    load_cams = make_cam_sample_loader(
        pictures, read_cams, settings=rules.temporal, side_frames=rules.side_frames
    )
    batches = make_ordered_dataset(
        make_shot_order(pictures, seed=seed),
        make_seed_loader(load_cams, rules, params, num_samples=pictures.num_samples),
        batch_size=params.batch_size,
        steps_per_epoch=steps_per_epoch,
        epochs=params.epochs,
        seed=seed,
        first_step=first_step,
    )
    return _with_lattices(batches, params)


def make_validation_batches(
    shots: Sequence[ShotRecord],
    places: Places,
    read_cams: ReadCams,
    params: TemporalCamParams,
    *,
    image_size: int,
    cache: str = "none",
    cache_dir: Path | None = None,
) -> tf.data.Dataset:
    """Make the validation batches: whole frames, always with the same seeds.

    Args:
        shots: the shots.
        places: the frames that are looked at.
        read_cams: shot -> (T, h, w) maps of its frames.
        params: resolved parameters.
        image_size: side of the network's input, S.
        cache: as for `datasets.pixel_cache.open_cache`.
        cache_dir: likewise.

    Returns:
        Batches of (images (B, 1, S, S, 3), targets); these with `boxes` (B, N, 4), see
        `read_scaled_boxes`, where one is known.

    Raises:
        InputError: parameters do not go together, or a mask or header cannot be read.
        OSError: the disk cache cannot be made.

    Example:
        >>> # see `finetuning.temporal_cam.fitting`
    """
    rules = SeedRules.of(params)
    show = _make_frame_shower(shots, places, read_cams, rules, params.epochs - 1, image_size)
    images = ScaledImages(
        [shots[place].frames[frame] for place, frame in places],
        size=(image_size, image_size),
        max_pixels=params.max_pixels,
        cache=cache,
        cache_dir=cache_dir,
    )
    boxes = read_scaled_boxes(shots, places, image_size, max_pixels=params.max_pixels)

    def read(number: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return images.read(int(number)), show(int(number))

    def load(number: tf.Tensor, seed: tf.Tensor) -> Sample:
        types = (tf.uint8, tf.float32)
        pixels, cam = tf.numpy_function(read, [number], types, stateful=False)
        pixels.set_shape((image_size, image_size, 3))
        cam.set_shape((image_size, image_size))
        own_seed = tf.stack([0, tf.cast(number, tf.int32)])
        targets = make_targets(cam[tf.newaxis], own_seed, rules, params)
        if boxes.any():
            targets[BOXES] = tf.gather(tf.constant(boxes, tf.float32), number)
        return tf.cast(pixels, tf.float32)[tf.newaxis] / 255.0, targets

    batches = make_evaluation_dataset(len(places), load, batch_size=params.batch_size)
    return _with_lattices(batches, params, joint=False)


def read_scaled_boxes(
    shots: Sequence[ShotRecord], places: Places, image_size: int, *, max_pixels: int
) -> np.ndarray:
    """Read the true boxes of frames in the pixels of the network's input.

    Args:
        shots: the shots.
        places: frames of them.
        image_size: side of the network's input, S.
        max_pixels: larger frames and masks are refused.

    Returns:
        (F, N, 4) float64 xyxy, N the most of a frame and at least 1; rows of 0 fill up.

    Raises:
        InputError: a header or a mask cannot be read.

    Example:
        >>> shot = ShotRecord("1", (Path("1.jpg"),), 1, ("cat",))
        >>> read_scaled_boxes([shot], [(0, 0)], 32, max_pixels=100).tolist()
        [[[0.0, 0.0, 0.0, 0.0]]]
    """
    found = []
    for place, frame in places:
        boxes = read_frame_boxes(shots[place], frame, max_pixels=max_pixels)
        if boxes is None or not len(boxes):
            found.append(np.zeros((0, 4)))
            continue
        header = read_header(shots[place].frames[frame], max_pixels=max_pixels)
        scale = np.tile([image_size / header.width, image_size / header.height], 2)
        found.append(boxes * scale)
    most = max([1, *map(len, found)])
    filled = [
        np.concatenate([each, [_NO_BOX] * (most - len(each))]) if len(each) < most else each
        for each in found
    ]
    return np.stack(filled) if filled else np.zeros((0, most, 4))


def _make_frame_shower(
    shots, places, read_cams: ReadCams, rules: SeedRules, epoch: int, image_size: int
) -> Callable[[int], np.ndarray]:
    """Return number of a frame -> (S, S) float32, its joined map as at the end of the training."""
    settings = rules.temporal
    options = {"n": settings.n, "mode": settings.mode, "heat": settings.heat_at(epoch)}

    @functools.lru_cache(maxsize=_MOST_SHOTS)
    def read_shot(place: int) -> np.ndarray:
        return read_cams(shots[place])

    def show(number: int) -> np.ndarray:
        place, frame = places[number]
        return enlarge_map(temporal_max(read_shot(place), frame, **options), image_size)

    return show


def _with_lattices(batches, params, *, joint=True):
    def add(images, targets):
        lattices = add_lattices(images, params, joint=joint)
        return images, {**targets, **lattices}

    # Not one per core: each already builds the lattices of a whole batch.
    added = batches.map(add, num_parallel_calls=2, deterministic=True)
    return added.prefetch(tf.data.AUTOTUNE)
