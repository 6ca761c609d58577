"""Draws which objects leave a photo, and the pictures without them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from config.options import option
from datasets.known_objects import KnownObjects, ObjectSettings
from ops.inpainting import METHODS, inpaint
from ops.mask_edges import widen_mask
from ops.object_regions import SHAPES
from ops.opencv import cv2

_DECOY_TRIES = 30  # places tried for each


@dataclass(frozen=True, kw_only=True)
class RemoveSettings(ObjectSettings):
    """`--method remove`: known objects taken out of photos.

    Attributes: see each field's `meaning`.
    """

    num_chains: int = option(2, "chains made of each photo", minimum=1, maximum=10_000)
    chain_length: int = option(4, "pictures of a chain; 2 writes pairs", minimum=2, maximum=32)
    step: int = option(
        0, "objects taken out at a time; 0: as the shares say", minimum=0, maximum=100_000
    )
    removed: tuple[float, float] = option(
        (0.35, 1.0), "least and most share of the objects that a chain's last picture lacks"
    )
    inpainting: str = option("telea", "how holes are filled", choices=METHODS)
    inpainting_radius: float = option(
        3.0, "reach of telea and navier_stokes", unit="pixels", minimum=1, maximum=100
    )
    shape: str = option(
        "disc", "what a dot stands for: a disc, or a person below the head", choices=SHAPES
    )
    margin: int = option(
        2, "rim around an object that is filled too", unit="pixels", minimum=0, maximum=100
    )
    decoys: float = option(
        0.5,
        "empty places filled in all pictures of a chain, per object taken out, so that traces of "
        "filling alone do not tell the order",
        minimum=0, maximum=10,
    )  # fmt: skip


def draw_steps(count: int, settings: RemoveSettings, rng: np.random.Generator) -> list[np.ndarray]:
    """Draw which objects are gone from each picture of a chain.

    Args:
        count: objects of the photo, at least one for each picture but the first.
        settings: what the chains have in common.
        rng: picks them.

    Returns:
        (M,) int64 numbers of the objects that each picture lacks, for the first none; each holds
        those of the one before and at least one more.

    Example:
        >>> steps = draw_steps(9, RemoveSettings(step=2), np.random.default_rng(0))
        >>> [len(gone) for gone in steps]
        [0, 2, 4, 6]
    """
    num_steps = settings.chain_length - 1
    if settings.step:
        total = settings.step * num_steps
    else:
        total = max(round(rng.uniform(*settings.removed) * count), num_steps)
    order = rng.permutation(count)[:total]
    ends = np.linspace(0, total, num_steps + 1).round().astype(int)
    return [np.sort(order[:end]) for end in ends]


def draw_chain(
    objects: KnownObjects,
    steps: list[np.ndarray],
    settings: RemoveSettings,
    rng: np.random.Generator,
) -> Iterator[np.ndarray]:
    """Take objects out of a photo, step by step.

    Args:
        objects: the photo and its objects.
        steps: numbers of the objects that each picture lacks, growing.
        settings: what the chains have in common.
        rng: picks the empty places that are filled from the start.

    Yields:
        (H, W, 3) uint8 pictures, one for each step.

    Raises:
        ValueError: the first objects that leave cover all of the photo, see `leaves_nothing`.

    Example:
        >>> # see `remove_objects`
    """
    filled = np.zeros(objects.labels.shape, bool)
    hole = place_decoys(objects, steps[-1], round(settings.decoys * len(steps[-1])), rng)
    image = objects.image
    for gone in steps:
        left = np.isin(objects.labels, gone + 1)
        stays = (objects.labels > 0) & ~left
        # Only what left since the picture before; its rim does not bite into what stays.
        hole |= widen_mask(left & ~filled, settings.margin) & ~stays
        hole &= ~filled
        image = _fill(image, hole, settings, widen_mask(stays, settings.margin) | filled)
        filled, hole = filled | hole | left, np.zeros_like(hole)
        yield image


def leaves_nothing(objects: KnownObjects, gone: np.ndarray, margin: int) -> bool:
    """Tell whether objects cover all that a photo shows, so that nothing is left to fill from.

    Args:
        objects: the photo and its objects.
        gone: (M,) numbers of the objects that leave first.
        margin: rim around an object that is filled too, pixels.

    Returns:
        True where they and their rims cover all pixels of the photo, and none of another object.

    Example:
        >>> # see `remove_objects`
    """
    left = np.isin(objects.labels, gone + 1)
    stays = (objects.labels > 0) & ~left
    return bool((widen_mask(left, margin) & ~stays).all())


def place_decoys(
    objects: KnownObjects, gone: np.ndarray, num: int, rng: np.random.Generator
) -> np.ndarray:
    """Pick empty places of the size of objects that will leave.

    Args:
        objects: the photo and its objects.
        gone: (M,) numbers of the objects that leave.
        num: places; fewer where the photo has no room.
        rng: picks them.

    Returns:
        (H, W) bool.

    Example:
        >>> # see `remove_objects`
    """
    height, width = objects.labels.shape
    taken, decoys = objects.labels > 0, np.zeros((height, width), bool)
    for _ in range(num if len(gone) else 0):
        radius = max(round(float(objects.radii[rng.choice(gone)])), 1)
        for _ in range(_DECOY_TRIES):
            row, column = rng.integers((height, width))
            disc = np.zeros((height, width), np.uint8)
            cv2.circle(disc, (int(column), int(row)), radius, 1, -1)
            disc = disc.astype(bool)
            if not (disc & taken).any():
                decoys |= disc
                taken |= disc
                break
    return decoys


def _fill(image, hole, settings, blocked):
    options = {"method": settings.inpainting, "radius": settings.inpainting_radius}
    return inpaint(image, hole, blocked=blocked, **options)
