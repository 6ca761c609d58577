"""Tagged shots -> batches: a random frame a shot for training, every frame for evaluation."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from config.errors import InputError
from datasets.pipeline import draw_number, make_sample_dataset
from datasets.records import ShotRecord
from datasets.sample_order import Order
from datasets.scaled_images import ScaledImages
from datasets.sharding import make_evaluation_dataset
from datasets.shot_pictures import ShotPictures
from datasets.shot_views import enlarge_map, show_window
from ops.temporal_cams import TemporalSettings, temporal_max

Load = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor] | dict[str, tf.Tensor]]
ReadCams = Callable[[ShotRecord], np.ndarray]
_MOST_KEPT = 100_000  # frames whose maps stay in memory: 160 MB at 28 x 28


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
    pictures: ShotPictures, read_cams: ReadCams, *, settings: TemporalSettings
) -> Load:
    """Make the `load` of samples with a map each, for `datasets.sample_order`.

    A map is the maximum over the frame's neighbours, see `ops.temporal_cams.temporal_max`, resized
    to the frames' size and then cut and mirrored as its frame is. The temperature is that of the
    epoch, sample number // `num_samples`, see `make_shot_order`.

    Args:
        pictures: the shots.
        read_cams: shot -> (T, h, w) maps of its frames, for the shot's tag.
        settings: how neighbours are joined.

    Returns:
        (sample number, seed) -> {"image" (S, S, 3) float32 in [0, 1], "cam" (S, S, 1) float32 in
        [0, 1]}.

    Raises:
        InputError: while the data are read: the maps are not one a frame.

    Example:
        >>> import tempfile
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
    few = len(pictures.images.paths) <= _MOST_KEPT

    @functools.lru_cache(maxsize=None if few else 8)
    def read_shot(place: int) -> np.ndarray:
        return _check_cams(read_cams(pictures.shots[place]), pictures.shots[place])

    def draw(number: np.ndarray, seed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        place, view = pictures.draw(number, seed)
        heat = settings.heat_at(int(number) // pictures.num_samples)
        chosen = {"n": settings.n, "mode": settings.mode, "heat": heat}
        cam = temporal_max(read_shot(place), view.frame, **chosen)
        cam = show_window(enlarge_map(cam, pictures.resize_size), view, pictures.image_size)
        return pictures.read(place, view), cam[..., np.newaxis]

    def load(number: tf.Tensor, seed: tf.Tensor) -> dict[str, tf.Tensor]:
        types = (tf.uint8, tf.float32)
        image, cam = tf.numpy_function(draw, [number, seed], types, stateful=False)
        cam.set_shape((pictures.image_size, pictures.image_size, 1))
        return {"image": _to_image(image, pictures.image_size), "cam": cam}

    return load


def list_frames(shots: Sequence[ShotRecord], *, annotated: bool = False) -> list[tuple[int, int]]:
    """List the frames of shots.

    Args:
        shots: the shots.
        annotated: those of which boxes or a mask are known alone.

    Returns:
        (place of the shot, place of the frame), shot after shot, in time.

    Example:
        >>> list_frames([ShotRecord(name, (Path("1.jpg"),) * 2, 1, ("cat",)) for name in "ab"])
        [(0, 0), (0, 1), (1, 0), (1, 1)]
    """
    return [
        (place, frame)
        for place, shot in enumerate(shots)
        for frame in (shot.annotated if annotated else range(len(shot.frames)))
    ]


def make_frame_dataset(
    shots: Sequence[ShotRecord],
    image_size: int,
    *,
    batch_size: int,
    max_pixels: int,
    annotated: bool = False,
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
        annotated: frames of which boxes or a mask are known alone.
        cache: as for `datasets.pixel_cache.open_cache`.
        cache_dir: likewise.

    Returns:
        Batches of images (B, S, S, 3) float32 in [0, 1]; of several workers each reads its own.

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
    places = list_frames(shots, annotated=annotated)
    images = ScaledImages(
        [shots[place].frames[frame] for place, frame in places],
        size=(image_size, image_size),
        max_pixels=max_pixels,
        cache=cache,
        cache_dir=cache_dir,
    )

    def load(number: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        image = tf.numpy_function(
            lambda number: images.read(int(number)), [number], tf.uint8, stateful=False
        )
        return _to_image(image, image_size)

    return make_evaluation_dataset(len(places), load, batch_size=batch_size)


def _to_image(pixels: tf.Tensor, size: int) -> tf.Tensor:
    pixels.set_shape((size, size, 3))
    return tf.cast(pixels, tf.float32) / 255.0


def _check_cams(cams: np.ndarray, shot: ShotRecord) -> np.ndarray:
    cams = np.asarray(cams)
    if cams.ndim != 3 or len(cams) != len(shot.frames):
        raise InputError(
            f"The maps of the shot {shot.name} must be (T, h, w), one for each of its "
            f"{len(shot.frames)} frames. Received shape {cams.shape}; have them made anew."
        )
    return cams
