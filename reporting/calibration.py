"""Reads the pictures that choose the ranges of a quantised model."""

from __future__ import annotations

import numpy as np

from reporting.check_pictures import read_pictures, resize_picture

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
    bounds = {"max_pixels": max_pixels, "number": number}
    pictures = read_pictures(source, option="--calibration", **bounds)
    return np.stack([resize_picture(picture, size) for picture in pictures])
