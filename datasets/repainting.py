"""Repaints parts of photos of any size with a painter that knows one size."""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace

import numpy as np

from datasets.diffusion_settings import DiffusionSettings
from datasets.known_objects import KnownObjects
from datasets.removals import place_decoys
from datasets.stable_diffusion import Painter
from ops.mask_edges import cover_cells, fade_mask, widen_mask

_FADE = 4  # pixels over which what is painted fades into the photo


@dataclass(frozen=True)
class Fill:
    """What a painter is told.

    Attributes:
        prompt: what shall be seen.
        negative_prompt: what shall not be seen.
        seed: same seed, same picture.

    Example:
        >>> Fill("a lawn", "people", 3).seed
        3
    """

    prompt: str
    negative_prompt: str
    seed: int


@dataclass(frozen=True, eq=False)
class Changes:
    """What changes in the pictures of one chain.

    Attributes:
        gone: (M,) int64 numbers of the objects that are taken out.
        removed: (H, W) bool, where they stood.
        added: (H, W) bool, where people are added.
        num_added: places of those.
        decoys: (H, W) bool, empty places that all pictures have repainted.

    Example:
        >>> # see `draw_changes`
    """

    gone: np.ndarray
    removed: np.ndarray
    added: np.ndarray
    num_added: int
    decoys: np.ndarray


def draw_changes(
    objects: KnownObjects, settings: DiffusionSettings, rng: np.random.Generator
) -> Changes:
    """Draw which objects leave a photo, where people are added, and the empty places.

    Args:
        objects: the photo and its objects, at least one.
        settings: the task and the shares.
        rng: draws them.

    Returns:
        The changes of one chain; none of the kind that the task does not ask for.

    Example:
        >>> image, labels = np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9), np.int32)
        >>> labels[4, 4] = 1
        >>> objects = KnownObjects(image, np.array([[4.0, 4.0]]), labels, None, np.ones(1))
        >>> settings = DiffusionSettings(task="remove", margin=0)
        >>> int(draw_changes(objects, settings, np.random.default_rng(0)).removed.sum())
        1
    """
    nobody = np.zeros(objects.labels.shape, bool)
    gone, removed = np.zeros(0, np.int64), nobody
    if settings.task in ("remove", "triplet"):
        num = max(round(rng.uniform(*settings.removed) * objects.count), 1)
        gone = np.sort(rng.permutation(objects.count)[:num])
        removed = np.isin(objects.labels, gone + 1)
    stays = (objects.labels > 0) & ~removed
    removed = widen_mask(removed, settings.margin) & ~stays
    taken, added, num_added = objects.labels > 0, nobody, 0
    if settings.task in ("add", "triplet"):
        wanted = max(round(rng.uniform(*settings.added) * objects.count), 1)
        added, num_added = _place(objects, taken, settings.added_size, wanted, rng)
    num = round(settings.decoys * (len(gone) + num_added))
    decoys, _ = _place(objects, taken | removed | added, 1.0, num, rng)
    return Changes(gone, removed, added, num_added, decoys)


def repaint(
    painter: Painter, image: np.ndarray, mask: np.ndarray, fill: Fill, *, kept: np.ndarray
) -> np.ndarray:
    """Repaint a part of a photo; all but that part and its fading rim stays as it was.

    The photo lies at the top left of the painter's picture, mirrored beyond its edges.

    Args:
        painter: knows pictures of one size alone.
        image: (H, W, 3) uint8 RGB, not larger than those.
        mask: (H, W) bool, True where it is repainted.
        fill: what shall be seen there.
        kept: (H, W) bool, pixels around the mask that stay as they are, such as objects.

    Returns:
        (H, W, 3) uint8; `image` itself where the mask is empty.

    Example:
        >>> # see `datasets.diffusion_jobs`
    """
    if not mask.any():
        return image
    height, width = image.shape[:2]
    rim = ((0, painter.size[0] - height), (0, painter.size[1] - width))
    canvas = np.pad(image, (*rim, (0, 0)), mode="symmetric")
    hole = cover_cells(np.pad(mask, rim), painter.cell)
    painted = painter.repaint(canvas, hole, *astuple(fill))[:height, :width]
    alpha = np.where(kept & ~mask, 0, fade_mask(mask, _FADE))[..., None]
    return np.rint(alpha * painted + (1 - alpha) * image).astype(np.uint8)


def _place(
    objects: KnownObjects, taken: np.ndarray, scale: float, num: int, rng: np.random.Generator
) -> tuple[np.ndarray, int]:
    """Pick free discs of the objects' sizes; return their (H, W) bool pixels and their number."""
    places, found = np.zeros(taken.shape, bool), 0
    for _ in range(num):
        known = replace(
            objects, labels=(taken | places).astype(np.int32), radii=objects.radii * scale
        )
        place = place_decoys(known, np.arange(objects.count), 1, rng)
        places |= place
        found += bool(place.any())
    return places, found
