"""Records -> batches, in an order that is a pure function of (seed, epoch, index)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from config.errors import InputError
from datasets.image_source import ImageSource
from datasets.images import read_image
from datasets.records import CountRecord, RankedRecord
from datasets.sample_order import make_epoch_seed, make_ordered_dataset
from datasets.sharding import current_shard, make_evaluation_batches, make_evaluation_dataset
from ops.patches import cut_patches

Augment = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def count_steps(num_records: int, *, batch_size: int, records_per_epoch: int | None = None) -> int:
    """Count the whole batches of one epoch; the remainder is dropped.

    Args:
        num_records: records in the data set.
        batch_size: records per step.
        records_per_epoch: records drawn per epoch; None, or more than there are, for all.

    Returns:
        Steps per epoch, at least 1.

    Raises:
        InputError: the records do not fill one batch.

    Example:
        >>> count_steps(10, batch_size=4)
        2
    """
    steps = min(num_records, records_per_epoch or num_records) // batch_size
    if steps == 0:
        raise InputError(
            f"`batch_size` must not exceed the records of an epoch. Received {batch_size} for "
            f"{min(num_records, records_per_epoch or num_records)}; lower it with "
            "`--set batch_size=...`."
        )
    return steps


def make_sample_dataset(
    num_records: int,
    load: Callable[[tf.Tensor, tf.Tensor], tuple],
    *,
    batch_size: int,
    steps_per_epoch: int,
    epochs: int,
    seed: int,
    first_step: int = 0,
) -> tf.data.Dataset:
    """Make the training batches of all epochs, one after the other.

    Record `position` of epoch `e` is number `index_shuffle(position; seed, e)`, so a run that
    starts at `first_step` sees exactly what an uninterrupted one sees from there on.

    Args:
        num_records: records to draw from.
        load: (record number, (2,) int32 seed) -> sample, in graph; random only by the seed.
        batch_size: records per step.
        steps_per_epoch: steps of one epoch, see `count_steps`.
        epochs: number of epochs.
        seed: run seed.
        first_step: steps already done, over all epochs.

    Returns:
        Batches of what `load` returns; of several workers each reads its own part of every batch.

    Raises:
        InputError: `batch_size` cannot be divided among the workers.

    Example:
        >>> batches = make_sample_dataset(
        ...     4, lambda number, seed: number, batch_size=2, steps_per_epoch=2, epochs=1, seed=0
        ... )
        >>> sorted(int(number) for batch in batches for number in batch)
        [0, 1, 2, 3]
    """

    def order(epoch: tf.Tensor, position: tf.Tensor) -> tf.Tensor:
        return draw_number(position, seed=seed, epoch=epoch, num_records=num_records)[0]

    return make_ordered_dataset(
        order,
        load,
        batch_size=batch_size,
        steps_per_epoch=steps_per_epoch,
        epochs=epochs,
        seed=seed,
        first_step=first_step,
    )


def draw_number(
    position: tf.Tensor, *, seed: int, epoch: tf.Tensor, num_records: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Say which record an epoch shows at a position, and by which seed it is augmented.

    Args:
        position: integer scalar from 0, place in the epoch.
        seed: run seed.
        epoch: integer scalar from 0.
        num_records: records to draw from.

    Returns:
        (record number, (2,) int32 seed).

    Example:
        >>> number, _ = draw_number(tf.constant(2), seed=0, epoch=tf.constant(1), num_records=4)
        >>> 0 <= int(number) < 4
        True
    """
    epoch_seed = make_epoch_seed(seed, epoch)
    number = tf.random.experimental.index_shuffle(position, epoch_seed, num_records - 1)
    return number, tf.random.experimental.stateless_fold_in(epoch_seed, position)


def make_ranked_sample_loader(
    records: Sequence[RankedRecord],
    source: ImageSource,
    augment: Augment | None = None,
    *,
    kept: np.ndarray | None = None,
) -> Callable[[tf.Tensor, tf.Tensor], tuple]:
    """Make the `load` of `make_sample_dataset` for ranked lists.

    Args:
        records: lists of equal length L.
        source: gives the pictures.
        augment: (image (H, W, 3) in [0, 1], seed (2,)) -> image; None for none.
        kept: (N, L) bool, the pictures of each list that count; None for all.

    Returns:
        (record number, seed) -> (images (L, H, W, 3) float32, marks (L,) float32: 1 for a picture
        that counts, else 0).

    Raises:
        InputError: the lists have different lengths.
        ValueError: `kept` is of another shape.

    Example:
        >>> # see `make_ranked_dataset`
    """
    numbers = _number_images(records, source)
    length = numbers.shape[1]
    kept = np.ones(numbers.shape, bool) if kept is None else np.asarray(kept)
    if kept.shape != numbers.shape:
        raise ValueError(f"`kept` must be {numbers.shape}, as the lists. Received {kept.shape}.")
    table, marks = tf.constant(numbers), tf.constant(kept, tf.float32)

    def load(number: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        row = tf.gather(table, number)
        images = []
        for place in range(length):
            image = source.load(row[place])
            if augment is not None:
                image = augment(image, tf.random.experimental.stateless_fold_in(seed, place))
            images.append(tf.ensure_shape(image, (*source.image_size, 3)))
        return tf.stack(images), tf.gather(marks, number)  # (L, H, W, 3), (L,)

    return load


def make_ranked_dataset(
    records: Sequence[RankedRecord], source: ImageSource, *, batch_size: int
) -> tf.data.Dataset:
    """Make the evaluation batches of ranked lists: in order, every record once, not augmented.

    Args:
        records: lists of equal length L.
        source: gives the pictures.
        batch_size: records per batch; the last may be smaller.

    Returns:
        Batches of (images (B, L, H, W, 3) float32 in [0, 1], ones (B, L) float32); of several
        workers each reads its own.

    Raises:
        InputError: the lists have different lengths, or are fewer than the devices.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("RGB", (8, 6)).save(path)
        >>> source = ImageSource([path], (3, 4), max_pixels=100)
        >>> batches = make_ranked_dataset([RankedRecord((path, path))], source, batch_size=2)
        >>> batches.element_spec[0].shape
        TensorShape([None, 2, 3, 4, 3])
    """
    load = make_ranked_sample_loader(records, source)
    return make_evaluation_dataset(len(records), load, batch_size=batch_size)


def make_patch_dataset(
    records: Sequence[CountRecord],
    image_size: tuple[int, int],
    *,
    num_patches: int,
    batch_size: int,
    max_pixels: int,
) -> tf.data.Dataset:
    """Make the evaluation batches of a counter: every picture's patches, at the network's size.

    Args:
        records: pictures in the order wanted.
        image_size: (height, width) of the network's input, pixels.
        num_patches: N; each picture is cut into N x N patches.
        batch_size: pictures per batch; the last may be smaller.
        max_pixels: larger pictures are refused.

    Returns:
        Batches of patches (B, N * N, H, W, 3) float32 in [0, 1]; on several devices each gets some
        of every batch.

    Raises:
        InputError: there are fewer pictures than devices.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("RGB", (8, 6)).save(path)
        >>> records = [CountRecord(path, 0)]
        >>> batches = make_patch_dataset(
        ...     records, (3, 4), num_patches=2, batch_size=1, max_pixels=100
        ... )
        >>> next(iter(batches)).shape
        TensorShape([1, 4, 3, 4, 3])
    """

    def read(path: bytes) -> np.ndarray:
        return read_image(Path(path.decode()), max_pixels=max_pixels)

    paths = tf.constant([str(record.image) for record in records])

    def load(number: tf.Tensor) -> tf.Tensor:
        image = tf.numpy_function(read, [tf.gather(paths, number)], tf.uint8, stateful=False)
        image.set_shape((None, None, 3))
        scaled = tf.cast(image, tf.float32)[tf.newaxis] / 255.0  # (1, h, w, 3)
        return cut_patches(scaled, num_patches, image_size)[0]  # (N * N, H, W, 3)

    batches = make_evaluation_batches(
        len(records), load, batch_size=batch_size, shard=current_shard()
    )
    return batches.prefetch(tf.data.AUTOTUNE)


def distinct_images(records: Sequence[RankedRecord]) -> list[Path]:
    """List the pictures of ranked records, each once, sorted.

    Args:
        records: ranked lists.

    Returns:
        Paths.

    Example:
        >>> distinct_images([RankedRecord((Path("b.png"), Path("a.png")))])[0].name
        'a.png'
    """
    return sorted({image for record in records for image in record.images})


def _number_images(records: Sequence[RankedRecord], source: ImageSource) -> np.ndarray:
    lengths = {len(record.images) for record in records}
    if len(lengths) != 1:
        raise InputError(f"ranked lists must have one length. Received {sorted(lengths)}.")
    return np.array([[source.number(image) for image in record.images] for record in records])
