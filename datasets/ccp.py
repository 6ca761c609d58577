"""Reads Clothing Co-Parsing: photos whose garments are named, in some also drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from config.errors import InputError
from datasets.label_maps import read_mask
from datasets.matlab import read_mat
from datasets.paths import find_dataset, index_pictures, list_files
from datasets.tagged_pictures import TaggedPicture

_KINDS = ("pixel-level", "image-level")


def list_ccp_tags(data_dir: Path, dataset: str) -> list[TaggedPicture]:
    """List the photos with the labels that they show.

    Layout, as downloaded: `photos/<name>.jpg`, `label_list.mat` (the names of labels 0, 1, ...; 0
    is the background), `annotations/pixel-level/<name>.mat` (matrix `groundtruth`, which is also
    the label map for scoring) and `annotations/image-level/<name>.mat` (row `tags` of labels).
    Where both kinds are read, photos without a label map serve training only.

    Args:
        data_dir: folder that holds the data sets.
        dataset: the folder of `photos`; or `<folder>/annotations/pixel-level` (or `image-level`)
            for the photos of one kind.

    Returns:
        Photos by name, without splits; one whose annotation cannot be used has a `problem`. A photo
        that is absent is listed all the same.

    Raises:
        InputError: a folder or the list of labels is missing or of another kind.

    Example:
        >>> import tempfile
        >>> list_ccp_tags(Path(tempfile.mkdtemp()), "ccp")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `ccp` must be a folder inside ...

    References:
        Yang, Luo, Lin, Clothing Co-Parsing by Joint Image Segmentation and Labeling, CVPR 2014;
        bearpaw/clothing-co-parsing.
    """
    root, inner, _ = dataset.partition("/annotations/")
    folder = find_dataset(data_dir, root)
    chosen = find_dataset(data_dir, dataset) if inner else folder / "annotations"
    kinds = [chosen.name] if inner else [kind for kind in _KINDS if (chosen / kind).is_dir()]
    if not set(kinds) & set(_KINDS):
        raise InputError(f"`{chosen}` must hold `pixel-level` or `image-level`. It holds neither.")
    labels = _read_labels(folder / "label_list.mat")
    photos = index_pictures(data_dir, folder / "photos")
    pictures = {}
    for kind in reversed(kinds):  # a photo of both kinds is one with a label map
        for path in list_files(data_dir, folder / "annotations" / kind, "*.mat"):
            image = photos.get(path.stem, folder / "photos" / f"{path.stem}.jpg")
            only_training = kind == "image-level" and len(kinds) > 1
            pictures[path.stem] = _read_picture(path, kind, labels, image, only_training)
    return [pictures[stem] for stem in sorted(pictures)]


def _read_labels(path: Path) -> tuple[str, ...]:
    """Return the names of labels 0, 1, ..."""
    cells = read_mat(path).get("label_list")
    if not isinstance(cells, np.ndarray) or cells.dtype != object or cells.size < 2:
        raise InputError(f"`{path}`: `label_list` must hold two names or more.")
    names = tuple(str(np.ravel(cell)[0]) if np.size(cell) else "" for cell in cells.ravel())
    if len(set(names)) < len(names) or "" in names:
        raise InputError(f"`{path}`: `label_list` must name each label once.")
    return names


def _read_picture(
    path: Path, kind: str, labels: tuple[str, ...], image: Path, only_training: bool
) -> TaggedPicture:
    try:
        found = _read_pixels(path) if kind == "pixel-level" else _read_row(path)
        largest = int(found.max(initial=0))
        if largest >= len(labels):
            raise InputError(
                f"`{path}` must hold labels of 0 to {len(labels) - 1}. It holds {largest}."
            )
    except InputError as error:
        return TaggedPicture(image, (), problem=str(error))
    names = tuple(sorted(labels[i] for i in found if i))
    if kind == "image-level":
        return TaggedPicture(image, names, only_training=only_training)
    return TaggedPicture(image, names, mask=path, mask_names=labels[1:])


def _read_pixels(path: Path) -> np.ndarray:
    return np.unique(read_mask(path))


def _read_row(path: Path) -> np.ndarray:
    tags = read_mat(path).get("tags")
    if not isinstance(tags, np.ndarray) or tags.dtype.kind not in "ui" or (tags < 0).any():
        raise InputError(f"`{path}`: `tags` must be whole numbers, not negative.")
    return np.unique(tags)
