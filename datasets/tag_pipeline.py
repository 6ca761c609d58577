"""Tagged pictures -> batches of squares and multi-hot targets, for training and evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from datasets.records import TagRecord
from datasets.scaled_images import ScaledImages
from datasets.sharding import make_evaluation_dataset
from datasets.square_views import SquareView, check_augmentation, draw_square_view, show_square

Load = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


class TagPictures:
    """The pictures of tagged records, each in the middle of a square, its shape kept.

    Attributes:
        records: what a reader returned, with the same class names in all.
        image_size: side of the network's input, S, pixels.
        images: gives the pixels, the longer side S; its `file_sizes` are (height, width) of the
            files' pictures.
        targets: (N, K) float32, 1 for the classes that a record has as tags.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "grey.png"
        ...     Image.new("RGB", (80, 60)).save(path)
        ...     pictures = TagPictures(
        ...         [TagRecord(path, (2,), ("cat", "rat"))], 33, max_pixels=10_000
        ...     )
        ...     pictures.read(0).shape, pictures.targets.tolist()
        ((33, 33, 3), [[0.0, 1.0]])
    """

    def __init__(
        self,
        records: Sequence[TagRecord],
        image_size: int,
        *,
        max_pixels: int,
        cache: str = "none",
        cache_dir: Path | None = None,
    ):
        self.records = list(records)
        self.image_size = image_size
        self.targets = make_targets(self.records)
        self.images = ScaledImages(
            [record.image for record in self.records],
            longer_side=image_size,
            max_pixels=max_pixels,
            cache=cache,
            cache_dir=cache_dir,
        )

    def read(self, number: int, view: SquareView | None = None) -> np.ndarray:
        """Read one picture into its square.

        Args:
            number: place of its record.
            view: what the square shows; None for the whole picture.

        Returns:
            (S, S, 3) uint8 RGB.

        Raises:
            InputError: the picture cannot be read.

        Example:
            >>> # see the class
        """
        return show_square(self.images.read(number), view or SquareView(), self.image_size)


def make_targets(records: Sequence[TagRecord]) -> np.ndarray:
    """Make the multi-hot targets of tagged records.

    Args:
        records: records with the same class names.

    Returns:
        (N, K) float32 of 0 and 1; (0, 0) of no records.

    Raises:
        ValueError: the records have different class names.

    Example:
        >>> make_targets([TagRecord(Path("a.jpg"), (1, 3), ("cat", "dog", "rat"))]).tolist()
        [[1.0, 0.0, 1.0]]
    """
    names = {record.class_names for record in records}
    if len(names) > 1:
        raise ValueError(f"`records` must have the same class names. Received {sorted(names)}.")
    targets = np.zeros((len(records), len(names.pop()) if names else 0), np.float32)
    for target, record in zip(targets, records, strict=True):
        target[np.array(record.tags, int) - 1] = 1
    return targets


def make_tag_sample_loader(pictures: TagPictures, *, augment: str) -> Load:
    """Make the `load` of `datasets.pipeline.make_sample_dataset` for tagged pictures.

    Args:
        pictures: the pictures; sample i shows picture i modulo their number.
        augment: as for `datasets.square_views.draw_square_view`.

    Returns:
        (sample number, seed) -> (image (S, S, 3) float32 in [0, 1], target (K,) float32 of 0, 1).

    Raises:
        InputError: `augment` is unknown.

    Example:
        >>> # see `make_tag_dataset`
    """
    check_augmentation(augment)
    size = pictures.image_size

    def draw(number: np.ndarray, seed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        place = int(number) % len(pictures.records)
        generator = np.random.default_rng(np.asarray(seed).astype(np.uint32))
        view = draw_square_view(generator, augment)
        return pictures.read(place, view), pictures.targets[place]

    def load(number: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        types = (tf.uint8, tf.float32)
        image, target = tf.numpy_function(draw, [number, seed], types, stateful=False)
        image.set_shape((size, size, 3))
        target.set_shape((pictures.targets.shape[1],))
        return tf.cast(image, tf.float32) / 255.0, target

    return load


def make_tag_dataset(pictures: TagPictures, *, batch_size: int) -> tf.data.Dataset:
    """Make the evaluation batches: every picture once, in order, not augmented.

    Args:
        pictures: the pictures.
        batch_size: pictures per batch; the last may be smaller.

    Returns:
        Batches of (images (B, S, S, 3) float32 in [0, 1], targets (B, K) float32); of several
        workers each reads its own.

    Raises:
        InputError: there are fewer pictures than devices.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("RGB", (80, 60)).save(path)
        >>> record = TagRecord(path, (2,), ("cat", "rat"))
        >>> pictures = TagPictures([record], 33, max_pixels=10_000)
        >>> images, targets = next(iter(make_tag_dataset(pictures, batch_size=4)))
        >>> images.shape, targets.numpy().tolist()
        (TensorShape([1, 33, 33, 3]), [[0.0, 1.0]])
    """
    load = make_tag_sample_loader(pictures, augment="none")
    return make_evaluation_dataset(len(pictures.records), load, batch_size=batch_size)
