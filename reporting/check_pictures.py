"""Reads the pictures that an export is tried on, or chosen by."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from datasets.images import read_image
from reporting.prediction import find_images

NUM_CHECKED = 16


def read_pictures(source: str, *, option: str, max_pixels: int, number: int) -> list[np.ndarray]:
    """Read pictures, evenly from all that there are.

    Args:
        source: a picture, a folder or a glob, see `reporting.prediction.find_images`.
        option: the option that named it, for messages.
        max_pixels: larger pictures are refused before decoding.
        number: most pictures that are read.

    Returns:
        1 to `number` pictures, each (H, W, 3) uint8.

    Raises:
        InputError: nothing there, or a picture that cannot be read.

    Example:
        >>> read_pictures("no_such_folder", option="--pictures", max_pixels=100, number=1)
        Traceback (most recent call last):
        ...
        config.errors.InputError: `--pictures` must be a picture, a folder of pictures or a ...
    """
    files = [path for _, path in find_images(source, option=option)]
    chosen = np.linspace(0, len(files) - 1, min(number, len(files))).round().astype(int)
    return [read_image(files[i], max_pixels=max_pixels) for i in chosen]


def resize_picture(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize a picture as a locator does, rounded to uint8: what a file of one size takes.

    Args:
        image: (H, W, 3) uint8.
        size: (height, width) to resize to, pixels; bilinear, antialiased, aspect not kept.

    Returns:
        (height, width, 3) uint8.

    Example:
        >>> resize_picture(np.full((9, 5, 3), 7, np.uint8), (2, 2))[0, 0].tolist()
        [7, 7, 7]
    """
    resized = tf.image.resize(image, size, antialias=True)
    return tf.cast(tf.round(resized), tf.uint8).numpy()
