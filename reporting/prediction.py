"""Runs a counter over pictures: from a model and paths to one prediction per picture."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from config.errors import InputError
from datasets.images import read_header, read_image

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff")


class Blobs(NamedTuple):
    """The blobs that were found in a picture, M of them; a blob's number is its place + 1.

    Attributes:
        size: (height, width) of the picture, pixels.
        points: (M, 2) float (row, column) pixels, each inside its blob.
        classes: (M,) integers from 1.
        areas: (M,) pixels; whole numbers, but for a model that enlarges pictures.
        boxes: (M, 4) xyxy in pixels, half-open; whole numbers as the areas.
        class_names: the names of the classes, of each class one.
        objects_per_blob: counts are blobs times this.

    Example:
        >>> Blobs((4, 5), *(np.zeros((0, n)) for n in (2, 1, 1, 4)), ("1",)).size
        (4, 5)
    """

    size: tuple[int, int]
    points: np.ndarray
    classes: np.ndarray
    areas: np.ndarray
    boxes: np.ndarray
    class_names: tuple[str, ...]
    objects_per_blob: float = 1.0

    def count_objects(self) -> tuple[np.float32, np.ndarray]:
        """Count the objects, in float32 as a point counter does.

        Returns:
            (count, (K,) counts of the classes).

        Example:
            >>> points, boxes = np.zeros((2, 2)), np.ones((2, 4))
            >>> blobs = Blobs((4, 5), points, np.array([1, 1]), np.ones(2), boxes, ("1",), 1.5)
            >>> blobs.count_objects()
            (np.float32(3.0), array([3.], dtype=float32))
        """
        factor = np.float32(self.objects_per_blob)
        num_blobs = np.bincount(self.classes, minlength=len(self.class_names) + 1)[1:]
        return np.float32(len(self.points)) * factor, num_blobs.astype(np.float32) * factor


class Boxes(NamedTuple):
    """The boxes that were found in a picture, M of them: one, of a locator.

    Attributes:
        size: (height, width) of the picture, pixels.
        boxes: (M, 4) float xyxy in pixels, half-open.
        scores: (M,) how sure the model is, in [0, 1].
        classes: (M,) integers from 1.
        class_names: the names of the classes, of each class one.

    Example:
        >>> Boxes((4, 5), np.zeros((0, 4)), np.zeros(0), np.zeros(0, int), ("cat",)).size
        (4, 5)
    """

    size: tuple[int, int]
    boxes: np.ndarray
    scores: np.ndarray
    classes: np.ndarray
    class_names: tuple[str, ...]


class Masks(NamedTuple):
    """The areas of the classes in a picture, of a segmenter with K classes.

    Attributes:
        size: (height, width) of the picture, pixels.
        areas: (K + 1,) pixels, background first.
        class_names: the names of classes 1 to K, of each class one.
        runs: {class found: its mask as COCO's compressed run lengths}, by number.
        boxes: {class found: xyxy pixels, half-open, around all of its mask}.

    Example:
        >>> Masks((1, 2), np.array([1, 1]), ("horse",), {1: "11"}, {1: (1, 0, 2, 1)}).areas.sum()
        np.int64(2)
    """

    size: tuple[int, int]
    areas: np.ndarray
    class_names: tuple[str, ...]
    runs: dict[int, str]
    boxes: dict[int, tuple[int, int, int, int]]


@dataclass(frozen=True)
class Prediction:
    """What a model said about one picture, or why it could not.

    Attributes:
        image: path of the picture relative to the input, with forward slashes.
        outputs: {name: array}, the model's outputs for this picture without the batch axis.
        error: why there are no outputs; "" when there are.
        names: {output's name: what each of its numbers is called}, where they have names.
        blobs: the objects' blobs, from a model that finds them.
        boxes: the objects' boxes, from a model that finds them.
        masks: the classes' areas, from a segmenter.
        about: {name: value}, what must be known beside the outputs; the same for all pictures.

    Example:
        >>> Prediction("a.jpg", {"count": np.float32(2)}).error
        ''
    """

    image: str
    outputs: dict[str, np.ndarray] = field(default_factory=dict)
    error: str = ""
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    blobs: Blobs | None = None
    boxes: Boxes | None = None
    masks: Masks | None = None
    about: dict[str, float | str | None] = field(default_factory=dict)


def find_images(source: str, *, option: str = "--input") -> list[tuple[str, Path]]:
    """List the pictures that an `--input` means.

    Args:
        source: a picture, a folder (its pictures by suffix, not those of folders inside), or a
            glob pattern (`**` goes through folders).
        option: the option that named it, for the message.

    Returns:
        Sorted (name, path): the name is relative to the folder that holds them all.

    Raises:
        InputError: nothing there, or no picture among it.

    Example:
        >>> find_images("no_such_folder/*.jpg")
        Traceback (most recent call last):
        ...
        config.errors.InputError: `--input` must be a picture, a folder of pictures or a glob ...
    """
    path = Path(source)
    if path.is_file():
        return [(path.name, path)]
    if path.is_dir():
        found = [file for file in path.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES]
    else:
        found = [Path(match) for match in glob.glob(source, recursive=True)]
    files = sorted(file for file in found if file.is_file())
    if not files:
        received = "a folder without pictures" if path.is_dir() else "a path that matches no file"
        raise InputError(
            f"`{option}` must be a picture, a folder of pictures or a glob in quotes. "
            f"Received {source}, {received}; pictures end in {', '.join(IMAGE_SUFFIXES)}."
        )
    root = Path(os.path.commonpath([file.parent for file in files]))
    return [(file.relative_to(root).as_posix(), file) for file in files]


def predict_images(
    predictor: Callable[[np.ndarray], dict[str, np.ndarray]],
    images: Sequence[tuple[str, Path]],
    *,
    max_pixels: int,
    batch_size: int = 1,
) -> Iterator[tuple[Prediction, np.ndarray | None]]:
    """Predict pictures one after the other; a bad one gives an error and the rest go on.

    Pictures that follow each other and have one size go through the model together. Nothing is
    resized to make a batch.

    Args:
        predictor: what `reporting.predictors.load_predictor` returned, or a function like it.
        images: (name, path) of each picture.
        max_pixels: larger pictures are refused before decoding.
        batch_size: most pictures per call.

    Yields:
        (prediction, (H, W, 3) uint8 upright picture or None when it could not be read), in order.

    Example:
        >>> predictor = lambda images: {"count": np.zeros(len(images))}
        >>> results = list(predict_images(predictor, [("a.jpg", Path("no.jpg"))], max_pixels=100))
        >>> results[0][0].error
        '`no.jpg` must be a picture file. There is no such file.'
    """
    for group in _group_by_size(images, max_pixels, batch_size):
        names, pictures = [], []
        for name, path in group:
            try:
                pictures.append(read_image(path, max_pixels=max_pixels))
                names.append(name)
            except InputError as error:
                yield from _predict_group(predictor, names, pictures)
                names, pictures = [], []
                yield Prediction(name, error=str(error)), None
        yield from _predict_group(predictor, names, pictures)


def _group_by_size(images, max_pixels, batch_size):
    """Yield lists of neighbours whose headers give one size; a bad header stands alone."""
    group, group_size = [], None
    for name, path in images:
        try:
            header = read_header(path, max_pixels=max_pixels)
            size = header.height, header.width
        except InputError:
            size = None  # reading it says why
        if group and (size is None or size != group_size or len(group) == batch_size):
            yield group
            group = []
        group.append((name, path))
        group_size = size
    if group:
        yield group


def _predict_group(predictor, names, pictures):
    if not pictures:
        return
    try:
        outputs = predictor(np.stack(pictures))
    except (tf.errors.OpError, ValueError) as error:
        if len(pictures) > 1:  # one picture, or their number, is too much: try each alone
            for name, picture in zip(names, pictures, strict=True):
                yield from _predict_group(predictor, [name], [picture])
            return
        yield refused_picture(names[0], error), pictures[0]
        return
    for i, (name, picture) in enumerate(zip(names, pictures, strict=True)):
        yield Prediction(name, {key: value[i] for key, value in outputs.items()}), picture


def refused_picture(name: str, error: Exception) -> Prediction:
    """Turn what a model raised on a picture into its row.

    Args:
        name: the picture's.
        error: what was raised.

    Returns:
        The prediction, with the reason alone of what may be pages of a graph's trace.

    Example:
        >>> refused_picture("a.jpg", ValueError("too small")).error
        'the model refused the picture: too small'
    """
    reason = _find_reason(getattr(error, "message", str(error)))
    return Prediction(name, error=f"the model refused the picture: {reason}")


def _find_reason(message):
    """Return what a graph's check said, without where in the graph it stands."""
    if found := re.search(r"assertion failed: \[(.*?)\]", message):
        return found.group(1).replace("\\'", "'")  # TensorFlow escapes what it prints
    lines = [line.strip() for line in message.splitlines()]
    frames = ("Graph execution error", "Detected at node", "<stack", "File ")
    return next((line for line in lines if line and not line.startswith(frames)), "no reason given")
