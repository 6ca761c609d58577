"""Class activation maps of any Keras classifier, by nine methods, a batch of pictures at a time.

`ops.cam`, `ops.gradient_cams` and `ops.mask_cams` hold the formulas; here the model is run, its
gradients are taken, and noisy or masked pictures are put through it in chunks. The methods that
need one pass are "cam", "grad_cam", "grad_cam_plus_plus", "xgrad_cam" and "layer_cam".
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from functools import partial

import keras
import numpy as np
import tensorflow as tf

from config.cam_names import CAM_METHOD_NAMES
from config.errors import InputError
from models.poolings import Pooling
from models.repeated_cams import CamSettings, draw_masked, draw_smooth, take_gradients
from models.tapped_classifier import TappedClassifier
from ops.cam import normalise_maps
from ops.gradient_cams import (
    grad_cam,
    grad_cam_plus_plus,
    layer_cam,
    xgrad_cam,
)

_GRADIENT_METHODS = {
    "grad_cam": grad_cam,
    "grad_cam_plus_plus": grad_cam_plus_plus,
    "xgrad_cam": xgrad_cam,
    "layer_cam": layer_cam,
}
CamFunction = Callable[[np.ndarray, Sequence[int]], np.ndarray]


def compute_cams(
    model: keras.Model,
    images: np.ndarray,
    classes: Sequence[int],
    *,
    method: str = "layer_cam",
    layer: str | None = None,
    settings: CamSettings | None = None,
) -> np.ndarray:
    """Compute the map of one class of each picture.

    It traces the model anew in each call; for many batches take `make_cam_function`.

    Args:
        model: as `make_cam_function` takes it.
        images: (B, H, W, 3) of the model's own type and range.
        classes: (B,) class of each picture, from 0: columns of the scores.
        method: one of `config.cam_names.CAM_METHOD_NAMES`.
        layer: as `make_cam_function` takes it.
        settings: of the methods that run the model more than once.

    Returns:
        (B, h, w) float32, each stretched to [0, 1]; 0 everywhere where the map is constant.

    Raises:
        InputError: as `make_cam_function`, or `classes` are not one per picture and from 0 to
            K - 1.

    Example:
        >>> from models.cam_classifier import build_cam_classifier
        >>> model = build_cam_classifier("mobilenet_v2", num_classes=3, image_size=32, alpha=0.35)
        >>> compute_cams(model, np.random.rand(2, 32, 32, 3), [0, 2], method="grad_cam").shape
        (2, 4, 4)
    """
    return make_cam_function(model, method=method, layer=layer, settings=settings)(images, classes)


def make_cam_function(
    model: keras.Model,
    *,
    method: str = "layer_cam",
    layer: str | None = None,
    settings: CamSettings | None = None,
) -> CamFunction:
    """Make the function that computes maps, traced once for batches of every length.

    It reads the model's weights whenever it runs. A picture's map depends on no other picture.

    Args:
        model: any Keras classifier of pictures, see `models.tapped_classifier`.
        method: one of `config.cam_names.CAM_METHOD_NAMES`. "cam" needs a model that returns `cams`,
            a head of `models.poolings`, or one linear layer on averaged features.
        layer: name of the layer whose maps are taken, None for what the classifier stands on.
        settings: of the methods that run the model more than once; None for `CamSettings()`.

    Returns:
        Function from (B, H, W, 3) pictures and (B,) classes from 0 to (B, h, w) float32 in [0, 1],
        as `compute_cams` tells.

    Raises:
        InputError: an unknown method or layer, or a model that the method cannot be had from.

    Example:
        >>> from models.cam_classifier import build_cam_classifier
        >>> model = build_cam_classifier("mobilenet_v2", num_classes=3, image_size=32, alpha=0.35)
        >>> draw = make_cam_function(model, method="cam")
        >>> draw(np.random.rand(1, 32, 32, 3), [2]).max() <= 1
        np.True_
    """
    if method not in CAM_METHOD_NAMES:
        nearest = difflib.get_close_matches(str(method), CAM_METHOD_NAMES, n=1, cutoff=0)[0]
        raise InputError(
            f"`method` must be one of {', '.join(CAM_METHOD_NAMES)}. Received {method!r}; the "
            f"nearest is {nearest!r}."
        )
    settings = (settings or CamSettings()).complete(method)
    classifier = TappedClassifier(model, layer)
    draw = _choose(classifier, method, layer)
    spec, num_classes = classifier.image_spec, classifier.num_classes

    @tf.function(input_signature=[spec, tf.TensorSpec((None,), tf.int32)], autograph=False)
    def run(images, classes):
        return normalise_maps(draw(classifier, images, classes, settings))

    def compute(images, classes):
        ids = _check_classes(classes, len(images), num_classes)
        if not len(images):  # TensorFlow's graphs fail on them; one picture tells the maps' size
            return run(tf.zeros((1, *images.shape[1:]), spec.dtype), [0]).numpy()[:0]
        return run(tf.cast(images, spec.dtype), ids).numpy()

    return compute


def _choose(classifier, method, layer):
    """Return the function that draws maps of a batch; they are stretched later."""
    if method == "cam":
        if layer is not None:
            raise InputError(f"`layer` must be left out with method cam. Received {layer!r}.")
        return _draw_linear if _gives_maps(classifier) else _make_linear(classifier)
    classifier.find_layer()
    if method in _GRADIENT_METHODS:
        formula = _GRADIENT_METHODS[method]
        return lambda *args: formula(*take_gradients(*args[:3]))
    return draw_smooth if method == "smooth_grad_cam_plus_plus" else partial(draw_masked, method)


def _gives_maps(classifier):
    return classifier.returns("cams") or isinstance(classifier.find_layer()[0], Pooling)


def _draw_linear(classifier, images, classes, _):
    """Read the maps that the model itself makes."""
    if classifier.returns("cams"):
        maps = classifier.model(images, training=False)["cams"]
    else:
        maps = classifier(images).head["maps"]
    return tf.gather(tf.transpose(maps, (0, 3, 1, 2)), classes, batch_dims=1)


def _make_linear(classifier):
    kernel = classifier.find_linear_kernel()

    def draw(classifier, images, classes, _):
        weights = tf.gather(tf.transpose(tf.convert_to_tensor(kernel)), classes)  # (B, C)
        features = tf.cast(classifier(images).features, tf.float32)
        return tf.einsum("bhwc,bc->bhw", features, weights)

    return draw


def _check_classes(classes, num_images, num_classes):
    ids = np.asarray(classes)
    whole = ids.dtype.kind in "iu" or ids.size == 0
    if ids.shape != (num_images,) or not whole or ((ids < 0) | (ids >= num_classes)).any():
        raise InputError(
            f"`classes` must be {num_images} whole numbers from 0 to {num_classes - 1}, one for "
            f"each picture. Received {classes}."
        )
    return tf.constant(ids, tf.int32)
