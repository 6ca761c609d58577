"""Tagged shots -> batches: a random frame a shot for training, every frame for evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from datasets.pipeline import make_sample_dataset
from datasets.records import ShotRecord
from datasets.scaled_images import ScaledImages
from datasets.sharding import make_evaluation_dataset
from datasets.shot_pictures import ShotPictures, make_shot_targets

Load = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


def make_classifier_sample_loader(pictures: ShotPictures) -> Load:
    """Make the `load` of `datasets.pipeline.make_sample_dataset` for a classifier of shots.

    Args:
        pictures: the shots.

    Returns:
        (sample number, seed) -> (image (S, S, 3) float32 in [0, 1], target (K,) float32, one-hot):
        a random window of a random frame, half of them mirrored.

    Example:
        >>> # see `make_classifier_dataset`
    """

    def draw(number: np.ndarray, seed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        place, view = pictures.draw(number, seed)
        return pictures.read(place, view), pictures.targets[place]

    def load(number: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        types = (tf.uint8, tf.float32)
        image, target = tf.numpy_function(draw, [number, seed], types, stateful=False)
        target.set_shape((pictures.targets.shape[1],))
        return _to_image(image, pictures.image_size), target

    return load


def make_classifier_dataset(
    pictures: ShotPictures,
    *,
    batch_size: int,
    steps_per_epoch: int,
    epochs: int,
    seed: int,
    first_step: int = 0,
) -> tf.data.Dataset:
    """Make the training batches of a classifier of shots, all epochs one after the other.

    Every shot comes once an epoch (`frames_per_shot` times, where that is more), so that long
    shots weigh no more than short ones.

    Args:
        pictures: the shots.
        batch_size: samples per step.
        steps_per_epoch: see `datasets.pipeline.count_steps` of `pictures.num_samples`.
        epochs: number of epochs.
        seed: run seed.
        first_step: steps already done, over all epochs.

    Returns:
        Batches of (images (B, S, S, 3) float32 in [0, 1], targets (B, K) float32, one-hot).

    Raises:
        InputError: `batch_size` cannot be divided among the workers.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("RGB", (80, 60)).save(path)
        >>> shots = [ShotRecord(name, (path,), 1, ("cat",)) for name in "ab"]
        >>> pictures = ShotPictures(shots, 28, max_pixels=10_000)
        >>> steps = {"batch_size": 2, "steps_per_epoch": 1, "epochs": 3, "seed": 0}
        >>> [tuple(images.shape) for images, _ in make_classifier_dataset(pictures, **steps)]
        [(2, 28, 28, 3), (2, 28, 28, 3), (2, 28, 28, 3)]
    """
    return make_sample_dataset(
        pictures.num_samples,
        make_classifier_sample_loader(pictures),
        batch_size=batch_size,
        steps_per_epoch=steps_per_epoch,
        epochs=epochs,
        seed=seed,
        first_step=first_step,
    )


def list_frames(shots: Sequence[ShotRecord]) -> list[tuple[int, int]]:
    """List the frames of shots.

    Args:
        shots: the shots.

    Returns:
        (place of the shot, place of the frame), shot after shot, in time.

    Example:
        >>> list_frames([ShotRecord(name, (Path("1.jpg"),) * 2, 1, ("cat",)) for name in "ab"])
        [(0, 0), (0, 1), (1, 0), (1, 1)]
    """
    return [(place, frame) for place, shot in enumerate(shots) for frame in range(len(shot.frames))]


def make_frame_dataset(
    shots: Sequence[ShotRecord],
    image_size: int,
    *,
    batch_size: int,
    max_pixels: int,
    targets: bool = False,
    cache: str = "none",
    cache_dir: Path | None = None,
) -> tf.data.Dataset:
    """Make the evaluation batches: every frame once, in the order of `list_frames`, not augmented.

    Args:
        shots: the shots.
        image_size: side of the network's input, S; frames are resized to S x S, whatever their
            shape.
        batch_size: frames per batch; the last may be smaller.
        max_pixels: larger frames are refused.
        targets: give the targets of the frames' shots too.
        cache: as for `datasets.pixel_cache.open_cache`.
        cache_dir: likewise.

    Returns:
        Batches of images (B, S, S, 3) float32 in [0, 1], with `targets` of (images, (B, K) float32,
        one-hot); of several workers each reads its own.

    Raises:
        InputError: there are fewer frames than devices.
        OSError: the disk cache cannot be made.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("RGB", (80, 60)).save(path)
        >>> shot = ShotRecord("a", (path,) * 3, 1, ("cat",))
        >>> batches = make_frame_dataset([shot], 28, batch_size=2, max_pixels=10_000)
        >>> [tuple(images.shape) for images in batches]
        [(2, 28, 28, 3), (1, 28, 28, 3)]
    """
    places = list_frames(shots)
    images = ScaledImages(
        [shots[place].frames[frame] for place, frame in places],
        size=(image_size, image_size),
        max_pixels=max_pixels,
        cache=cache,
        cache_dir=cache_dir,
    )

    of_shots = make_shot_targets(shots) if targets else None
    shot_numbers = np.array([place for place, _ in places], np.int64)

    def load(number: tf.Tensor, seed: tf.Tensor) -> tf.Tensor | tuple[tf.Tensor, tf.Tensor]:
        image = tf.numpy_function(
            lambda number: images.read(int(number)), [number], tf.uint8, stateful=False
        )
        image = _to_image(image, image_size)
        return (image, tf.gather(of_shots, tf.gather(shot_numbers, number))) if targets else image

    return make_evaluation_dataset(len(places), load, batch_size=batch_size)


def _to_image(pixels: tf.Tensor, size: int) -> tf.Tensor:
    pixels.set_shape((size, size, 3))
    return tf.cast(pixels, tf.float32) / 255.0
