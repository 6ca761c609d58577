"""Pictures with a label map each -> batches of both, for training and evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from datasets.augment_recipes import change_colours, check_recipe, draw_view
from datasets.images import read_labels
from datasets.sample_views import View, warp_labels, warp_sample
from datasets.samples import Sample
from datasets.scaled_images import ScaledImages
from datasets.sharding import make_evaluation_dataset

IGNORED = 255


class LabelledPictures:
    """Pictures at the network's size, their shape ignored, and their label maps.

    Attributes:
        labels: label maps, 0 background, 255 ignored, each of its picture's aspect at any size.
        image_size: side of the network's input, S, pixels.
        label_size: side of the label maps that the network learns, pixels.
        images: gives the pixels.

    `detail` keeps the pictures at that many times S, so that what an augmentation enlarges stays
    sharp; evaluation takes 1.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("L", (8, 6), 1).save(path)
        >>> pictures = LabelledPictures([path], [path], 32, label_size=2, max_pixels=100)
        >>> pictures.draw(0, None, recipe="none")[1].tolist()
        [[1, 1], [1, 1]]
    """

    def __init__(
        self,
        images: Sequence[Path],
        labels: Sequence[Path],
        image_size: int,
        *,
        label_size: int,
        max_pixels: int,
        detail: float = 1.0,
        cache: str = "none",
        cache_dir: Path | None = None,
    ):
        if len(images) != len(labels):
            raise ValueError(
                f"`labels` must be one for each of {len(images)} pictures. Received {len(labels)}."
            )
        self.labels = [Path(path) for path in labels]
        self.image_size, self.label_size = image_size, label_size
        kept = round(image_size * detail)
        self.images = ScaledImages(
            images, size=(kept, kept), max_pixels=max_pixels, cache=cache, cache_dir=cache_dir
        )

    def __len__(self) -> int:
        return len(self.labels)

    def draw(
        self, number: int, seed: np.ndarray | None, *, recipe: str
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw a training sample: a view of the picture and the same view of its labels.

        Args:
            number: place of the picture.
            seed: (2,) int32; not needed by recipe "none", which shows the whole picture.
            recipe: as for `datasets.augment.augment_by_recipe`; its views keep most of what the
                labels call object.

        Returns:
            ((S, S, 3) uint8, (label_size, label_size) uint8).

        Raises:
            InputError: the picture or its labels cannot be read.

        Example:
            >>> # see the class
        """
        image, labels = self.images.read(number), read_labels(self.labels[number])
        picture, size = image.shape[:2], (self.image_size, self.image_size)
        generator = np.random.default_rng(None if seed is None else seed.astype(np.uint32))
        view = View((0.0, 0.0, float(picture[1]), float(picture[0])))
        boxes = _frame_object(labels, picture)
        if recipe != "none":
            view = draw_view(recipe, boxes, picture, size, generator)
        sample = Sample(image, np.zeros((0, 2)), np.ones(picture, bool), boxes)
        shown = image
        if recipe != "none" or picture != size:
            shown = warp_sample(sample, view, size).image
        if recipe != "none":
            shown = change_colours(recipe, shown, generator)
        label_size = (self.label_size, self.label_size)
        return shown, warp_labels(labels, view, label_size, picture=picture)


def make_labelled_sample_loader(
    pictures: LabelledPictures, *, recipe: str
) -> Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
    """Make the `load` of `datasets.pipeline.make_sample_dataset` for labelled pictures.

    Args:
        pictures: the pictures; sample i shows picture i modulo their number.
        recipe: as for `datasets.augment.augment_by_recipe`.

    Returns:
        (sample number, seed) -> (image (S, S, 3) float32 in [0, 1], labels (l, l) float32).

    Raises:
        ValueError: unknown `recipe`.

    Example:
        >>> # see `make_labelled_dataset`
    """
    check_recipe(recipe)

    def draw(number: np.ndarray, seed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return pictures.draw(int(number) % len(pictures), seed, recipe=recipe)

    def load(number: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        types = [tf.uint8, tf.uint8]
        image, labels = tf.numpy_function(draw, [number, seed], types, stateful=False)
        image.set_shape((pictures.image_size, pictures.image_size, 3))
        labels.set_shape((pictures.label_size, pictures.label_size))
        # Keras takes labels for float32 all the same, and would warn of whole numbers.
        return tf.cast(image, tf.float32) / 255.0, tf.cast(labels, tf.float32)

    return load


def make_labelled_dataset(pictures: LabelledPictures, *, batch_size: int) -> tf.data.Dataset:
    """Make the evaluation batches: every picture once, in order, not augmented.

    Args:
        pictures: the pictures, at the network's size.
        batch_size: pictures per batch; the last may be smaller.

    Returns:
        Batches of (images (B, S, S, 3) float32 in [0, 1], labels (B, l, l) float32); of several
        workers each reads its own.

    Raises:
        InputError: there are fewer pictures than devices.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("L", (8, 6), 1).save(path)
        >>> pictures = LabelledPictures([path], [path], 32, label_size=4, max_pixels=100)
        >>> images, labels = next(iter(make_labelled_dataset(pictures, batch_size=2)))
        >>> tuple(images.shape), tuple(labels.shape)
        ((1, 32, 32, 3), (1, 4, 4))
    """
    load = make_labelled_sample_loader(pictures, recipe="none")
    return make_evaluation_dataset(len(pictures), load, batch_size=batch_size)


def _frame_object(labels: np.ndarray, picture: tuple[int, int]) -> np.ndarray:
    """Return the box around what is labelled, (1, 4) xyxy pixels of the picture, or (0, 4)."""
    inside = (labels != 0) & (labels != IGNORED)
    if not inside.any():
        return np.zeros((0, 4))
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    box = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float64)
    return (box * np.tile(np.divide(picture, labels.shape)[::-1], 2))[np.newaxis]
