"""Finds the objects of pictures of any size: in tiles that overlap, with blobs merged at seams."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import tensorflow as tf

from config.errors import InputError
from config.files import output_folder
from datasets.images import PictureWindows, open_windows
from ops.blob_merging import NearestPixels
from ops.class_blobs import BlobRule
from ops.leaf_merging import LeafMerger, number_leaves
from ops.map_scale import boxes_to_picture, pick_labels, points_to_picture, scale_box
from ops.tiles import Box, Tile, core_size, plan_tiles
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


def _run_tiles(
    run: Callable[[np.ndarray], dict[str, np.ndarray]],
    windows: PictureWindows,
    tiles: Sequence[Tile],
    *,
    batch_size: int,
    scale: float,
) -> Iterator[tuple[Box, np.ndarray, np.ndarray]]:
    """Yield (core, its pixels, its probabilities) of each tile; equal sizes share a call."""
    start = 0
    while start < len(tiles):
        size = tiles[start].window.size
        stop = start + 1
        while stop < min(len(tiles), start + batch_size) and tiles[stop].window.size == size:
            stop += 1
        images = np.stack([windows.read(*t.window[:2], *t.window.size) for t in tiles[start:stop]])
        probabilities = run(images)["probabilities"]  # (B, h s, w s, K)
        _check_size(probabilities, images, scale)
        for (window, core), image, maps in zip(
            tiles[start:stop], images, probabilities, strict=True
        ):
            yield core, _cut(image, window, core), _cut(maps, window, core, scale)
        start = stop


def _check_size(probabilities, images, scale):
    expected = (len(images), *(round(side * scale) for side in images.shape[1:3]))
    if probabilities.shape[:3] != expected:
        raise ValueError(
            f"`probabilities` must have the picture's height and width times {scale:g}, {expected}."
            f" Received shape {probabilities.shape}"
        )


def _cut(array, window, core, scale=1.0):
    """Return the part of a window's array that is the core's."""
    window, core = scale_box(window, scale), scale_box(core, scale)
    rows = slice(core.top - window.top, core.bottom - window.top)
    return array[rows, core.left - window.left : core.right - window.left]


def _find_blobs(steps, size, options, path, *, scale, png_pixels):
    """Label, merge, number and write the blobs of a picture; return them and its preview."""
    rule = BlobRule(options.threshold, options.levels, options.min_area).scaled(scale)
    merger, preview = LeafMerger(round(size[1] * scale), rule), Preview(size)
    cores, num_nan = [], 0
    with output_folder(path.parent) as folder, LabelStore(folder) as store:
        for core, image, probabilities in steps:
            num_before = len(store)
            for labels in merger.add(probabilities, *scale_box(core, scale)[:2]):
                store.add(labels)
            cores.append((core, len(store) - num_before))
            preview.add(image, *core[:2])
            num_nan += np.count_nonzero(np.isnan(probabilities).any(axis=-1))
        found = merger.finish()
        nearest = NearestPixels(found.centres)
        write_label_map(
            _number(store, cores, found.numbers, nearest, scale),
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


def _number(store, cores, numbers, nearest, scale):
    """Yield the label maps again, with the blobs' own numbers; look for their points meanwhile."""
    maps = iter(store)
    for core, num_levels in cores:
        labels = number_leaves(islice(maps, num_levels), numbers)
        nearest.add(labels, *scale_box(core, scale)[:2])
        yield pick_labels(labels, core, scale)


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
