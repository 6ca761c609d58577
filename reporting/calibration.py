"""Reads the pictures that choose the ranges of a quantised model."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from datasets.images import read_image
from reporting.prediction import find_images

NUM_PICTURES = 100


def read_calibration(
    source: str, size: tuple[int, int], *, max_pixels: int, number: int = NUM_PICTURES
) -> np.ndarray:
    """Read pictures, evenly from all that there are, and resize them as a locator does.

    Args:
        source: a picture, a folder or a glob, see `reporting.prediction.find_images`.
        size: (height, width) to resize to, pixels; bilinear, antialiased, aspect not kept.
        max_pixels: larger pictures are refused before decoding.
        number: most pictures that are read.

    Returns:
        (N, height, width, 3) uint8, N from 1 to `number`.

    Raises:
        InputError: nothing there, or a picture that cannot be read.

    Example:
        >>> read_calibration("no_such_folder", (4, 4), max_pixels=100)
        Traceback (most recent call last):
        ...
        config.errors.InputError: `--calibration` must be a picture, a folder of pictures or a ...
    """
    files = [path for _, path in find_images(source, option="--calibration")]
    chosen = np.linspace(0, len(files) - 1, min(number, len(files))).round().astype(int)
    pictures = [resize_picture(read_image(files[i], max_pixels=max_pixels), size) for i in chosen]
    return np.stack(pictures)


def resize_picture(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize a picture as a locator does, rounded to uint8: what a LiteRT file takes.

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
