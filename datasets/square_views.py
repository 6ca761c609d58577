"""What training shows of a picture in a square: a part of it, perhaps mirrored; labels alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from config.errors import InputError
from datasets.scaled_images import resize_image, resize_mask
from ops.squares import fit_square, pad_square

AUGMENTATIONS = ("none", "published")
_MOST_CUT = 0.1  # share of a side that the published recipe cuts off at each end


@dataclass(frozen=True)
class SquareView:
    """The part of a picture that a square shows.

    Attributes:
        start: (row, column) where the part starts, shares of the height and width.
        stop: (row, column) where it stops, likewise.
        mirrored: left and right change places.

    Example:
        >>> SquareView().stop
        (1.0, 1.0)
    """

    start: tuple[float, float] = (0.0, 0.0)
    stop: tuple[float, float] = (1.0, 1.0)
    mirrored: bool = False


def check_augmentation(augment: str) -> None:
    """Require a known augmentation.

    Args:
        augment: what was given.

    Raises:
        InputError: it is none of `AUGMENTATIONS`.

    Example:
        >>> check_augmentation("none")
    """
    if augment not in AUGMENTATIONS:
        raise InputError(
            f"`augment` must be one of {', '.join(AUGMENTATIONS)}. Received {augment}."
        )


def draw_square_view(generator: np.random.Generator, augment: str) -> SquareView:
    """Draw what is shown.

    Args:
        generator: source of the draws.
        augment: "none" shows the whole picture; "published" cuts up to 10 % off each of the four
            sides, each drawn apart, and mirrors half of the pictures left to right.

    Returns:
        The view.

    Raises:
        InputError: `augment` is unknown.

    Example:
        >>> draw_square_view(np.random.default_rng(0), "none")
        SquareView(start=(0.0, 0.0), stop=(1.0, 1.0), mirrored=False)

    References:
        Oh et al., arXiv 1701.08261; coallaoh/GuidedLabelling, seed training.
    """
    check_augmentation(augment)
    if augment == "none":
        return SquareView()
    top, left, bottom, right = (float(cut) for cut in generator.uniform(0, _MOST_CUT, 4))
    return SquareView((top, left), (1 - bottom, 1 - right), bool(generator.random() < 0.5))


def show_square(pixels: np.ndarray, view: SquareView, square: int) -> np.ndarray:
    """Show the part of a picture, or of its label map of the same size, in a square.

    The part is resized so that its longer side is the square's, a picture bilinearly and labels by
    the nearest pixel, laid in the middle, and mirrored beyond its border (see `ops.squares`).

    Args:
        pixels: (H, W, 3) uint8 picture, or (H, W) labels.
        view: what is shown.
        square: side of the square, S, pixels.

    Returns:
        (S, S, 3) uint8 or (S, S) of the labels' type.

    Example:
        >>> show_square(np.array([[1, 2, 3, 4]]), SquareView(mirrored=True), 2).tolist()
        [[4, 2], [4, 2]]
    """
    height, width = pixels.shape[:2]
    top, left = (int(share * side) for share, side in zip(view.start, (height, width), strict=True))
    bottom, right = int(view.stop[0] * height), int(view.stop[1] * width)
    part = pixels[top : max(bottom, top + 1), left : max(right, left + 1)]
    _, _, inside = fit_square(part.shape[:2], square)
    resized = resize_mask(part, inside) if pixels.ndim == 2 else resize_image(part, inside)
    shown = pad_square(resized, square)
    return np.ascontiguousarray(shown[:, ::-1]) if view.mirrored else shown
