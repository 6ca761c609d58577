"""Opens any Keras classifier for class activation maps of pictures as they come."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from config.errors import InputError
from models.cam import make_cam_function
from models.layers import CaffePreprocess
from models.locator import find_class_names, find_localizer
from models.model_layers import list_leaves
from models.seeder import find_tag_names
from models.tapped_classifier import TappedClassifier
from reporting.model_files import CLASSIFIER_FILES, find_keras_file, load_keras_model
from reporting.settings_files import CLASS_NAMES_RULE, is_whole, read_settings_file

TAGS_FILE = "tags.json"
_SIZE_RULE = (is_whole, "a whole number of pixels from 1", int)
# What a model takes a pixel of 0 to 255 as.
_RANGES = {
    "unit": lambda images: images / 255.0,
    "bytes": lambda images: images,
    "signed": lambda images: images / 127.5 - 1.0,
    "caffe": lambda images: CaffePreprocess()(images),
}
PIXEL_RANGES = tuple(_RANGES)


@dataclass(frozen=True)
class CamOptions:
    """How class activation maps of a model are drawn.

    Attributes:
        method: one of `config.cam_names.CAM_METHOD_NAMES`.
        layer: name of the layer whose maps are taken; None for what the classifier stands on.
        class_name: name of the class, or its column in the scores, from 0; None for the likeliest.
        pixels: one of `PIXEL_RANGES`: "unit" for [0, 1], "bytes" for [0, 255], "signed" for
            [-1, 1], "caffe" for blue, green, red less ImageNet's mean. None where the model tells.
        size: longer side at which a model of any size looks, pixels; None for that of its run, else
            the picture's own.

    Example:
        >>> CamOptions("grad_cam").layer is None
        True
    """

    method: str
    layer: str | None = None
    class_name: str | None = None
    pixels: str | None = None
    size: int | None = None


class CamPredictor:
    """A classifier that takes pictures of any size and says where it sees what.

    Args:
        model: see `models.tapped_classifier`.
        options: how the maps are drawn.
        class_names: of each class one; () for none, whose names are their columns' numbers.
        size: longer side at which a model of any size looks, pixels; None for the picture's own.

    Attributes:
        class_names: of each class one.

    Raises:
        InputError: the model gives no scores of classes, its range of pixels is not known, the
            class is not there, or the method cannot be had.

    Example:
        >>> # see `load_cam_predictor`
    """

    def __init__(
        self,
        model: keras.Model,
        options: CamOptions,
        class_names: tuple[str, ...] = (),
        *,
        size: int | None = None,
    ):
        classifier = TappedClassifier(model)
        numbers = tuple(str(number) for number in range(classifier.num_classes))
        self.class_names = tuple(class_names) or numbers
        if len(self.class_names) != classifier.num_classes:
            raise InputError(
                f"`class_names` must name each of the model's {classifier.num_classes} classes. "
                f"Received {len(self.class_names)} names."
            )
        self._wanted = _find_class(options.class_name, self.class_names)
        self._spec = classifier.image_spec
        self._convert = _RANGES[_choose_range(model, self._spec, options.pixels)]
        self._size = size
        self._draw = make_cam_function(model, method=options.method, layer=options.layer)
        self._score = tf.function(classifier.score, input_signature=[self._spec], autograph=False)

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Draw the maps of pictures.

        Args:
            images: (B, H, W, 3) uint8.

        Returns:
            `cam` (B, H, W) float32 in [0, 1], `class` (B,) columns of the scores, and `scores`
            (B, K) as the model returns them.

        Example:
            >>> # see `load_cam_predictor`
        """
        taken = self._prepare(images)
        scores = self._score(taken).numpy()
        classes = (
            scores.argmax(axis=1) if self._wanted is None else np.full(len(scores), self._wanted)
        )
        cams = self._draw(taken, classes)[..., np.newaxis]
        large = tf.image.resize(cams, images.shape[1:3])[..., 0].numpy()
        return {"cam": large, "class": classes, "scores": scores}

    def _prepare(self, images):
        """Return pictures of the model's own size, range and type."""
        values = tf.cast(images, tf.float32)
        height, width = images.shape[1:3]
        size = self._spec.shape[1:3].as_list()
        if None in size:
            scale = 1 if self._size is None else self._size / max(height, width)
            size = [max(1, round(side * scale)) for side in (height, width)]
        if size != [height, width]:
            values = tf.image.resize(values, size, antialias=True)
        if self._spec.dtype.is_integer:
            return tf.cast(tf.round(values), self._spec.dtype)
        return tf.cast(self._convert(values), self._spec.dtype)


def load_cam_predictor(model: str | Path, options: CamOptions) -> CamPredictor:
    """Open a classifier for class activation maps.

    The names of its classes come from the model, where it is a seeder or a locator, else from a
    `tags.json` beside it: {"class_names": [...]}.

    Args:
        model: a run folder with one of `reporting.model_files.CLASSIFIER_FILES`, or a `.keras`
            file of any classifier; opened in safe mode.
        options: how the maps are drawn.

    Returns:
        The predictor.

    Raises:
        InputError: there is no model, it cannot be opened or gives no scores of classes, or an
            option does not fit it.

    Example:
        >>> load_cam_predictor("no_such_run", CamOptions("layer_cam"))
        Traceback (most recent call last):
        ...
        config.errors.InputError: `--model` must be a run folder with classifier.keras ...
    """
    file = find_keras_file(model, CLASSIFIER_FILES)
    keras_model = load_keras_model(file)
    told, path = {}, file.with_name(TAGS_FILE)
    if path.is_file():
        rules = {"class_names": CLASS_NAMES_RULE, "image_size": _SIZE_RULE}
        told = read_settings_file(path, rules)
    names = find_tag_names(keras_model) or told.get("class_names", ())
    located = find_class_names(keras_model)
    if located is not None:
        names, keras_model = located, find_localizer(keras_model)
    size = told.get("image_size") if options.size is None else options.size
    return CamPredictor(keras_model, options, names, size=size)


def _choose_range(model, spec, pixels):
    """Return what range of pixels a model takes, where that can be told."""
    names = {leaf.name for leaf in list_leaves(model)}
    told = "bytes" if spec.dtype.is_integer else "unit" if {"clip", "to_255"} <= names else None
    if pixels is not None and told not in (None, pixels):
        raise InputError(
            f"`--cam_pixels` must be {told}, or left out: `{model.name}` says so itself. Received "
            f"{pixels}."
        )
    if pixels is None and told is None:
        raise InputError(
            f"`--cam_pixels` must tell what `{model.name}` takes a pixel as: "
            f"{', '.join(PIXEL_RANGES)}."
        )
    return told or pixels


def _find_class(wanted, names):
    """Return the column of a class by its name or number; None for none."""
    if wanted is None:
        return None
    if wanted in names:
        return names.index(wanted)
    if wanted.isascii() and wanted.isdigit() and int(wanted) < len(names):
        return int(wanted)
    near = ", ".join(difflib.get_close_matches(wanted, names, n=3, cutoff=0))
    raise InputError(
        f"`--cam_class` must be one of the model's {len(names)} classes, or its column from 0. "
        f"Received {wanted}; near are {near}."
    )
