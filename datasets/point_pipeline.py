"""Point records -> batches of pictures and maps of points, for training and for evaluation."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from config.errors import InputError
from datasets.augment import augment_sample
from datasets.pipeline import count_steps
from datasets.records import PointRecord
from datasets.regions import read_region
from datasets.samples import Sample, cut_window, draw_corner
from datasets.scaled_images import ScaledImages, resize_mask
from datasets.sharding import current_shard, make_evaluation_batches
from ops.point_maps import OUTSIDE_REGION, rasterise_points

SMALLEST_SIDE = 32  # of what the networks take, pixels


class PointPictures:
    """The pictures of point records at the network's scale, with their points and regions.

    Attributes:
        records: what a reader returned.
        num_classes: number of classes, K.
        images: gives the pixels; its `sizes` are those of the samples.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "grey.png"
        ...     Image.new("RGB", (8, 6)).save(path)
        ...     records = [PointRecord(path, np.array([[5.0, 7.0]]))]
        ...     PointPictures(records, scale=0.5, max_pixels=100).read(0).points
        array([[2.5, 3.5]])
    """

    def __init__(
        self,
        records: Sequence[PointRecord],
        *,
        num_classes: int = 1,
        scale: float = 1.0,
        max_pixels: int,
        cache: str = "none",
        cache_dir: Path | None = None,
    ):
        self.records = list(records)
        self.num_classes = num_classes
        self.images = ScaledImages(
            [record.image for record in self.records],
            scale=scale,
            max_pixels=max_pixels,
            cache=cache,
            cache_dir=cache_dir,
        )

    def read(self, number: int) -> Sample:
        """Read one picture with its points and region.

        Args:
            number: place of its record.

        Returns:
            The sample, at the network's scale.

        Raises:
            InputError: the picture or its mask cannot be read, or they do not fit.

        Example:
            >>> # see the class
        """
        record, size = self.records[number], self.images.file_sizes[number]
        image = self.images.read(number)
        where = resize_mask(read_region(record.region, size), image.shape[:2])
        points = np.asarray(record.points, np.float64).reshape(-1, 2)
        return Sample(image, points * np.divide(image.shape[:2], size), where)

    def draw_maps(self, number: int, sample: Sample) -> np.ndarray:
        """Count the points of a sample in every pixel.

        Args:
            number: place of its record.
            sample: what was cut out of it.

        Returns:
            (H, W, K) float32, -1 outside the region.

        Example:
            >>> # see `make_point_dataset`
        """
        return rasterise_points(
            sample.points,
            sample.size,
            classes=self.records[number].classes if self.num_classes > 1 else None,
            num_classes=self.num_classes,
            where=sample.where,
            outside="drop",
        )


def count_samples(num_records: int, samples_per_epoch: int | None, *, batch_size: int) -> tuple:
    """Count the samples to draw from and the steps of an epoch.

    An epoch of more samples than pictures goes through all pictures several times.

    Args:
        num_records: pictures.
        samples_per_epoch: samples drawn per epoch; None for one of each picture.
        batch_size: samples per step.

    Returns:
        (samples, steps): sample i shows picture i modulo `num_records`.

    Raises:
        InputError: the samples do not fill one batch.

    Example:
        >>> count_samples(3, 8, batch_size=4)
        (9, 2)
    """
    wanted = samples_per_epoch or num_records
    num_samples = num_records * math.ceil(wanted / num_records)
    return num_samples, count_steps(num_samples, batch_size=batch_size, records_per_epoch=wanted)


def make_point_sample_loader(
    pictures: PointPictures,
    *,
    crop: tuple[int, int] | None,
    flip: str = "none",
    color: float = 0.0,
) -> Callable[[tf.Tensor, tf.Tensor], tuple]:
    """Make the `load` of `datasets.pipeline.make_sample_dataset` for pictures with points.

    Args:
        pictures: the pictures.
        crop: (height, width) of the window that is drawn, in pixels at the network's scale; None
            for whole pictures, grown to sides of 32 pixels at least.
        flip: as for `datasets.augment.augment_sample`.
        color: likewise.

    Returns:
        (sample number, seed) -> (image (H, W, 3) float32 in [0, 1], maps (H, W, K) float32).

    Example:
        >>> # see `make_point_dataset`
    """

    def draw(number: np.ndarray, seed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        generator = np.random.default_rng(seed.astype(np.uint32))
        place = int(number) % len(pictures.records)
        sample = pictures.read(place)
        if crop is None:
            sample = grow_sample(sample)
        else:
            sample = cut_window(sample, draw_corner(sample.size, crop, generator), crop)
        sample = augment_sample(sample, generator.integers(2**31), flip=flip, color=color)
        return sample.image, pictures.draw_maps(place, sample)

    def load(number: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        image, maps = tf.numpy_function(draw, [number, seed], (tf.uint8, tf.float32), False)
        height, width = crop or (None, None)
        image.set_shape((height, width, 3))
        maps.set_shape((height, width, pictures.num_classes))
        return tf.cast(image, tf.float32) / 255.0, maps

    return load


def make_point_dataset(pictures: PointPictures) -> tf.data.Dataset:
    """Make the evaluation batches: whole pictures in order, one for each device, not augmented.

    Args:
        pictures: the pictures.

    Returns:
        Batches of (images (B, H, W, 3) float32 in [0, 1], maps (B, H, W, K) float32 points per
        pixel and class, -1 outside the region); B is 1 on one device, and on several the smaller
        pictures are filled up outside their region.

    Raises:
        InputError: there are fewer pictures than devices.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("RGB", (50, 40)).save(path)
        >>> pictures = PointPictures([PointRecord(path, np.ones((3, 2)))], max_pixels=10_000)
        >>> images, maps = next(iter(make_point_dataset(pictures)))
        >>> tuple(images.shape), float(tf.reduce_sum(maps))
        ((1, 40, 50, 3), 3.0)
    """
    load = make_point_sample_loader(pictures, crop=None)
    shard, no_seed = current_shard(), tf.zeros((2,), tf.int32)
    batches = make_evaluation_batches(
        len(pictures.records),
        lambda number: load(number, no_seed),
        batch_size=shard.count * shard.devices,
        shard=shard,
        padding=(0.0, float(OUTSIDE_REGION)),
    )
    return batches.prefetch(tf.data.AUTOTUNE)


def check_whole_pictures(pictures: PointPictures, batch_size: int) -> None:
    """Require that whole pictures can share a batch.

    Args:
        pictures: training pictures that are not cropped.
        batch_size: samples per step.

    Raises:
        InputError: they have several sizes and a batch holds more than one.

    Example:
        >>> # see `training.points.fitting`
    """
    sizes = {tuple(max(side, SMALLEST_SIDE) for side in size) for size in pictures.images.sizes}
    if batch_size > 1 and len(sizes) > 1:
        raise InputError(
            "`crop` must be given, or `batch_size` be 1, when the pictures have several sizes. "
            f"Received null and {batch_size} for {len(sizes)} sizes; use `--set batch_size=1`."
        )


def grow_sample(sample: Sample) -> Sample:
    """Grow a sample to sides of 32 pixels, what the networks take at least.

    Args:
        sample: any sample.

    Returns:
        `sample`, or one whose border is repeated below and on the right, outside the region.

    Example:
        >>> image, points = np.zeros((1, 40, 3), np.uint8), np.zeros((0, 2))
        >>> grow_sample(Sample(image, points, np.ones((1, 40), bool))).size
        (32, 40)
    """
    size = tuple(max(side, SMALLEST_SIDE) for side in sample.size)
    return sample if size == sample.size else cut_window(sample, (0, 0), size)
