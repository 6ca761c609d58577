"""Records of one boxed object -> batches of pictures and targets, for training and evaluation."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from datasets.augment import augment_by_recipe
from datasets.augment_recipes import SMALLEST_BOX, check_recipe
from datasets.records import BoxRecord
from datasets.samples import Sample
from datasets.scaled_images import ScaledImages
from datasets.sharding import make_evaluation_dataset

# (box (4,) float64 xyxy as fractions of the picture's width and height, class from 1) -> arrays
MakeTargets = Callable[[np.ndarray, int], Mapping[str, np.ndarray]]
AUGMENTED_DETAIL = 1.5  # augmentation enlarges: training pictures are kept this many times larger
_logger = logging.getLogger(__name__)


class BoxPictures:
    """The pictures of records with one box each, at the network's size, their shape ignored.

    Attributes:
        records: what a reader returned, each with exactly one box.
        image_size: side of the network's input, S, pixels.
        images: gives the pixels; its `file_sizes` are (height, width) of the files' pictures.

    `detail` keeps the pictures at that many times S, so that what an augmentation enlarges stays
    sharp (`AUGMENTED_DETAIL`); evaluation takes 1.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "grey.png"
        ...     Image.new("RGB", (80, 60)).save(path)
        ...     records = [BoxRecord(path, np.array([[20.0, 15.0, 60.0, 60.0]]))]
        ...     BoxPictures(records, 32, max_pixels=10_000).read(0).boxes
        array([[ 8.,  8., 24., 32.]])
    """

    def __init__(
        self,
        records: Sequence[BoxRecord],
        image_size: int,
        *,
        max_pixels: int,
        detail: float = 1.0,
        cache: str = "none",
        cache_dir: Path | None = None,
    ):
        self.records = list(records)
        self.image_size = image_size
        kept = round(image_size * detail)
        self.images = ScaledImages(
            [record.image for record in self.records],
            size=(kept, kept),
            max_pixels=max_pixels,
            cache=cache,
            cache_dir=cache_dir,
        )
        _require_one_box(self.records)
        self._warn_of_small_boxes()

    def read_fraction(self, number: int) -> np.ndarray:
        """Give the box of one picture.

        Args:
            number: place of its record.

        Returns:
            (4,) float64 xyxy, fractions of the picture's width and height.

        Example:
            >>> # see the class
        """
        height, width = self.images.file_sizes[number]
        box = np.asarray(self.records[number].boxes, np.float64)[0]
        return box / [width, height, width, height]

    def read_class(self, number: int) -> int:
        """Give the class of one picture's object.

        Args:
            number: place of its record.

        Returns:
            Its number, from 1; 1 where the records have no classes.

        Example:
            >>> # see the class
        """
        classes = self.records[number].classes
        return 1 if classes is None else int(classes[0])

    def read(self, number: int) -> Sample:
        """Read one picture with its box.

        Args:
            number: place of its record.

        Returns:
            The sample, `detail` times S a side; its region is all of it.

        Raises:
            InputError: the picture cannot be read.

        Example:
            >>> # see the class
        """
        image = self.images.read(number)
        box = self.read_fraction(number)[np.newaxis] * image.shape[0]
        return Sample(image, np.zeros((0, 2)), np.ones(image.shape[:2], bool), box)

    def _warn_of_small_boxes(self) -> None:
        fractions = [self.read_fraction(number) for number in range(len(self.records))]
        corners = np.reshape(fractions, (-1, 2, 2)) * self.image_size
        small = (corners[:, 1] - corners[:, 0] < SMALLEST_BOX).any(axis=1)
        if small.any():
            _logger.warning(
                "%d of %d boxes have a side under %d pixels at %d x %d, the first in `%s`; choose "
                "a larger input.",
                small.sum(),
                len(small),
                SMALLEST_BOX,
                self.image_size,
                self.image_size,
                self.records[int(small.argmax())].image,
            )


def describe_targets(make_targets: MakeTargets) -> dict[str, tuple[tuple[int, ...], np.dtype]]:
    """Say what targets look like, by making those of a box in the middle.

    Args:
        make_targets: (box (4,) float64 xyxy fractions, class from 1) -> arrays of fixed shapes.

    Returns:
        Name -> (shape, dtype), in the order of the names that `make_targets` gives.

    Example:
        >>> describe_targets(lambda box, class_id: {"box": box.astype(np.float32)})
        {'box': ((4,), dtype('float32'))}
    """
    made = make_targets(np.array([0.25, 0.25, 0.75, 0.75]), 1)
    arrays = {name: np.asarray(value) for name, value in made.items()}
    return {name: (array.shape, array.dtype) for name, array in arrays.items()}


def make_box_sample_loader(
    pictures: BoxPictures, *, recipe: str, make_targets: MakeTargets
) -> Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, dict[str, tf.Tensor]]]:
    """Make the `load` of `datasets.pipeline.make_sample_dataset` for boxed pictures.

    Args:
        pictures: the pictures; sample i shows picture i modulo their number.
        recipe: as for `datasets.augment.augment_by_recipe`.
        make_targets: (box (4,) float64 xyxy fractions, class from 1) -> arrays of fixed shapes,
            under the names that the losses know.

    Returns:
        (sample number, seed) -> (image (S, S, 3) float32 in [0, 1], targets by name).

    Raises:
        ValueError: unknown `recipe`.

    Example:
        >>> # see `make_box_dataset`
    """
    check_recipe(recipe)
    signature = describe_targets(make_targets)
    size = (pictures.image_size, pictures.image_size)

    def draw(number: np.ndarray, seed: np.ndarray) -> list[np.ndarray]:
        place = int(number) % len(pictures.records)
        sample = draw_sample(pictures, place, seed, recipe=recipe)
        made = make_targets(sample.boxes[0] / pictures.image_size, pictures.read_class(place))
        targets = [np.asarray(made[name], dtype) for name, (_, dtype) in signature.items()]
        return [sample.image, *targets]

    def load(number: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        types = [tf.uint8, *(dtype for _, dtype in signature.values())]
        image, *targets = tf.numpy_function(draw, [number, seed], types, stateful=False)
        image.set_shape((*size, 3))
        for target, (shape, _) in zip(targets, signature.values(), strict=True):
            target.set_shape(shape)
        return tf.cast(image, tf.float32) / 255.0, dict(zip(signature, targets, strict=True))

    return load


def draw_sample(pictures: BoxPictures, number: int, seed: np.ndarray, *, recipe: str) -> Sample:
    """Draw a training sample.

    Args:
        pictures: the pictures.
        number: place of a record.
        seed: (2,) int32, as `datasets.pipeline.make_sample_dataset` gives it.
        recipe: as for `datasets.augment.augment_by_recipe`.

    Returns:
        The sample, S x S pixels, its box clipped to it.

    Raises:
        InputError: the picture cannot be read.
        ValueError: unknown `recipe`.

    Example:
        >>> # see `BoxPictures`
    """
    generator = np.random.default_rng(np.asarray(seed).astype(np.uint32))
    size = (pictures.image_size, pictures.image_size)
    sample = pictures.read(number)
    return augment_by_recipe(sample, generator.integers(2**31), recipe=recipe, size=size)


def make_box_dataset(
    pictures: BoxPictures, *, batch_size: int, make_targets: MakeTargets
) -> tf.data.Dataset:
    """Make the evaluation batches: every picture once, in order, not augmented.

    Args:
        pictures: the pictures.
        batch_size: pictures per batch; the last may be smaller.
        make_targets: as for `make_box_sample_loader`.

    Returns:
        Batches of (images (B, S, S, 3) float32 in [0, 1], targets by name (B, ...)); of several
        workers each reads its own.

    Raises:
        InputError: there are fewer pictures than devices.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("RGB", (80, 60)).save(path)
        >>> records = [BoxRecord(path, np.array([[20.0, 15.0, 60.0, 60.0]]))]
        >>> pictures = BoxPictures(records, 32, max_pixels=10_000)
        >>> def make_targets(box, class_id):
        ...     return {"box": box.astype(np.float32), "class": np.int32(class_id)}
        >>> batches = make_box_dataset(pictures, batch_size=2, make_targets=make_targets)
        >>> images, targets = next(iter(batches))
        >>> images.shape, targets["box"].numpy().tolist(), targets["class"].numpy().tolist()
        (TensorShape([1, 32, 32, 3]), [[0.25, 0.25, 0.75, 1.0]], [1])
    """
    load = make_box_sample_loader(pictures, recipe="none", make_targets=make_targets)
    return make_evaluation_dataset(len(pictures.records), load, batch_size=batch_size)


def _require_one_box(records: Sequence[BoxRecord]) -> None:
    for record in records:
        if record.count != 1:
            raise ValueError(
                f"`records` must hold one box each. Received {record.count} for "
                f"`{record.image}`; read them with `datasets.boxes.read_boxes`."
            )
