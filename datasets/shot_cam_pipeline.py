"""Shots with a map a frame -> samples that train a decoder: frames and maps moved alike."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import tensorflow as tf

from config.errors import InputError
from datasets.pipeline import draw_number
from datasets.records import ShotRecord
from datasets.sample_order import Order
from datasets.shot_pictures import ShotPictures
from datasets.shot_views import ShotView, enlarge_map, show_window
from ops.temporal_cams import TemporalSettings, temporal_max

Load = Callable[[tf.Tensor, tf.Tensor], dict[str, tf.Tensor]]
ReadCams = Callable[[ShotRecord], np.ndarray]
_MOST_KEPT = 100_000  # frames whose maps stay in memory: 160 MB at 28 x 28


def make_shot_order(pictures: ShotPictures, *, seed: int) -> Order:
    """Make the order of `datasets.sample_order.make_ordered_dataset` whose numbers tell the epoch.

    Args:
        pictures: the shots.
        seed: run seed.

    Returns:
        (epoch, position) -> epoch * num_samples + a sample of that epoch, int64; each sample comes
        once an epoch.

    Example:
        >>> # see `make_cam_sample_loader`
    """
    num_samples = pictures.num_samples

    def order(epoch: tf.Tensor, position: tf.Tensor) -> tf.Tensor:
        drawn, _ = draw_number(position, seed=seed, epoch=epoch, num_records=num_samples)
        return tf.cast(epoch, tf.int64) * num_samples + tf.cast(drawn, tf.int64)

    return order


def make_cam_sample_loader(
    pictures: ShotPictures,
    read_cams: ReadCams,
    *,
    settings: TemporalSettings,
    side_frames: int = 0,
) -> Load:
    """Make the `load` of samples with a map each, for `datasets.sample_order`.

    A map is the maximum over the frame's neighbours, see `ops.temporal_cams.temporal_max`, resized
    to the frames' size and then cut and mirrored as its frame is. The temperature is that of the
    epoch, sample number // `num_samples`, see `make_shot_order`.

    For losses over several frames of a shot a sample may hold M = 2 k + 1 frames in time, the drawn
    one among them, all with the same window; see `choose_frames`.

    Args:
        pictures: the shots.
        read_cams: shot -> (T, h, w) maps of its frames, for the shot's tag.
        settings: how neighbours are joined.
        side_frames: k; 0 for samples of one frame.

    Returns:
        (sample number, seed) -> {"image" (S, S, 3) float32 in [0, 1], "cam" (S, S, 1) float32 in
        [0, 1]}; both with a first axis M where `side_frames` is above 0.

    Raises:
        ValueError: `side_frames` is negative.
        InputError: while the data are read: the maps are not one a frame.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from PIL import Image
        >>> from datasets.sample_order import make_ordered_dataset
        >>> path = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("RGB", (80, 60)).save(path)
        >>> pictures = ShotPictures([ShotRecord("a", (path,), 1, ("cat",))], 28, max_pixels=10_000)
        >>> batches = make_ordered_dataset(
        ...     make_shot_order(pictures, seed=0),
        ...     make_cam_sample_loader(
        ...         pictures, lambda shot: np.ones((1, 4, 4)), settings=TemporalSettings()
        ...     ),
        ...     batch_size=1, steps_per_epoch=1, epochs=1, seed=0,
        ... )
        >>> {name: tuple(values.shape) for name, values in next(iter(batches)).items()}
        {'image': (1, 28, 28, 3), 'cam': (1, 28, 28, 1)}
    """
    if side_frames < 0:
        raise ValueError(f"`side_frames` must be at least 0. Received {side_frames}.")
    size = pictures.image_size
    few = len(pictures.images.paths) <= _MOST_KEPT

    @functools.lru_cache(maxsize=None if few else 8)
    def read_shot(place: int) -> np.ndarray:
        return _check_cams(read_cams(pictures.shots[place]), pictures.shots[place])

    def show(place: int, view: ShotView, heat: float) -> tuple[np.ndarray, np.ndarray]:
        chosen = {"n": settings.n, "mode": settings.mode, "heat": heat}
        cam = temporal_max(read_shot(place), view.frame, **chosen)
        cam = show_window(enlarge_map(cam, pictures.resize_size), view, size)
        return pictures.read(place, view), cam[..., np.newaxis]

    def draw(number: np.ndarray, seed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        place, view = pictures.draw(number, seed)
        heat = settings.heat_at(int(number) // pictures.num_samples)
        if not side_frames:
            return show(place, view, heat)
        num_frames = len(pictures.shots[place].frames)
        frames = choose_frames(view.frame, num_frames, side_frames)
        shown = [show(place, replace(view, frame=frame), heat) for frame in frames]
        return tuple(np.stack(each) for each in zip(*shown, strict=True))

    def load(number: tf.Tensor, seed: tf.Tensor) -> dict[str, tf.Tensor]:
        types = (tf.uint8, tf.float32)
        image, cam = tf.numpy_function(draw, [number, seed], types, stateful=False)
        first = (2 * side_frames + 1,) if side_frames else ()
        image.set_shape((*first, size, size, 3))
        cam.set_shape((*first, size, size, 1))
        return {"image": tf.cast(image, tf.float32) / 255.0, "cam": cam}

    return load


def choose_frames(frame: int, num_frames: int, side_frames: int) -> list[int]:
    """Choose frames of a shot around one of them.

    Args:
        frame: place of the one.
        num_frames: frames of the shot, T.
        side_frames: k, at least 0.

    Returns:
        2 k + 1 places in time: those from k before to k after, moved into the shot at its ends. A
        shorter shot repeats its last frame.

    Example:
        >>> choose_frames(4, 9, 1), choose_frames(8, 9, 1), choose_frames(0, 2, 1)
        ([3, 4, 5], [6, 7, 8], [0, 1, 1])
    """
    length = 2 * side_frames + 1
    first = max(0, min(frame - side_frames, num_frames - length))
    return [min(first + i, num_frames - 1) for i in range(length)]


def _check_cams(cams: np.ndarray, shot: ShotRecord) -> np.ndarray:
    cams = np.asarray(cams)
    if cams.ndim != 3 or len(cams) != len(shot.frames):
        raise InputError(
            f"The maps of the shot {shot.name} must be (T, h, w), one for each of its "
            f"{len(shot.frames)} frames. Received shape {cams.shape}; have them made anew."
        )
    return cams
