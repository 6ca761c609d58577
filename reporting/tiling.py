"""Finds the objects of pictures of any size: in tiles that overlap, with blobs merged at seams."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from config.errors import InputError
from config.files import output_folder
from datasets.images import PictureWindows, open_windows
from ops.blob_merging import BlobMerger
from ops.class_blobs import BlobRule, class_depths
from ops.map_scale import boxes_to_picture, pick_labels, points_to_picture
from ops.nearest_pixels import NearestPixels
from ops.tiles import Box, Tile, core_size, plan_tiles, scale_box, scale_size
from reporting.blob_options import BlobOptions
from reporting.label_maps import LabelStore, write_label_map
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
    those of the whole map of probabilities, as `ops.class_blobs.label_class_blobs` finds them:
    pieces that touch across a seam are merged. Memory is that of one tile, whatever the picture's
    size. The label map of each picture, numbered by the blobs' first pixels, goes to
    `<folder>/<image>.png` or `.tif`.

    A model that enlarges pictures gives larger maps. Blobs are found there, but told of in pixels
    of the picture, with fractions; the label map has the picture's size, and each of its pixels
    the label of the nearest pixel of the large map. So a blob thinner than a pixel may be missing
    in the label map; it is never missing in the list.

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
        >>> from reporting.point_settings import PointSettings
        >>> predictor = Predictor(None, {"probabilities": (None, None, None, 1)}, PointSettings())
        >>> images = [("a", Path("absent.tif"))]
        >>> next(predict_blobs(predictor, images, Path("."), max_pixels=100))[0].error
        '`absent.tif` must be a picture file. There is no such file.'
    """
    options = (options or BlobOptions()).complete(predictor.settings)
    run = predictor.select("probabilities")
    for name, path in images:
        try:
            with open_windows(path, max_pixels=max_pixels) as windows:
                size = windows.height, windows.width
                tiles = plan_tiles(size, tile=options.tile, overlap=options.overlap)
                scale = predictor.settings.map_scale
                parts = _run_tiles(run, windows, tiles, batch_size=batch_size, scale=scale)
                blobs, preview = _find_blobs(
                    track(parts, len(tiles), name),
                    size,
                    options,
                    folder / name,
                    scale=scale,
                    png_pixels=max_pixels,
                )
        except InputError as error:
            yield Prediction(name, error=str(error)), None
        except (tf.errors.OpError, ValueError) as error:
            yield refused_picture(name, error), None
        else:
            yield _describe(name, blobs, predictor), preview


class _Part(NamedTuple):
    """The core of a tile."""

    core: Box
    place: Box  # of the core in the map
    image: np.ndarray
    probabilities: np.ndarray  # (h s, w s, K)


def _run_tiles(
    run: Callable[[np.ndarray], dict[str, np.ndarray]],
    windows: PictureWindows,
    tiles: Sequence[Tile],
    *,
    batch_size: int,
    scale: float,
) -> Iterator[_Part]:
    """Predict tiles; those of one size that follow each other share a call."""
    size, start = (windows.height, windows.width), 0
    while start < len(tiles):
        same = tiles[start].window.size
        stop = start + 1
        while stop < min(len(tiles), start + batch_size) and tiles[stop].window.size == same:
            stop += 1
        group = tiles[start:stop]
        images = np.stack([windows.read(*tile.window[:2], *same) for tile in group])
        maps = run(images)["probabilities"]  # (B, h s, w s, K)
        for tile, image, probabilities in zip(group, images, maps, strict=True):
            window, place = (scale_box(box, size, scale) for box in tile)
            if probabilities.shape[:2] != window.size:
                raise ValueError(
                    f"`probabilities` must have {scale:g} times the picture's height and width, "
                    f"{window.size}. Received shape {probabilities.shape}"
                )
            image = _crop(image, tile.window, tile.core)
            yield _Part(tile.core, place, image, _crop(probabilities, window, place))
        start = stop


def _crop(array, whole, part):
    top, left = part.top - whole.top, part.left - whole.left
    return array[top : top + part.size[0], left : left + part.size[1]]


def _find_blobs(parts, size, options, path, *, scale, png_pixels):
    """Label, merge, number and write the blobs of a picture; return them and its preview."""
    rule = BlobRule(options.threshold, options.levels, options.min_area).scaled(scale)
    merger = BlobMerger(scale_size(size, scale)[1], rule.levels)
    preview, places, num_nan = Preview(size), [], 0
    with output_folder(path.parent) as folder, LabelStore(folder) as store:
        for core, place, image, probabilities in parts:
            classes, depths = class_depths(probabilities, rule.threshold, rule.levels)
            store.add(merger.add(classes, *place[:2], depths=depths))
            preview.add(image, *core[:2])
            places.append((core, place))
            num_nan += np.count_nonzero(np.isnan(probabilities).any(axis=-1))
        found = merger.finish(rule.min_area)
        nearest = NearestPixels(found.centres)
        write_label_map(
            _number(store, places, found.numbers, nearest, scale),
            path,
            size=size,
            part_size=core_size(size, tile=options.tile, overlap=options.overlap),
            num_labels=len(found.areas),
            png_pixels=png_pixels,
        )
    if num_nan:
        logger.warning("%s: the model gives NaN for %d pixels, which no blob holds", path, num_nan)
    areas = found.areas if scale == 1 else found.areas / scale**2
    points = points_to_picture(nearest.points, scale)
    boxes = boxes_to_picture(found.boxes, scale, size)
    return Blobs(size, points, found.classes, areas, boxes, ()), preview


def _number(store, places, numbers, nearest, scale):
    """Yield the label maps again, with the blobs' own numbers; look for their points meanwhile."""
    for labels, (core, place) in zip(store, places, strict=True):
        labels = numbers[labels]
        nearest.add(labels, *place[:2])
        yield pick_labels(labels, core, place, scale)


def _describe(name, blobs, predictor):
    """Return the prediction of a picture: its counts, what they are called, its blobs."""
    num_classes = predictor.outputs["probabilities"][-1]
    given = predictor.settings.class_names
    class_names = given or tuple(str(c) for c in range(1, num_classes + 1))
    factor = predictor.settings.objects_per_blob
    blobs = blobs._replace(class_names=class_names, objects_per_blob=factor)
    count, class_counts = blobs.count_objects()
    outputs, names = {"count": count}, {}
    if given or num_classes > 1:  # of one class without a name, the count says it all
        outputs["class_counts"] = class_counts
        names["class_counts"] = class_names
    return Prediction(name, outputs, names=names, blobs=blobs)
