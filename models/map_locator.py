"""The locator of a decoder of activation maps: a frame of any size in, map, box and score out."""

# A layer documents itself: `call`, `get_config` and the shapes are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf

from config.errors import InputError
from models.locator import ListBoxes
from models.picture_scale import ResizeImages
from ops.graph_blobs import label_masks


@keras.saving.register_keras_serializable("inkling")
class ReadMap(keras.layers.Layer):
    """Read the object's map, box and score off the two logits of every pixel.

    (B, H, W, 2) logits, background first, to `map` (B, H, W), the object's probability; `box`
    (B, 4) xyxy fractions around the 8-connected area with the most pixels of {u > int(t max u)},
    u = int(255 map), all 0 where there is none; `score` (B,), the mean of the map over that area.

    The protocol's box is that of the contour that encloses the largest area
    (`ops.level_boxes`): the same but for areas with large holes and hair-thin ones.

    Args:
        threshold: t, a share of the map's maximum, in [0, 1].

    Example:
        >>> logits = keras.ops.array([[[[9.0, -9], [-9, 9], [-9, 9], [9, -9]]]])
        >>> found = ReadMap()(logits)
        >>> found["box"].numpy().tolist(), round(float(found["score"][0]), 3)
        ([[0.25, 0.0, 0.75, 1.0]], 1.0)
    """

    def __init__(self, threshold=0.5, **kwargs):
        super().__init__(autocast=False, **kwargs)
        if not 0 <= threshold <= 1:
            raise InputError(f"`threshold` must be a share, in [0, 1]. Received {threshold}.")
        self.threshold = float(threshold)
        self.supports_jit = False  # how many areas there are is known only when the graph runs

    def call(self, logits):
        maps = tf.nn.softmax(tf.cast(logits, tf.float32))[..., 1]  # (B, H, W)
        return {"map": maps, **self.read(maps)}

    def read(self, maps: tf.Tensor) -> dict[str, tf.Tensor]:
        """Read boxes and scores off maps.

        Args:
            maps: (B, H, W) float32 in [0, 1].

        Returns:
            `box` (B, 4) and `score` (B,) float32, as the class tells.

        Example:
            >>> ReadMap(0.25).read(tf.constant([[[0.5, 0.0]]]))["box"].numpy().tolist()
            [[0.0, 0.0, 0.5, 1.0]]
        """
        levels = tf.floor(255.0 * tf.cast(maps, tf.float64))  # as NumPy's scoring rounds
        peaks = tf.reduce_max(levels, axis=(1, 2), keepdims=True)
        labels = label_masks(levels > tf.floor(self.threshold * peaks))  # (B, H, W), from 1
        height, width = tf.unstack(tf.shape(labels)[1:])
        flat = tf.reshape(labels, [-1, height * width])
        areas = tf.math.bincount(flat, axis=-1, minlength=2)[:, 1:]  # (B, L)
        largest = tf.argmax(areas, axis=1, output_type=tf.int32) + 1
        return measure_area(maps, labels == largest[:, tf.newaxis, tf.newaxis])

    def compute_output_spec(self, logits):
        batch, height, width, _ = logits.shape
        shapes = {"map": (batch, height, width), "box": (batch, 4), "score": (batch,)}
        return {name: keras.KerasTensor(shape, "float32") for name, shape in shapes.items()}

    def get_config(self):
        return {**super().get_config(), "threshold": self.threshold}


def measure_area(maps: tf.Tensor, inside: tf.Tensor) -> dict[str, tf.Tensor]:
    """Measure the box around an area of a map, and the map's mean there.

    Args:
        maps: (B, H, W) float32.
        inside: (B, H, W) bool, the area.

    Returns:
        `box` (B, 4) float32 xyxy in fractions of the map, and `score` (B,) float32; all 0 where
        the area is empty.

    Example:
        >>> found = measure_area(tf.constant([[[0.5, 0.0]]]), tf.constant([[[True, False]]]))
        >>> found["box"].numpy().tolist(), found["score"].numpy().tolist()
        ([[0.0, 0.0, 0.5, 1.0]], [0.5])
    """
    num_pixels = tf.reduce_sum(tf.cast(inside, tf.float32), axis=(1, 2))
    total = tf.reduce_sum(tf.where(inside, maps, 0.0), axis=(1, 2))
    spans = [_find_span(tf.reduce_any(inside, axis=axis)) for axis in (1, 2)]
    box = tf.stack([spans[0][0], spans[1][0], spans[0][1], spans[1][1]], axis=1)
    return {"box": box, "score": tf.math.divide_no_nan(total, num_pixels)}


def build_map_locator(
    decoder: keras.Model, class_names: Sequence[str], *, threshold: float = 0.5
) -> keras.Model:
    """Build what is saved and served: frames of any size in; map, box, score and class out.

    Args:
        decoder: what `models.cam_decoder.build_cam_decoder` returned; shared, not copied.
        class_names: the names of the classifier's classes 1 to K.
        threshold: of `ReadMap`, a share of the map's maximum.

    Returns:
        Model from `images` (B, H, W, 3), uint8 RGB of any H and W, to `map` (B, S, S), the
        object's probability over the whole frame at the decoder's size, and what
        `models.locator.ListBoxes` gives: `boxes` (B, 4) xyxy in the frame's pixels, `scores` (B,)
        of the object, whatever its class, `class_probabilities` (B, K) and `classes` (B,) from 1.

    Raises:
        InputError: the model is no decoder, the names are not one for each class, or `threshold`
            is out of range.

    Example:
        >>> from models.cam_classifier import build_cam_classifier
        >>> from models.cam_decoder import build_cam_decoder
        >>> options = {"num_classes": 2, "image_size": 32, "alpha": 0.35}
        >>> classifier = build_cam_classifier("mobilenet_v2", **options)
        >>> decoder = build_cam_decoder(classifier, channels=(8, 8, 4, 4, 4))
        >>> found = build_map_locator(decoder, ["cat", "dog"])(keras.ops.zeros((1, 40, 50, 3)))
        >>> {name: tuple(value.shape) for name, value in sorted(found.items())}
        {'boxes': (1, 4), 'class_probabilities': (1, 2), 'classes': (1,), 'map': (1, 32, 32), \
'scores': (1,)}
    """
    _check(decoder, tuple(class_names))
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    size = tuple(decoder.input.shape[1:3])
    found = decoder(ResizeImages(size, name="resize_images", dtype="float32")(images))
    read = ReadMap(threshold, name="read_map", dtype="float32")(found["map_logits"])
    kept = {"box": read["box"], "score": read["score"], "class_logits": found["scores"]}
    listed = ListBoxes(class_names, name="list_boxes", dtype="float32")([kept, images])
    return keras.Model(images, {"map": read["map"], **listed}, name="map_locator")


def find_map_reader(model: keras.Model) -> ReadMap | None:
    """Find what reads boxes off the maps of a locator.

    Args:
        model: any model.

    Returns:
        The layer; None where the model is no `build_map_locator`.

    Example:
        >>> find_map_reader(keras.Sequential()) is None
        True
    """
    return next((layer for layer in model.layers if isinstance(layer, ReadMap)), None)


def read_boxes_again(
    model: keras.Model, images: np.ndarray, answer: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Read boxes and scores off the maps of an answer, as the model that gave it should have.

    A box jumps where a pixel crosses the threshold, so that two roundings of one map may differ:
    an export is held to its own maps.

    Args:
        model: of `build_map_locator`.
        images: (B, H, W, 3) that were asked.
        answer: with `map` (B, S, S).

    Returns:
        `boxes` (B, 4) and `scores` (B,).

    Example:
        >>> # see `reporting.export_check`
    """
    found = find_map_reader(model).read(tf.constant(answer["map"]))
    listed = model.get_layer("list_boxes")([found, tf.constant(images)])
    return {name: listed[name].numpy() for name in ("boxes", "scores")}


def _find_span(profile):
    """Return the first and one past the last place that is true, (B,) shares of the length."""
    length = tf.shape(profile)[1]
    places = tf.range(length)
    first = tf.reduce_min(tf.where(profile, places, length), axis=1)
    last = tf.reduce_max(tf.where(profile, places + 1, 0), axis=1)
    first = tf.minimum(first, last)  # 0 and 0 of none
    return [tf.cast(each, tf.float32) / tf.cast(length, tf.float32) for each in (first, last)]


def _check(decoder, class_names):
    if not isinstance(decoder.output, dict) or not {"scores", "map_logits"} <= set(decoder.output):
        raise InputError(
            "`decoder` must give `scores` and `map_logits`, as "
            f"models.cam_decoder.build_cam_decoder makes it. Received `{decoder.name}`."
        )
    num_classes = decoder.output["scores"].shape[-1]
    if len(class_names) != num_classes or len(set(class_names)) < num_classes:
        raise InputError(
            f"`class_names` must be {num_classes} different names, one for each class. Received "
            f"{', '.join(class_names)}."
        )
