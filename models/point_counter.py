"""The point counter, one model from a uint8 picture to probabilities, blobs, points and counts."""

# A layer documents itself: `call`, `get_config` and the shapes are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

import math
from collections.abc import Sequence

import keras
import tensorflow as tf

from config.errors import InputError
from models.picture_scale import RestoreSize, ScaleImages
from ops.blob_levels import level_thresholds
from ops.graph_blobs import find_leaf_blobs


@keras.saving.register_keras_serializable("inkling")
class ClassProbabilities(keras.layers.Layer):
    """Turn logits into one probability per class, without the background.

    (B, H, W, 1) by the sigmoid; (B, H, W, K + 1) with the background first by the softmax, to
    (B, H, W, K).

    Example:
        >>> ClassProbabilities()(keras.ops.zeros((1, 1, 1, 4))).numpy().ravel().tolist()
        [0.25, 0.25, 0.25]
    """

    def __init__(self, **kwargs):
        super().__init__(autocast=False, **kwargs)

    def call(self, logits):
        if logits.shape[-1] == 1:
            return tf.sigmoid(logits)
        return tf.nn.softmax(logits)[..., 1:]

    def compute_output_spec(self, logits):
        num_classes = max(1, logits.shape[-1] - 1)
        return keras.KerasTensor((*logits.shape[:-1], num_classes), "float32")


@keras.saving.register_keras_serializable("inkling")
class CountBlobs(keras.layers.Layer):
    """Count and locate the blobs of probability maps.

    A pixel belongs to class c when p_c > `threshold` and no other class, nor the background with
    1 - sum p, is likelier: with a threshold of .5 or more the first says it all. NaN belongs to
    none. The 8-connected areas of a class are its blobs; with `levels` above 1, those that hold
    no area above a higher threshold (`ops.blob_levels`).

    (B, H, W, K) float32 probabilities to a dict of `count` (B,) and `class_counts` (B, K)
    float32, objects; `points` (B, max_points, 2) float32, (row, column) of each blob's pixel
    nearest to its centroid, class by class, then -1; `point_classes` (B, max_points) int32 from 1
    to K, then 0; `num_points` (B,) int32, at most `max_points`.

    Args:
        threshold: a blob's pixels are above it.
        min_area: smaller blobs are dropped, in pixels of the picture as it came in.
        max_points: most points per picture; counts stay true beyond.
        levels: thresholds over which blobs come apart; 1 for `threshold` alone.
        objects_per_blob: factor of the counts.
        map_scale: side of the maps over that of the picture, at least 1.

    Example:
        >>> found = CountBlobs(max_points=2)(keras.ops.array([[[[0.9], [0.1], [0.8]]]]))
        >>> found["count"].numpy().tolist(), found["points"].numpy().tolist()
        ([2.0], [[[0.0, 0.0], [0.0, 2.0]]])
    """

    def __init__(
        self,
        threshold=0.5,
        min_area=1,
        max_points=4096,
        levels=1,
        objects_per_blob=1.0,
        map_scale=1.0,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)
        self.threshold = threshold
        self.min_area = min_area
        self.max_points = max_points
        self.levels = levels
        self.objects_per_blob = objects_per_blob
        self.map_scale = map_scale
        # The number of blobs is known only when the graph runs.
        self.supports_jit = False

    def call(self, probabilities):
        thresholds = level_thresholds(self.threshold, self.levels)
        masks = class_masks(probabilities, thresholds)  # (L, B, H, W, K)
        masks = tf.transpose(masks, (1, 4, 0, 2, 3))  # (B, K, L, H, W)
        shape = tf.shape(masks)
        batch, num_classes = shape[0], shape[1]
        min_area = math.ceil(self.min_area * self.map_scale**2)
        blobs = find_leaf_blobs(
            tf.reshape(masks, tf.concat([[batch * num_classes], shape[2:]], axis=0)),
            min_area=min_area,
        )
        counts = tf.math.bincount(blobs.masks, minlength=batch * num_classes)
        counts = tf.reshape(counts, (batch, num_classes))
        counts = tf.ensure_shape(counts, (None, probabilities.shape[-1]))
        num_blobs = tf.reduce_sum(counts, axis=1)
        points, classes = self._list_points(blobs, num_blobs, num_classes)
        return {
            "count": tf.cast(num_blobs, tf.float32) * self.objects_per_blob,
            "class_counts": tf.cast(counts, tf.float32) * self.objects_per_blob,
            "points": points,
            "point_classes": classes,
            "num_points": tf.minimum(num_blobs, self.max_points),
        }

    def _list_points(self, blobs, counts, num_classes):
        """Give every picture its own list: (B, max_points, 2) and (B, max_points)."""
        # The middle of a map's pixel, counted from the middle of the picture's first one.
        points = tf.maximum((blobs.points + 0.5) / self.map_scale - 0.5, 0.0)
        points = tf.RaggedTensor.from_row_lengths(points, counts)
        classes = tf.RaggedTensor.from_row_lengths(blobs.masks % num_classes + 1, counts)
        return (
            points.to_tensor(-1.0, shape=(None, self.max_points, 2)),
            classes.to_tensor(0, shape=(None, self.max_points)),
        )

    def compute_output_spec(self, probabilities):
        batch, num_classes = probabilities.shape[0], probabilities.shape[3]
        return {
            "count": keras.KerasTensor((batch,), "float32"),
            "class_counts": keras.KerasTensor((batch, num_classes), "float32"),
            "points": keras.KerasTensor((batch, self.max_points, 2), "float32"),
            "point_classes": keras.KerasTensor((batch, self.max_points), "int32"),
            "num_points": keras.KerasTensor((batch,), "int32"),
        }

    def get_config(self):
        names = (
            "threshold",
            "min_area",
            "max_points",
            "levels",
            "objects_per_blob",
            "map_scale",
        )
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def build_point_counter(
    network: keras.Model,
    *,
    scale: float = 1.0,
    threshold: float = 0.5,
    levels: int = 1,
    min_area: int = 1,
    objects_per_blob: float = 1.0,
    max_points: int = 4096,
) -> keras.Model:
    """Build the whole counter: a picture of any size in; blobs, their points and number out.

    Args:
        network: what `build_fcn8` returned, or another model from float32 RGB (B, H, W, 3) in
            [0, 1] to logits (B, H, W, 1), or (B, H, W, K + 1) with the background first; shared,
            not copied.
        scale: pictures are resized by this factor for the network; at most 1, or a multiple of
            1/2. The maps of shrunk pictures are resized back, those of enlarged ones are not.
        threshold: a blob's pixels have a probability above it, in [0, 1).
        levels: thresholds over which blobs that touch come apart, see `ops.blob_levels`.
        min_area: smaller blobs are dropped, in pixels of the picture as it came in.
        objects_per_blob: factor of the counts, where calibration found that blobs hold several.
        max_points: most points per picture that the model lists.

    Returns:
        Model from `images` (B, H, W, 3), uint8 RGB of any H and W, to a dict of `probabilities`
        (B, round(H s), round(W s), K) float32 with s = max(1, `scale`), and what `CountBlobs`
        gives: `count`, `class_counts`, `points`, `point_classes`, `num_points`.

    Raises:
        InputError: a number is out of range.

    Example:
        >>> image = keras.Input((None, None, 3))
        >>> network = keras.Model(image, keras.layers.Conv2D(1, 1)(image))
        >>> found = build_point_counter(network)(keras.ops.zeros((1, 40, 50, 3), "uint8"))
        >>> tuple(found["probabilities"].shape), int(found["num_points"][0])
        ((1, 40, 50, 1), 0)
    """
    _check_arguments(scale, threshold, levels, min_area, objects_per_blob, max_points)
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    logits = network(ScaleImages(scale, name="scale_images", dtype="float32")(images))
    logits = RestoreSize(scale, name="restore_size", dtype="float32")(
        [logits, images]
    )  # (B, H, W, C)
    probabilities = ClassProbabilities(name="probabilities", dtype="float32")(
        logits
    )  # (B, H, W, K)
    count_blobs = CountBlobs(
        threshold,
        min_area,
        max_points,
        levels=levels,
        objects_per_blob=objects_per_blob,
        map_scale=max(1.0, scale),
        name="count_blobs",
        dtype="float32",
    )
    outputs = {"probabilities": probabilities, **count_blobs(probabilities)}
    return keras.Model(images, outputs, name="point_counter")


def class_masks(probabilities: tf.Tensor, thresholds: Sequence[float]) -> tf.Tensor:
    """Tell which pixels belong to each class above each threshold, as `CountBlobs` does.

    Args:
        probabilities: (B, H, W, K) float32.
        thresholds: L of them, rising, each in [0, 1).

    Returns:
        (L, B, H, W, K) bool.

    Example:
        >>> class_masks(tf.constant([[[[0.6]]]]), [0.5, 0.75]).numpy().ravel().tolist()
        [True, False]
    """
    masks = tf.stack([probabilities > threshold for threshold in thresholds])
    if probabilities.shape[-1] == 1 or thresholds[0] >= 0.5:
        return masks
    background = 1.0 - tf.reduce_sum(probabilities, axis=-1, keepdims=True)
    likeliest = tf.argmax(tf.concat([background, probabilities], axis=-1), axis=-1)
    classes = tf.range(1, probabilities.shape[-1] + 1, dtype=tf.int64)
    return masks & (likeliest[..., tf.newaxis] == classes)


def _check_arguments(scale, threshold, levels, min_area, objects_per_blob, max_points):
    if not (0 < scale <= 1 or (1 < scale < float("inf") and 2 * scale % 1 == 0)):
        raise InputError(
            f"`scale` must be above 0 and at most 1, or a multiple of 1/2. Received {scale}."
        )
    try:
        level_thresholds(threshold, levels)
    except ValueError as error:
        raise InputError(str(error)) from error
    if not 0 < objects_per_blob < float("inf"):
        raise InputError(
            f"`objects_per_blob` must be a positive number. Received {objects_per_blob}."
        )
    if min_area < 1:
        raise InputError(f"`min_area` must be at least 1 pixel. Received {min_area}.")
    if max_points < 1:
        raise InputError(f"`max_points` must be at least 1. Received {max_points}.")
