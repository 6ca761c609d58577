"""Reads microscopy TIFFs with instance masks, as the benchmark BBBC039 has them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from skimage.measure import label

from datasets.bad_records import read_own_points
from datasets.images import read_labels
from datasets.paths import find_dataset, keep_inside, list_files
from datasets.records import BadRecord, PointRecord
from datasets.split_rules import every_fifth


def read_bbbc039(data_dir: Path, dataset: str, split: str) -> list[PointRecord | BadRecord]:
    """Read pictures and the centre of each nucleus.

    Layout: `images/<name>.tif` and `masks/<name>.png`. Labels are coded in a mask's first channel,
    0 is background; a number is used again for nuclei that do not touch, so a nucleus is a
    connected region (8 neighbours) of one value. Its point is the mean of its pixels. There is no
    split: every fifth picture by sorted name is "test" (see `datasets.split_rules`). Off by one:
    none; a pixel's row and column count from 0 already.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the folder that holds `images` and `masks`.
        split: "train" or "test"; "val" has no pictures.

    Returns:
        Records sorted by picture, a `BadRecord` where a mask cannot be read. A picture that is
        absent is listed all the same.

    Raises:
        InputError: a folder is missing or has no mask, or a file leads out of `data_dir`.

    Example:
        >>> import tempfile
        >>> read_bbbc039(Path(tempfile.mkdtemp()), "cell_nuclei", "train")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `cell_nuclei` must be a folder inside ...

    References:
        Caicedo et al., Nucleus segmentation across imaging experiments, Nature Methods 2019.
    """
    folder = find_dataset(data_dir, dataset)
    images = folder / "images"
    masks = {image: folder / "masks" / f"{image.stem}.png" for image in images.glob("*.tif")}
    for mask in list_files(data_dir, folder / "masks", "*.png"):
        masks[images / f"{mask.stem}.tif"] = mask
    return [
        read_own_points(keep_inside(data_dir, image), masks[image], _read_centres)
        for image in every_fifth(sorted(masks), split)
    ]


def _read_centres(path: Path) -> np.ndarray:
    return centres_from_mask(read_labels(path))


def centres_from_mask(mask: np.ndarray) -> np.ndarray:
    """Find the mean pixel of each connected region of one value.

    Args:
        mask: (H, W) integers; 0 is background.

    Returns:
        (N, 2) float64 array, (row, column) in pixels, in the order of each region's first pixel.

    Example:
        >>> centres_from_mask(np.array([[1, 1, 0, 2]]))
        array([[0. , 0.5],
               [0. , 3. ]])
    """
    regions = label(mask, background=0, connectivity=2)  # (H, W)
    rows, columns = np.nonzero(regions)
    numbers = regions[rows, columns] - 1
    sizes = np.bincount(numbers)
    sums = [np.bincount(numbers, weights=axis) for axis in (rows, columns)]
    return np.stack(sums, axis=-1) / sizes[:, None]  # (N, 2)
