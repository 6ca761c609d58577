"""Turns the samples of a TIFF page into RGB."""

from __future__ import annotations

import numpy as np
import tifffile
from tifffile import EXTRASAMPLE, PHOTOMETRIC


def samples_to_rgb(
    page: tifffile.TiffPage, pixels: np.ndarray, limits: tuple[int, int] | None = None
) -> np.ndarray:
    """Turn samples into RGB, in the manner of `datasets.images.read_image`.

    Args:
        page: the page that they are of.
        pixels: (H, W, C) uint8, uint16 or bool, all of the page or a part of it.
        limits: the page's smallest and largest colour, where `pixels` are a part of it; 16-bit
            colours are stretched between them.

    Returns:
        (H, W, 3) uint8; it may be read-only.

    Example:
        >>> # see `datasets.tiff.to_rgb`
    """
    if page.photometric == PHOTOMETRIC.PALETTE:
        return (page.colormap[:, pixels[..., 0]] >> 8).astype(np.uint8).transpose(1, 2, 0)
    colours, extra = np.split(pixels, [count_colours(page)], axis=-1)
    colours = stretch(colours, limits)
    if page.photometric == PHOTOMETRIC.MINISWHITE:
        colours = 255 - colours
    if page.photometric == PHOTOMETRIC.SEPARATED:
        ink = 255 - colours.astype(np.uint16)  # cyan, magenta, yellow, black
        colours = (ink[..., :3] * ink[..., 3:] // 255).astype(np.uint8)
    if extra.shape[-1] and page.extrasamples and page.extrasamples[0] != EXTRASAMPLE.UNSPECIFIED:
        colours = _lay_on_white(colours, extra[..., :1], page.extrasamples[0])
    return np.broadcast_to(colours, (*colours.shape[:2], 3))


def count_colours(page: tifffile.TiffPage) -> int:
    """Count the samples of a pixel that are colours; those behind them are alpha or other data.

    Args:
        page: the page.

    Returns:
        1, 3 or 4.

    Example:
        >>> # see `samples_to_rgb`
    """
    return {PHOTOMETRIC.RGB: 3, PHOTOMETRIC.SEPARATED: 4}.get(page.photometric, 1)


def stretch(pixels: np.ndarray, limits: tuple[int, int] | None = None) -> np.ndarray:
    """Map a picture's own smallest..largest value onto 0..255, unless it has 8 bits already.

    v -> round(255 (v - min) / (max - min)); a flat picture becomes 0.

    Args:
        pixels: any shape, uint8, bool, uint16 or another number type.
        limits: the whole picture's smallest and largest value, where `pixels` are a part of it.

    Returns:
        uint8 of the same shape; False and True become 0 and 255.

    Example:
        >>> stretch(np.array([1000, 1100, 1200], np.uint16))
        array([  0, 128, 255], dtype=uint8)
    """
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == bool:
        return pixels.astype(np.uint8) * np.uint8(255)
    low, high = (int(pixels.min()), int(pixels.max())) if limits is None else limits
    span = max(1, high - low)
    if pixels.dtype == np.uint16:  # a table is faster, and smaller than a float picture
        table = np.arange(1 << 16, dtype=np.float64) - low
        return np.rint(table.clip(0, span) * 255 / span).astype(np.uint8)[pixels]
    return np.rint((pixels.astype(np.float64) - low) * 255 / span).astype(np.uint8)


def _lay_on_white(colours: np.ndarray, alpha: np.ndarray, kind: int) -> np.ndarray:
    share = alpha.astype(np.float32) / np.iinfo(alpha.dtype).max
    weight = 1.0 if kind == EXTRASAMPLE.ASSOCALPHA else share  # associated: multiplied already
    return np.rint(np.clip(colours * weight + 255 * (1 - share), 0, 255)).astype(np.uint8)
