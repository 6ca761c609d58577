"""Cut-outs and backgrounds out of photos whose objects are known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import ndimage

from config.errors import InputError
from datasets.images import read_image
from datasets.known_objects import KnownObjects, read_objects
from datasets.paste_layout import PasteSettings
from datasets.scaled_images import resize_image, scaled_size
from datasets.source_photos import SourcePhoto
from ops.cut_outs import CutOut, cut_out, whole_objects
from ops.inpainting import inpaint
from ops.plain_backgrounds import add_grain, smooth_background

_KEPT_PHOTOS = 32  # whose cut-outs a process keeps
_HALO = 1.0  # radii around an object that still carry its light
_GROUND_SIGMA = 8.0  # radii
_SOFT = 0.35  # radii, the outline's blur of an object on a smooth ground
_HARD = 0.7  # pixels, that of others
_RIM = 2  # pixels around an outline that inpainting replaces too


@dataclass(frozen=True, eq=False)
class PasteSource:
    """What one photo gives.

    Attributes:
        cut_outs: its objects that show themselves whole; perhaps none.
        plain: (H, W, 3) the photo without its objects: float32 and smooth with the background
            "ground", else uint8.
        image: (H, W, 3) uint8, the photo.
        objects: (H, W) bool, where its objects and their halos are.

    Example:
        >>> # see `read_source`
    """

    cut_outs: tuple[CutOut, ...]
    plain: np.ndarray
    image: np.ndarray
    objects: np.ndarray

    def draw_background(self, rng: np.random.Generator, *, mirrored: bool) -> np.ndarray:
        """Draw a picture of the place without objects.

        Args:
            rng: lays the grain of a smooth ground anew, and mirrors the picture.
            mirrored: whether it may be mirrored; a smooth ground both ways.

        Returns:
            (H, W, 3) uint8 RGB.

        Example:
            >>> # see `datasets.paste_jobs.paste_objects`
        """
        smooth = self.plain.dtype != np.uint8
        picture = self.plain
        if smooth:
            picture = add_grain(self.plain, self.image, self.objects, rng)
        if mirrored and rng.integers(2):
            picture = picture[:, ::-1]
        if mirrored and smooth and rng.integers(2):
            picture = picture[::-1]
        return np.ascontiguousarray(picture)


@lru_cache(maxsize=_KEPT_PHOTOS)
def read_source(photo: SourcePhoto, settings: PasteSettings) -> PasteSource:
    """Cut the objects out of a photo, and draw the photo without them.

    Args:
        photo: the photo and its objects; of the same photo the last results are kept.
        settings: what the pictures have in common.

    Returns:
        What the photo gives.

    Raises:
        InputError: the photo or its mask cannot be read, or its objects cover all of it.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("RGB", (80, 60)).save(path)
        >>> photo = SourcePhoto(path, "grey.png", boxes=np.array([[10.0, 10.0, 30.0, 40.0]]))
        >>> read_source(photo, PasteSettings()).plain.shape
        (60, 80, 3)
    """
    known = read_objects(photo, settings, outlines=True)
    radius = float(np.median(known.radii)) if known.count else 1.0
    smooth = settings.background == "ground" and not settings.backgrounds
    distances = ndimage.distance_transform_edt(known.labels == 0)
    objects = distances <= (_HALO * radius if smooth else _RIM)
    if not (known.labels > 0).any():
        objects = np.zeros_like(objects)
    if smooth:
        plain = smooth_background(known.image, objects, sigma=_GROUND_SIGMA * radius)
    elif objects.all():
        raise InputError(
            f"`{photo.image}` must show something besides its objects. They cover all of it; give "
            "`--backgrounds`."
        )
    else:
        # Pasting onto other photos needs no picture of this place.
        empty = np.zeros_like(objects) if settings.backgrounds else objects
        plain = inpaint(known.image, empty, method=settings.inpainting)
    return PasteSource(_cut_all(known, plain, radius, settings), plain, known.image, objects)


def read_background(photo: SourcePhoto, settings: PasteSettings) -> np.ndarray:
    """Read a photo to paste onto, reduced where it is large.

    Args:
        photo: the photo.
        settings: what the pictures have in common.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        InputError: it cannot be read.

    Example:
        >>> # see `datasets.paste_jobs.paste_objects`
    """
    image = read_image(photo.image, max_pixels=settings.max_pixels)
    size = image.shape[:2]
    scale = min(1.0, *(most / side for most, side in zip(settings.image_size, size, strict=True)))
    return resize_image(image, scaled_size(size, scale))


def _cut_all(
    known: KnownObjects, plain: np.ndarray, radius: float, settings: PasteSettings
) -> tuple[CutOut, ...]:
    # Poisson blending carries gradients over, so it needs the surroundings as they were.
    smooth = plain.dtype != np.uint8 and settings.blending != "poisson"
    options = {"softness": _SOFT * radius, "ground": plain} if smooth else {"softness": _HARD}
    places = ndimage.find_objects(known.labels)
    cuts = []
    for label in whole_objects(known.labels):
        if places[label - 1] is not None:
            point = tuple(map(float, known.points[label - 1]))
            cuts.append(cut_out(known.image, known.labels == label, point=point, **options))
    return tuple(cuts)
