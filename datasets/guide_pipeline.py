"""Pictures and guide label maps -> batches that train and validate a segmenter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from config.errors import InputError
from datasets.guide_views import GuideView, draw_guide_view, show_guide
from datasets.images import read_labels
from datasets.records import TagRecord
from datasets.scaled_images import ScaledImages
from datasets.sharding import make_evaluation_dataset

RESIZES = ("tight", "none")
STRIDE = 8  # pixels between the cells of a segmenter's scores
AUGMENTED_DETAIL = 1.5  # augmentation enlarges: training pictures are kept this many times larger
Load = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


class GuidePictures:
    """The pictures of tagged records beside their guide label maps, at the network's size.

    Attributes:
        records: what a reader returned.
        guides: label map of each, a PNG of the picture's size.
        image_size: side of the network's input, S = 8 k + 1 pixels.
        resize: "tight" fits a picture into the square, its longer side S; "none" keeps its size
            and cuts the square out of it.
        images: gives the pixels.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> folder = Path(tempfile.mkdtemp())
        >>> Image.new("RGB", (80, 60)).save(folder / "a.png")
        >>> Image.new("L", (80, 60), 2).save(folder / "guide.png")
        >>> record = TagRecord(folder / "a.png", (2,), ("cat", "rat"))
        >>> pictures = GuidePictures([record], [folder / "guide.png"], 33, max_pixels=10_000)
        >>> image, labels = pictures.read(0)
        >>> image.shape, labels.shape, int(labels.max())
        ((33, 33, 3), (5, 5), 2)
    """

    def __init__(
        self,
        records: Sequence[TagRecord],
        guides: Sequence[Path],
        image_size: int,
        *,
        resize: str = "tight",
        max_pixels: int,
        detail: float = 1.0,
        cache: str = "none",
        cache_dir: Path | None = None,
    ):
        self.records, self.guides = list(records), list(guides)
        _check(self.records, self.guides, image_size, resize)
        self.image_size, self.resize, self._max_pixels = image_size, resize, max_pixels
        self.images = ScaledImages(
            [record.image for record in self.records],
            longer_side=round(image_size * detail) if resize == "tight" else None,
            max_pixels=max_pixels,
            cache=cache,
            cache_dir=cache_dir,
        )

    def read(self, number: int, view: GuideView | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Read one picture and its labels.

        Label (i, j) is that of pixel (8 i, 8 j), on which the network's score (i, j) lies.

        Args:
            number: place of its record.
            view: what the square shows; None for the whole picture, or its middle.

        Returns:
            (S, S, 3) uint8 RGB and (h, w) int32 labels, h = w = (S - 1) / 8 + 1.

        Raises:
            InputError: a file cannot be read, or the labels are not of the picture's size.

        Example:
            >>> # see the class
        """
        labels = read_labels(self.guides[number], max_pixels=self._max_pixels)
        if labels.shape != tuple(self.images.file_sizes[number]):
            raise InputError(
                f"`{self.guides[number]}` must be of its picture's size "
                f"{self.images.file_sizes[number]}. Received {labels.shape}; delete its folder."
            )
        image = self.images.read(number)
        shown = show_guide(image, labels, view or GuideView(), self.image_size, resize=self.resize)
        return shown[0], shown[1][::STRIDE, ::STRIDE].astype(np.int32)


def make_guide_sample_loader(pictures: GuidePictures, *, augment: str) -> Load:
    """Make the `load` of `datasets.pipeline.make_sample_dataset` for guided pictures.

    Args:
        pictures: the pictures; sample i shows picture i modulo their number.
        augment: as for `datasets.guide_views.draw_guide_view`.

    Returns:
        (sample number, seed) -> (image (S, S, 3) float32 in [0, 1], labels (h, w) int32).

    Raises:
        InputError: `augment` is unknown.

    Example:
        >>> # see `make_guide_dataset`
    """
    draw_guide_view(np.random.default_rng(0), augment)  # Refuses an unknown one before any work.
    size, cells = pictures.image_size, (pictures.image_size - 1) // STRIDE + 1

    def draw(number: np.ndarray, seed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        generator = np.random.default_rng(np.asarray(seed).astype(np.uint32))
        place = int(number) % len(pictures.records)
        return pictures.read(place, draw_guide_view(generator, augment))

    def load(number: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        types = (tf.uint8, tf.int32)
        image, labels = tf.numpy_function(draw, [number, seed], types, stateful=False)
        image.set_shape((size, size, 3))
        labels.set_shape((cells, cells))
        return tf.cast(image, tf.float32) / 255.0, labels

    return load


def make_guide_dataset(pictures: GuidePictures, *, batch_size: int) -> tf.data.Dataset:
    """Make the evaluation batches: every picture once, in order, not augmented.

    Args:
        pictures: the pictures.
        batch_size: pictures per batch; the last may be smaller.

    Returns:
        Batches of (images (B, S, S, 3) float32 in [0, 1], labels (B, h, w) int32); of several
        workers each reads its own.

    Raises:
        InputError: there are fewer pictures than devices.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> folder = Path(tempfile.mkdtemp())
        >>> Image.new("RGB", (80, 60)).save(folder / "a.png")
        >>> Image.new("L", (80, 60), 1).save(folder / "guide.png")
        >>> record = TagRecord(folder / "a.png", (1,), ("cat",))
        >>> pictures = GuidePictures([record], [folder / "guide.png"], 33, max_pixels=10_000)
        >>> images, labels = next(iter(make_guide_dataset(pictures, batch_size=4)))
        >>> tuple(images.shape), tuple(labels.shape)
        ((1, 33, 33, 3), (1, 5, 5))
    """
    load = make_guide_sample_loader(pictures, augment="none")
    return make_evaluation_dataset(len(pictures.records), load, batch_size=batch_size)


def _check(records, guides, image_size, resize):
    if len(records) != len(guides):
        raise ValueError(
            f"`guides` must be one file per record. Received {len(guides)} for {len(records)}."
        )
    if image_size < STRIDE or image_size % STRIDE != 1:
        raise InputError(
            f"`image_size` must be {STRIDE} k + 1 pixels, so that labels and scores line up. "
            f"Received {image_size}."
        )
    if resize not in RESIZES:
        raise InputError(f"`resize` must be one of {', '.join(RESIZES)}. Received {resize}.")
