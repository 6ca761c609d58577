"""Finds the objects of pictures of any size: in tiles that overlap, with blobs merged at seams."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from config.errors import InputError
from config.files import output_folder
from datasets.images import PictureWindows, open_windows
from ops.blob_levels import level_thresholds
from ops.blob_merging import BlobMerger
from ops.class_blobs import class_masks
from ops.nearest_pixels import NearestPixels
from ops.tiles import Box, Tile, core_size, plan_tiles, scale_box, scale_size
from reporting.blob_options import BlobOptions
from reporting.label_maps import LabelStore, write_label_map
from reporting.point_settings import PointSettings
from reporting.prediction import Blobs, Prediction, refused_picture
from reporting.prediction_figures import Preview
from reporting.predictors import Predictor

logger = logging.getLogger(__name__)

Track = Callable[[Iterable, int, str], Iterable]


def predict_blobs(
    predictor: Predictor,
    images: Sequence[tuple[str, Path]],
    folder: Path,
    *,
    max_pixels: int,
    batch_size: int = 1,
    options: BlobOptions | None = None,
    track: Track = lambda steps, total, name: steps,
) -> Iterator[tuple[Prediction, Preview | None]]:
    """Find the objects of pictures one after the other; a bad one gives an error, the rest go on.

    Each picture is read, predicted and labelled tile by tile, a small one as one tile. Blobs are
    those of the whole map of probabilities: pieces that touch across a seam are merged, at each of
    the model's levels. Memory is that of one tile, whatever the picture's size. The label map of
    each picture, numbered by the blobs' first pixels, goes to `<folder>/<image>.png` or `.tif`, at
    the picture's size also where the model's map is larger.

    Args:
        predictor: of a model with `probabilities`.
        images: (name, path) of each picture.
        folder: where the label maps go; it is made.
        max_pixels: larger pictures are refused, but for TIFFs that can be read in parts.
        batch_size: most tiles of a picture per call.
        options: tiles and blobs; None leaves all to the model.
        track: (steps, number of tiles, picture's name) -> the same steps, to show progress.

    Yields:
        (prediction with `blobs`, the picture small enough to be drawn on or None), in order.

    Raises:
        InputError: the options do not fit each other.
        OSError: a label map cannot be written.

    Example:
        >>> predictor = Predictor(None, {"probabilities": (None, None, None, 1)}, PointSettings())
        >>> images = [("a", Path("absent.tif"))]
        >>> next(predict_blobs(predictor, images, Path("."), max_pixels=100))[0].error
        '`absent.tif` must be a picture file. There is no such file.'
    """
    options = (options or BlobOptions()).complete(predictor.settings)
    for name, path in images:
        try:
            with open_windows(path, max_pixels=max_pixels) as windows:
                size = windows.height, windows.width
                tiles = plan_tiles(size, tile=options.tile, overlap=options.overlap)
                steps = track(_run_tiles(predictor, windows, tiles, batch_size), len(tiles), name)
                picture = _Picture(size, options, predictor.settings)
                blobs = picture.find_blobs(steps, folder / name, png_pixels=max_pixels)
        except InputError as error:
            yield Prediction(name, error=str(error)), None
        except (tf.errors.OpError, ValueError) as error:
            yield refused_picture(name, error), None
        else:
            yield _describe(name, blobs, predictor), picture.preview


class _Step(NamedTuple):
    """What is known of a tile's core: its pixels, and its probabilities on the map's pixels."""

    core: Box
    image: np.ndarray
    place: Box  # of the core in the map
    probabilities: np.ndarray


def _run_tiles(
    predictor: Predictor, windows: PictureWindows, tiles: Sequence[Tile], batch_size: int
) -> Iterator[_Step]:
    """Predict tiles; those of one size that follow each other share a call."""
    size, scale = (windows.height, windows.width), predictor.settings.map_scale
    run = predictor.select("probabilities")
    start = 0
    while start < len(tiles):
        stop = start + 1
        same = tiles[start].window.size
        while stop < min(len(tiles), start + batch_size) and tiles[stop].window.size == same:
            stop += 1
        group = tiles[start:stop]
        images = np.stack([windows.read(*tile.window[:2], *same) for tile in group])
        maps = run(images)["probabilities"]  # (B, h, w, K)
        for tile, image, probabilities in zip(group, images, maps, strict=True):
            window, place = (scale_box(box, size, scale) for box in tile)
            if probabilities.shape[:2] != window.size:
                raise ValueError(
                    f"`probabilities` must be {window.size}, {scale:g} times the picture. "
                    f"Received shape {probabilities.shape}"
                )
            core = _crop(image, tile.window, tile.core)
            yield _Step(tile.core, core, place, _crop(probabilities, window, place))
        start = stop


def _crop(array: np.ndarray, whole: Box, part: Box) -> np.ndarray:
    top, left = part.top - whole.top, part.left - whole.left
    return array[top : top + part.size[0], left : left + part.size[1]]


class _Picture:
    """The blobs of one picture, from its tiles: labelled, merged, numbered, written."""

    def __init__(self, size: tuple[int, int], options: BlobOptions, settings: PointSettings):
        self.preview = Preview(size)
        self._size, self._options, self._scale = size, options, settings.map_scale
        self._thresholds = level_thresholds(options.threshold, settings.levels)
        self._merger = BlobMerger(scale_size(size, self._scale)[1], settings.levels)
        self._steps: list[tuple[Box, Box]] = []

    def find_blobs(self, steps: Iterable[_Step], path: Path, *, png_pixels: int) -> Blobs:
        """Go through the tiles, write the label map, and return what was found."""
        num_nan = 0
        with output_folder(path.parent) as folder, LabelStore(folder) as store:
            for step in steps:
                store.add(self._label(step))
                self.preview.add(step.image, *step.core[:2])
                num_nan += np.count_nonzero(np.isnan(step.probabilities).any(axis=-1))
            found = self._merger.finish(math.ceil(self._options.min_area * self._scale**2))
            nearest = NearestPixels(found.centres)
            tile, overlap = self._options.tile, self._options.overlap
            write_label_map(
                self._number(store, found.numbers, nearest),
                path,
                size=self._size,
                part_size=core_size(self._size, tile=tile, overlap=overlap),
                num_labels=len(found.areas),
                png_pixels=png_pixels,
            )
        if num_nan:
            logger.warning("%s: NaN for %d pixels of the map, which no blob holds", path, num_nan)
        return self._to_pixels(found, nearest.points)

    def _label(self, step):
        """Label the blobs of a tile's core, of each class and at each level."""
        self._steps.append((step.core, step.place))
        masks = class_masks(step.probabilities, self._options.threshold)  # (h, w, K)
        # Classes do not overlap, so that a pixel has one class and its probability.
        classes = (masks * np.arange(1, masks.shape[-1] + 1, dtype=np.int32)).max(axis=-1)
        own = np.where(masks, step.probabilities, 0).max(axis=-1)
        depths = sum((own > threshold).astype(np.int32) for threshold in self._thresholds)
        return self._merger.add(classes, *step.place[:2], depths=depths)

    def _number(self, store, numbers, nearest):
        """Yield the label maps, at the picture's size, with the blobs' own numbers.

        The blobs' points are looked for meanwhile.
        """
        for labels, (core, place) in zip(store, self._steps, strict=True):
            labels = numbers[labels]
            nearest.add(labels, *place[:2])
            if self._scale == 1:
                yield labels
                continue
            rows, columns = (
                np.minimum(((np.arange(*ends) + 0.5) * self._scale).astype(int), last - 1) - first
                for ends, first, last in zip(
                    ((core.top, core.bottom), (core.left, core.right)),
                    place[:2],
                    place[2:],
                    strict=True,
                )
            )
            yield labels[np.ix_(rows, columns)]

    def _to_pixels(self, found, points):
        """Return the blobs in pixels of the picture."""
        limits = np.array([*self._size[::-1]] * 2)
        return Blobs(
            self._size,
            np.maximum((points + 0.5) / self._scale - 0.5, 0),
            found.classes,
            found.areas / self._scale**2,
            np.minimum(found.boxes / self._scale, limits),
            (),
        )


def _describe(name, blobs, predictor):
    """Return the prediction of a picture: its counts, what they are called, its blobs."""
    settings, num_classes = predictor.settings, predictor.outputs["probabilities"][-1]
    class_names = settings.class_names or tuple(str(c) for c in range(1, num_classes + 1))
    factor = settings.objects_per_blob
    outputs, names = {"count": np.float32(len(blobs.points) * factor)}, {}
    if settings.class_names or num_classes > 1:  # of one class without a name, the count says all
        counts = np.bincount(blobs.classes, minlength=num_classes + 1)[1:]
        outputs["class_counts"] = (counts * factor).astype(np.float32)
        names["class_counts"] = class_names
    return Prediction(name, outputs, names=names, blobs=blobs._replace(class_names=class_names))
