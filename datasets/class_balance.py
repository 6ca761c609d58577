"""Orders of tagged pictures in which rare classes come as often as common ones."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from datasets.sample_order import Order

_KEY = 7  # of the stream that draws these orders


def make_balanced_order(tags: Sequence[Sequence[int]], *, length: int, seed: int) -> Order:
    """Make the order of `datasets.sample_order.make_ordered_dataset` that balances the classes.

    Args:
        tags: the classes of each picture, each picture at least one.
        length: samples of an epoch, steps times batch size.
        seed: run seed.

    Returns:
        (epoch, position) -> picture's number, int64, a pure function of both and the seed.

    Raises:
        ValueError: there are no pictures, or one has no class.

    Example:
        >>> order = make_balanced_order([(1,), (1,), (1,), (2,)], length=4, seed=0)
        >>> numbers = [int(order(tf.constant(0), tf.constant(i))) for i in range(4)]
        >>> sum(number == 3 for number in numbers)
        2
    """
    _require_tags(tags)

    # An epoch is drawn once; another thread may still be at the end of the one before.
    @functools.lru_cache(maxsize=4)
    def draw(epoch: int) -> np.ndarray:
        return draw_balanced_epoch(tags, length=length, seed=seed, epoch=epoch)

    def order(epoch: tf.Tensor, position: tf.Tensor) -> tf.Tensor:
        number = tf.numpy_function(
            lambda epoch, position: draw(int(epoch))[int(position)],
            [epoch, position],
            tf.int64,
            stateful=False,
        )
        return tf.ensure_shape(number, ())

    return order


def draw_balanced_epoch(
    tags: Sequence[Sequence[int]], *, length: int, seed: int, epoch: int
) -> np.ndarray:
    """Draw the pictures of an epoch in rounds that visit every class once.

    A round goes through the classes in random order, picks for each that it has not seen yet a
    random picture without any class that it has seen, and counts all classes of the picture as
    seen. No picture comes twice in a pass, which ends where a class has none left to pick; the
    next pass starts with all pictures, until the epoch has its length.

    Args:
        tags: the classes of each picture, each picture at least one.
        length: pictures to draw.
        seed: not negative.
        epoch: not negative.

    Returns:
        (length,) int64 numbers of pictures.

    Raises:
        ValueError: there are no pictures, or one has no class.

    Example:
        >>> draw_balanced_epoch([(1,)], length=3, seed=0, epoch=0).tolist()
        [0, 0, 0]

    References:
        coallaoh/GuidedLabelling, `balbatch` clsbal, whose epoch is one pass, of any length.
    """
    _require_tags(tags)
    generator = np.random.default_rng([seed, epoch, _KEY])
    chosen: list[int] = []
    while len(chosen) < length:
        chosen += _draw_pass(tags, generator, length - len(chosen))
    return np.array(chosen[:length], np.int64)


def _draw_pass(
    tags: Sequence[Sequence[int]], generator: np.random.Generator, most: int
) -> list[int]:
    """Return the pictures of one pass, at least one; it may stop once it has `most`."""
    classes = np.unique(np.concatenate([np.asarray(each, int) for each in tags]))
    left = {int(label): [] for label in classes}
    for number in generator.permutation(len(tags)).tolist():
        for label in tags[number]:
            left[int(label)].append(number)
    used: set[int] = set()
    chosen: list[int] = []
    while len(chosen) < most:
        seen: set[int] = set()
        for label in generator.permutation(classes).tolist():
            if label in seen:
                continue
            left[label] = [number for number in left[label] if number not in used]
            fitting = (n for n in left[label] if seen.isdisjoint(tags[n]))
            number = next(fitting, None)
            if number is None:
                return chosen
            chosen.append(number)
            used.add(number)
            seen.update(tags[number])
    return chosen


def _require_tags(tags: Sequence[Sequence[int]]) -> None:
    if not len(tags) or any(len(each) == 0 for each in tags):
        raise ValueError(
            f"`tags` must give each picture a class. Received {len(tags)} pictures, "
            f"{sum(len(each) == 0 for each in tags)} without one."
        )
