"""Nested crops of photos: chains that are ranked without a label, as data sets for the ranker."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from config.errors import InputError
from config.options import option
from datasets.chain_listings import list_chains
from datasets.images import read_header, read_image
from datasets.photo_sets import describe_photo_run, read_photos
from datasets.scaled_images import resize_image, scaled_size
from datasets.scene_folder import write_picture
from datasets.set_writing import SetPlan, write_planned
from datasets.source_photos import PhotoSettings, SourcePhoto
from ops.nested_crops import check_shares, least_size, nested_windows

CROPS_VERSION = 1  # of what a seed draws
_CROPS = 21  # key of the stream that draws windows


@dataclass(frozen=True, kw_only=True)
class CropSettings(PhotoSettings):
    """`--method crops`: nested crops of photos.

    Attributes: see each field's `meaning`.
    """

    image_size: tuple[int, int] = option(
        (384, 512), "height, width of the network's input", unit="pixels", minimum=16, maximum=4096
    )
    num_chains: int = option(4, "chains cut out of each photo", minimum=1, maximum=10_000)
    chain_length: int = option(4, "crops of a chain; 2 writes pairs", minimum=2, maximum=32)
    first_area: tuple[float, float] = option(
        (0.5, 1.0), "least and most share of the photo that a chain's first crop shows"
    )
    area_ratio: tuple[float, float] = option(
        (0.3, 0.8), "least and most share of a crop that the next one shows"
    )
    max_enlargement: float = option(
        2.0,
        "most that a crop is enlarged when it is brought to image_size",
        minimum=0.1,
        maximum=16,
    )

    @property
    def smallest(self) -> tuple[int, int]:
        """The (height, width) that no crop goes below, in pixels."""
        return tuple(math.ceil(side / self.max_enlargement) for side in self.image_size)


def write_crops(
    data_dir: Path,
    name: str,
    settings: CropSettings,
    *,
    workers: int = 1,
    overwrite: bool = False,
) -> list[Path]:
    """Write a data set of nested crops; photos that are too small are named and skipped.

    Args:
        data_dir: folder that holds the data sets.
        name: of the data set.
        settings: what its chains have in common.
        workers: processes.
        overwrite: replace another run's data.

    Returns:
        The folder, in a list.

    Raises:
        InputError: no photo can be used, a setting is out of range, or the folder cannot be used.
        OSError: the file system refuses, e.g. because it is full.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> data_dir = Path(tempfile.mkdtemp())
        >>> for name in ("a.png", "b.png"):
        ...     Image.new("RGB", (64, 48)).save(data_dir / name)
        >>> settings = CropSettings(source=str(data_dir), image_size=(16, 16), num_chains=1)
        >>> len(list((write_crops(data_dir, "crops", settings)[0] / "images").iterdir()))
        8
    """
    _check_shares(settings)
    folder = Path(data_dir) / name
    photos = read_photos(folder, settings)
    made = describe_photo_run("crops", settings, photos)
    plan = SetPlan(
        folder,
        made | {"crops_version": CROPS_VERSION},
        photos,
        partial(cut_chains, folder, settings),
        partial(list_chains, kind="crops", seed=settings.seed),
        max_bad_fraction=settings.max_bad_fraction,
    )
    return [write_planned(plan, workers=workers, overwrite=overwrite)]


def cut_chains(folder: Path, settings: CropSettings, photo: SourcePhoto, number: int) -> list[dict]:
    """Cut the chains of one photo that are not there yet, and describe their crops.

    What is drawn depends on the seed and the photo's name alone. A crop with more pixels than the
    network takes is made smaller, just not below its input on either side; none is enlarged.

    Args:
        folder: the data set's folder, with `images/` in it.
        settings: what the chains have in common.
        photo: the photo.
        number: its number, the start of its crops' names.

    Returns:
        {"image", "height", "width", "chain", "parameters", "source"} of each crop, the fullest of
        each chain first, and "count" where the photo's points are known; or why it is skipped.

    Raises:
        OSError: the file system refuses.

    Example:
        >>> cut_chains(Path("crops"), CropSettings(), SourcePhoto(Path("a.jpg"), "a.jpg"), 0)
        [{'skipped': '`a.jpg` must be a picture file. There is no such file.'}]
    """
    try:
        header = read_header(photo.image, max_pixels=settings.max_pixels)
        windows = draw_windows((header.height, header.width), settings, photo)
        crops = [
            _describe(folder, settings, photo, (number, chain, place), window)
            for chain, nested in enumerate(windows)
            for place, window in enumerate(nested.tolist())
        ]
        missing = [crop for crop in crops if not (folder.parent / crop["image"]).exists()]
        image = read_image(photo.image, max_pixels=settings.max_pixels) if missing else None
    except InputError as error:
        return [{"skipped": str(error)}]
    for crop in missing:
        top, left, height, width = crop["parameters"]["window"]
        pixels = np.ascontiguousarray(image[top : top + height, left : left + width])
        resized = resize_image(pixels, (crop["height"], crop["width"]))
        write_picture(folder.parent / crop["image"], resized)
    return crops


def draw_windows(
    size: tuple[int, int], settings: CropSettings, photo: SourcePhoto
) -> list[np.ndarray]:
    """Draw the windows of a photo's chains.

    Args:
        size: (height, width) of the photo, pixels.
        settings: what the chains have in common.
        photo: the photo; of it the name.

    Returns:
        (chain_length, 4) int64 top, left, height, width in pixels for each chain.

    Raises:
        InputError: the photo is too small.

    Example:
        >>> photo = SourcePhoto(Path("a.jpg"), "a.jpg")
        >>> len(draw_windows((768, 1024), CropSettings(), photo))
        4
    """
    rng = np.random.default_rng([settings.seed, photo.key, _CROPS])
    shares = {"first_area": settings.first_area, "area_ratio": settings.area_ratio}
    least = least_size(settings.chain_length, smallest=settings.smallest, **shares)
    if size[0] < least[0] or size[1] < least[1]:
        raise InputError(
            f"`{photo.image}` must have {least[0]} x {least[1]} pixels or more (see `--image_size`,"
            f" `--max_enlargement`, `--chain_length`). It has {size[0]} x {size[1]}."
        )
    return [
        nested_windows(size, settings.chain_length, smallest=settings.smallest, rng=rng, **shares)
        for _ in range(settings.num_chains)
    ]


def _describe(
    folder: Path,
    settings: CropSettings,
    photo: SourcePhoto,
    key: tuple[int, int, int],
    window: list[int],
) -> dict:
    """Describe one crop; `key` is the number of the photo, of the chain and of the crop in it."""
    top, left, height, width = window
    scale = max(
        most / side for most, side in zip(settings.image_size, (height, width), strict=True)
    )
    scaled = scaled_size((height, width), min(scale, 1.0))
    crop = {
        "image": f"{folder.name}/images/{key[0]:06d}_{key[1]:02d}_{key[2]:02d}.jpg",
        "height": scaled[0],
        "width": scaled[1],
        "chain": key[1],
        "parameters": {"chain": key[1], "place": key[2], "window": window},
        "source": photo.name,
    }
    if photo.points is not None:
        inside = (photo.points >= (top, left)) & (photo.points < (top + height, left + width))
        crop["count"] = int(inside.all(axis=1).sum())
    return crop


def _check_shares(settings: CropSettings) -> None:
    """Refuse shares that no chain can be drawn with."""
    shares = {"first_area": settings.first_area, "area_ratio": settings.area_ratio}
    try:
        check_shares(**shares)
    except ValueError as error:
        raise InputError(str(error)) from error
