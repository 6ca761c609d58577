"""What training shows of a picture and of its labels: the same part of both, in a square."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from config.errors import InputError
from datasets.scaled_images import resize_image, resize_mask, scaled_size
from datasets.square_views import SquareView, draw_square_view, show_square
from ops.squares import pad_square

AUGMENTATIONS = ("none", "published", "general")
_SMALLEST_PART = 0.6  # of each side, that the recipe "general" shows
_SCALES = (0.75, 1.5)  # of a picture at its own size
_LIGHT = 0.2  # reach of the changes of brightness and contrast


@dataclass(frozen=True)
class GuideView:
    """What a square shows of a picture and of its labels.

    Attributes:
        part: of the picture, where it is fitted into the square.
        scale: factor of the picture's own size, where it is not.
        corner: (row, column) of the square in that picture, as shares of what does not fit.
        brightness: factor of the levels.
        contrast: factor of their distance from the mean.

    Example:
        >>> GuideView().scale
        1.0
    """

    part: SquareView = SquareView()
    scale: float = 1.0
    corner: tuple[float, float] = (0.5, 0.5)
    brightness: float = 1.0
    contrast: float = 1.0


def draw_guide_view(generator: np.random.Generator, augment: str) -> GuideView:
    """Draw what is shown.

    Args:
        generator: source of the draws.
        augment: "none" shows the whole picture, or its middle; "published" mirrors half of the
            pictures and cuts up to 10 % off each side, or takes a random part at its own size;
            "general" shows .6 to 1 of each side, or .75 to 1.5 times the size, and changes
            brightness and contrast by up to 20 %, too.

    Returns:
        The view.

    Raises:
        InputError: `augment` is unknown.

    Example:
        >>> draw_guide_view(np.random.default_rng(0), "none") == GuideView()
        True
    """
    if augment not in AUGMENTATIONS:
        raise InputError(
            f"`augment` must be one of {', '.join(AUGMENTATIONS)}. Received {augment}."
        )
    if augment == "none":
        return GuideView()
    part = draw_square_view(generator, "published")
    corner = tuple(generator.random(2).tolist())
    if augment == "published":
        return GuideView(part, corner=corner)
    shares = generator.uniform(_SMALLEST_PART, 1) * generator.uniform(0.85, 1, 2)
    start = generator.random(2) * (1 - shares)
    part = SquareView(tuple(start.tolist()), tuple((start + shares).tolist()), part.mirrored)
    brightness, contrast = generator.uniform(1 - _LIGHT, 1 + _LIGHT, 2).tolist()
    return GuideView(part, float(generator.uniform(*_SCALES)), corner, brightness, contrast)


def show_guide(
    image: np.ndarray, labels: np.ndarray, view: GuideView, square: int, *, resize: str
) -> tuple[np.ndarray, np.ndarray]:
    """Show a picture and its labels in a square, both in the same place.

    Args:
        image: (H, W, 3) uint8.
        labels: (H, W) integers of the picture; where it is fitted, their size may be another one.
        view: what is shown.
        square: side of the square, S, pixels.
        resize: "tight" fits the part into the square, the longer side S; "none" keeps the size.

    Returns:
        (S, S, 3) uint8 and (S, S) labels, each mirrored beyond its border. Labels take the nearest
        pixel.

    Example:
        >>> image, labels = np.zeros((2, 4, 3), np.uint8), np.array([[1, 2, 3, 4]] * 2)
        >>> show_guide(image, labels, GuideView(), 2, resize="none")[1].tolist()
        [[2, 3], [2, 3]]
    """
    if resize == "tight":
        shown = show_square(image, view.part, square), show_square(labels, view.part, square)
    else:
        size = scaled_size(image.shape[:2], view.scale)
        resized = resize_image(image, size), resize_mask(labels, size)
        shown = tuple(_cut_square(each, view, square) for each in resized)
    return _change_light(shown[0], view), shown[1]


def _cut_square(pixels, view, square):
    corner = [
        round(s * max(0, n - square)) for s, n in zip(view.corner, pixels.shape, strict=False)
    ]
    part = pixels[corner[0] : corner[0] + square, corner[1] : corner[1] + square]
    shown = pad_square(part, square)
    return np.ascontiguousarray(shown[:, ::-1]) if view.part.mirrored else shown


def _change_light(image, view):
    if view.brightness == view.contrast == 1:
        return image
    levels = image.astype(np.float32) * view.brightness
    mean = levels.mean()
    return np.clip((levels - mean) * view.contrast + mean, 0, 255).round().astype(np.uint8)
