"""Photos whose objects are known, ready to be taken out or cut out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import ndimage

from config.errors import InputError
from config.options import option
from datasets.images import read_image
from datasets.label_maps import read_mask
from datasets.paths import is_picture
from datasets.scaled_images import resize_image, scaled_size
from datasets.source_photos import PhotoSettings, SourcePhoto, list_photos
from ops.box_masks import box_labels
from ops.dot_masks import masks_from_points, measure_objects
from ops.object_regions import regions_from_boxes, regions_from_points, regions_in_mask
from ops.object_sizes import radii_from_points
from ops.opencv import cv2

_PHOTO_ORDER = 31  # key of the stream that picks photos
_DISC_REACH = 1.5  # radii around a dot in which its object's outline is looked for


@dataclass(frozen=True, kw_only=True)
class ObjectSettings(PhotoSettings):
    """What the methods share that need to know where the objects are.

    Attributes: see each field's `meaning`.
    """

    image_size: tuple[int, int] = option(
        (384, 512), "most height, width; larger photos are reduced", unit="pixels", minimum=16,
        maximum=4096,
    )  # fmt: skip
    num_photos: int = option(
        0, "photos to use, drawn from the seed; 0 for all", minimum=0, maximum=1_000_000
    )
    mask_dir: str = option("", "folder of masks, each named as its photo")
    mask_values: str = option(
        "ids",
        "what a mask's values tell: one per object (a single one: its pieces), or foreground",
        choices=("ids", "foreground"),
    )
    object_radius: float = option(
        0.0,
        "radius of objects that only dots mark, in the photo; 0 guesses it from their distances",
        unit="pixels", minimum=0, maximum=1000,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class KnownObjects:
    """A photo, reduced where it is large, and its objects.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        points: (N, 2) float64 (row, column) of the objects, pixels.
        labels: (H, W) int32, 0 background, i + 1 the pixels of object i; a hidden one has none.
        boxes: (N, 4) float64 xyxy half-open pixels, or None where only dots are known.
        radii: (N,) float64 pixels, half of the objects' size.

    Example:
        >>> # see `read_objects`
    """

    image: np.ndarray
    points: np.ndarray
    labels: np.ndarray
    boxes: np.ndarray | None
    radii: np.ndarray

    @property
    def count(self) -> int:
        """The number of objects."""
        return len(self.points)


def read_object_photos(folder: Path, settings: ObjectSettings) -> list[SourcePhoto]:
    """Read the photos that settings name, with what is known of their objects.

    Args:
        folder: the data set's folder inside `data_dir`; what it holds is not taken for photos.
        settings: with the source, the masks and the number of photos.

    Returns:
        Photos sorted by file, all with points, boxes or a mask.

    Raises:
        InputError: they cannot be read, or nothing is known of their objects.

    Example:
        >>> # see `datasets.remove_jobs.write_removals`
    """
    photos = list_photos(settings, folder)
    if settings.mask_dir:
        photos = add_masks(photos, Path(settings.mask_dir).expanduser())
    known = [each for each in photos if _is_known(each)]
    if not known:
        raise InputError(
            f"Photos must come with points, boxes or masks of their objects. `{photos[0].image}` "
            "and all others have none; give `--mask_dir`, or `--format` and `--dataset` of a data "
            "set that has them."
        )
    if not 0 < settings.num_photos < len(known):
        return known
    order = np.random.default_rng([settings.seed, _PHOTO_ORDER]).permutation(len(known))
    return [known[i] for i in sorted(order[: settings.num_photos])]


def add_masks(photos: Sequence[SourcePhoto], folder: Path) -> list[SourcePhoto]:
    """Give photos the masks of a folder that have their names.

    Args:
        photos: photos.
        folder: pictures; `a.png` is the mask of any photo `a`.

    Returns:
        The photos; one without a mask there keeps its own.

    Raises:
        InputError: there is no such folder, or no mask in it has the name of a photo.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> (folder / "a.png").touch()
        >>> add_masks([SourcePhoto(Path("a.jpg"), "a.jpg")], folder)[0].mask.name
        'a.png'
    """
    if not folder.is_dir():
        raise InputError(f"`--mask_dir` must be a folder. `{folder}` is none.")
    found = {path.stem: path for path in sorted(folder.iterdir(), reverse=True) if is_picture(path)}
    photos = [replace(each, mask=found.get(each.image.stem, each.mask)) for each in photos]
    if not any(each.image.stem in found for each in photos):
        raise InputError(
            f"`--mask_dir` must hold a mask named as a photo. `{folder}` has none for "
            f"`{photos[0].image.name}` nor any other; name them as the photos."
        )
    return photos


def read_objects(
    photo: SourcePhoto, settings: ObjectSettings, *, shape: str = "disc", outlines: bool = False
) -> KnownObjects:
    """Read a photo and find the pixels of its objects.

    Of several kinds of annotation the one is taken that tells most: mask, boxes, points.

    Args:
        photo: the photo.
        settings: how large it may be and how its annotations are meant.
        shape: what a dot stands for, see `ops.object_regions.regions_from_points`.
        outlines: find the outline of an object in its box (by GrabCut) or around its dot (see
            `ops.dot_masks`), instead of the whole box or disc.

    Returns:
        The photo and its objects.

    Raises:
        InputError: the photo or its mask cannot be read, or they do not fit.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> path = Path(tempfile.mkdtemp()) / "grey.png"
        >>> Image.new("RGB", (80, 60)).save(path)
        >>> photo = SourcePhoto(path, "grey.png", points=np.array([[20.0, 30.0]]))
        >>> read_objects(photo, ObjectSettings(image_size=(30, 40))).points.tolist()
        [[10.0, 15.0]]
    """
    image = read_image(photo.image, max_pixels=settings.max_pixels)
    full = image.shape[:2]
    scale = min(1.0, *(most / side for most, side in zip(settings.image_size, full, strict=True)))
    image = resize_image(image, scaled_size(full, scale))
    factors = np.divide(image.shape[:2], full)
    if photo.mask is not None:
        return _from_mask(photo, image, full, settings)
    if photo.boxes is not None:
        return _from_boxes(photo, image, photo.boxes * np.tile(factors[::-1], 2), outlines)
    points = np.asarray(photo.points, np.float64).reshape(-1, 2) * factors
    # A click on the edge lies in the outermost pixel.
    points = points.clip(0, np.subtract(image.shape[:2], 1e-3))
    radii = radii_from_points(points, image.shape[:2])
    if settings.object_radius:
        radii = np.full(len(points), settings.object_radius * factors.mean())
    if outlines and settings.object_radius:
        labels = masks_from_points(image, points, _DISC_REACH * radii)
    elif outlines:
        labels, radii = measure_objects(image, points, radii)
    else:
        labels = regions_from_points(points, radii, image.shape[:2], shape=shape)
    return KnownObjects(image, points, labels, None, radii)


def _is_known(photo):
    return not (photo.points is None and photo.boxes is None and photo.mask is None)


def _from_mask(photo, image, full, settings):
    mask = read_mask(photo.mask, max_pixels=settings.max_pixels)
    if mask.shape != full:
        raise InputError(
            f"`{photo.mask}` must have the size of `{photo.image}`, {full[0]} x {full[1]} pixels. "
            f"It has {mask.shape[0]} x {mask.shape[1]}."
        )
    if settings.mask_values == "foreground":
        mask = mask != 0
    labels = regions_in_mask(mask).astype(np.float32)  # what OpenCV resizes, exact up to 2^24
    size = image.shape[1::-1]
    labels = cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST_EXACT).astype(np.int32)
    kept = np.setdiff1d(labels, [0])  # reducing may lose tiny ones
    return _measure(image, (np.searchsorted(kept, labels) + 1).astype(np.int32) * (labels > 0))


def _measure(image, labels):
    places = ndimage.find_objects(labels)
    boxes = [(cols.start, rows.start, cols.stop, rows.stop) for rows, cols in places]
    boxes = np.array(boxes, np.float64).reshape(-1, 4)
    numbers = np.arange(1, len(boxes) + 1)
    points = np.array(ndimage.center_of_mass(labels > 0, labels, numbers)).reshape(-1, 2)
    areas = np.bincount(labels.ravel(), minlength=len(boxes) + 1)[1:]
    return KnownObjects(image, points, labels, boxes, np.sqrt(areas / np.pi))


def _from_boxes(photo, image, boxes, outlines):
    labels = regions_from_boxes(boxes, image.shape[:2])
    if outlines and len(boxes):
        labels = labels * (box_labels(image, boxes, band=0) == 1)
    points = np.stack([boxes[:, [1, 3]].mean(axis=1), boxes[:, [0, 2]].mean(axis=1)], axis=1)
    radii = np.sqrt(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1).clip(1)) / 2
    return KnownObjects(image, points, labels, boxes, radii)
