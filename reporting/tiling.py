"""Finds the objects of pictures of any size: in tiles that overlap, with blobs merged at seams."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from config.errors import InputError
from config.files import output_folder
from datasets.images import PictureWindows, open_windows
from ops.blob_merging import BlobMerger, NearestPixels
from ops.class_blobs import class_masks
from ops.tiles import Tile, core_size, plan_tiles
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
    those of the whole map of probabilities: pieces that touch across a seam are merged. Memory is
    that of one tile, whatever the picture's size. The label map of each picture, numbered by the
    blobs' first pixels, goes to `<folder>/<image>.png` or `.tif`.

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
                steps = track(_run_tiles(run, windows, tiles, batch_size), len(tiles), name)
                blobs, preview = _find_blobs(
                    steps, size, options, folder / name, png_pixels=max_pixels
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
    batch_size: int,
) -> Iterator[tuple[Tile, np.ndarray, np.ndarray]]:
    """Yield (tile, pixels of its core, probabilities of its core); equal sizes share a call."""
    start = 0
    while start < len(tiles):
        size = tiles[start].window.size
        stop = start + 1
        while stop < min(len(tiles), start + batch_size) and tiles[stop].window.size == size:
            stop += 1
        images = np.stack([windows.read(*t.window[:2], *t.window.size) for t in tiles[start:stop]])
        probabilities = run(images)["probabilities"]  # (B, h, w, K)
        if probabilities.shape[:3] != images.shape[:3]:
            raise ValueError(
                "`probabilities` must have the picture's height and width, "
                f"{images.shape[:3]}. Received shape {probabilities.shape}"
            )
        for tile, image, maps in zip(tiles[start:stop], images, probabilities, strict=True):
            rows = slice(tile.core.top - tile.window.top, tile.core.bottom - tile.window.top)
            columns = slice(tile.core.left - tile.window.left, tile.core.right - tile.window.left)
            yield tile, image[rows, columns], maps[rows, columns]
        start = stop


def _find_blobs(steps, size, options, path, *, png_pixels):
    """Label, merge, number and write the blobs of a picture; return them and its preview."""
    merger, preview, tops_and_lefts, num_nan = BlobMerger(size[1]), Preview(size), [], 0
    with output_folder(path.parent) as folder, LabelStore(folder) as store:
        for tile, image, probabilities in steps:
            top, left = tile.core[:2]
            classes = _to_classes(class_masks(probabilities, options.threshold))
            store.add(merger.add(classes, top, left))
            preview.add(image, top, left)
            tops_and_lefts.append((top, left))
            num_nan += np.count_nonzero(np.isnan(probabilities).any(axis=-1))
        found = merger.finish(options.min_area)
        nearest = NearestPixels(found.centres)
        write_label_map(
            _number(store, tops_and_lefts, found.numbers, nearest),
            path,
            size=size,
            part_size=core_size(size, tile=options.tile, overlap=options.overlap),
            num_labels=len(found.areas),
            png_pixels=png_pixels,
        )
    if num_nan:
        logger.warning("%s: the model gives NaN for %d pixels, which no blob holds", path, num_nan)
    blobs = Blobs(size, nearest.points, found.classes, found.areas, found.boxes, ())
    return blobs, preview


def _to_classes(masks):
    """Turn (H, W, K) masks that do not overlap to (H, W) classes, 0 where there is none."""
    classes = np.arange(1, masks.shape[-1] + 1, dtype=np.int32)
    return np.max(masks * classes, axis=-1)


def _number(store, tops_and_lefts, numbers, nearest):
    """Yield the label maps again, with the blobs' own numbers; look for their points meanwhile."""
    for labels, (top, left) in zip(store, tops_and_lefts, strict=True):
        labels = numbers[labels]
        nearest.add(labels, top, left)
        yield labels


def _describe(name, blobs, predictor):
    """Return the prediction of a picture: its counts, what they are called, its blobs."""
    num_classes = predictor.outputs["probabilities"][-1]
    given = predictor.settings.class_names
    class_names = given or tuple(str(c) for c in range(1, num_classes + 1))
    outputs = {"count": np.float32(len(blobs.points))}
    names = {}
    if given or num_classes > 1:  # of one class without a name, the count says it all
        counts = np.bincount(blobs.classes, minlength=num_classes + 1)[1:]
        outputs["class_counts"] = counts.astype(np.float32)
        names["class_counts"] = class_names
    return Prediction(name, outputs, names=names, blobs=blobs._replace(class_names=class_names))
