"""The point counter, one model from a uint8 picture to probabilities, blobs, points and counts."""

# A layer documents itself: `call`, `get_config` and the shapes are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

import keras
import tensorflow as tf

from config.errors import InputError
from ops.graph_blobs import find_graph_blobs

SMALLEST_SIDE = 32  # of what the encoders take, pixels


@keras.saving.register_keras_serializable("inkling")
class ScaleImages(keras.layers.Layer):
    """Turn uint8 pictures to [0, 1] and resize them by a factor; grow tiny ones to 32 pixels.

    (B, H, W, 3) uint8 to (B, max(32, h), max(32, w), 3) float32 with h = round(H `scale`), at
    least 1. Shrinking averages (antialiased), both ways are bilinear. What is added below and on
    the right repeats the border.

    Args:
        scale: factor of height and width, above 0.

    Example:
        >>> tuple(ScaleImages(0.5)(keras.ops.zeros((1, 100, 20, 3), "uint8")).shape)
        (1, 50, 32, 3)
    """

    def __init__(self, scale=1.0, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.scale = scale

    def call(self, images):
        size = scaled_size(tf.shape(images)[1:3], self.scale)
        if self.scale != 1:
            images = tf.image.resize(images, size, antialias=self.scale < 1)
        images = tf.cast(images, tf.float32) / 255.0
        return tf.cond(
            tf.reduce_min(size) < SMALLEST_SIDE, lambda: _repeat_border(images), lambda: images
        )

    def compute_output_spec(self, images):
        return keras.KerasTensor((images.shape[0], None, None, images.shape[3]), "float32")

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


@keras.saving.register_keras_serializable("inkling")
class RestoreSize(keras.layers.Layer):
    """Undo `ScaleImages` on a map: call it on `[map, images]`, the images as they came in.

    Cuts off what was added and resizes bilinearly to the images' height and width.

    Args:
        scale: the factor that `ScaleImages` took.

    Example:
        >>> logits, images = keras.ops.zeros((1, 50, 32, 1)), keras.ops.zeros((1, 100, 20, 3))
        >>> tuple(RestoreSize(0.5)([logits, images]).shape)
        (1, 100, 20, 1)
    """

    def __init__(self, scale=1.0, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.scale = scale

    def call(self, inputs):
        maps, images = inputs
        size = tf.shape(images)[1:3]
        height, width = tf.unstack(scaled_size(size, self.scale))
        maps = tf.cast(maps[:, :height, :width], tf.float32)
        return maps if self.scale == 1 else tf.image.resize(maps, size)

    def compute_output_spec(self, inputs):
        maps, images = inputs
        return keras.KerasTensor((*images.shape[:3], maps.shape[3]), "float32")

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


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
    none. The 8-connected areas of a class are its blobs.

    (B, H, W, K) float32 probabilities to a dict of `count` (B,) and `class_counts` (B, K)
    float32; `points` (B, max_points, 2) float32, (row, column) of each blob's pixel nearest to
    its centroid, class by class and by the blobs' first pixels, then -1; `point_classes`
    (B, max_points) int32 from 1 to K, then 0; `num_points` (B,) int32, at most `max_points`.

    Args:
        threshold: a blob's pixels are above it.
        min_area: smaller blobs are dropped, in pixels of the picture as it came in.
        max_points: most points per picture; counts stay true beyond.

    Example:
        >>> found = CountBlobs(max_points=2)(keras.ops.array([[[[0.9], [0.1], [0.8]]]]))
        >>> found["count"].numpy().tolist(), found["points"].numpy().tolist()
        ([2.0], [[[0.0, 0.0], [0.0, 2.0]]])
    """

    def __init__(self, threshold=0.5, min_area=1, max_points=4096, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.threshold = threshold
        self.min_area = min_area
        self.max_points = max_points
        # The number of blobs is known only when the graph runs.
        self.supports_jit = False

    def call(self, probabilities):
        masks = _class_masks(probabilities, self.threshold)  # (B, H, W, K)
        batch, height, width, num_classes = tf.unstack(tf.shape(masks))
        masks = tf.reshape(tf.transpose(masks, (0, 3, 1, 2)), (batch * num_classes, height, width))
        blobs = find_graph_blobs(masks, min_area=self.min_area)
        counts = tf.math.bincount(blobs.masks, minlength=batch * num_classes)
        counts = tf.reshape(counts, (batch, num_classes))
        counts = tf.ensure_shape(counts, (None, probabilities.shape[-1]))
        points, classes = self._list_points(blobs, tf.reduce_sum(counts, axis=1), num_classes)
        return {
            "count": tf.cast(tf.reduce_sum(counts, axis=1), tf.float32),
            "class_counts": tf.cast(counts, tf.float32),
            "points": points,
            "point_classes": classes,
            "num_points": tf.minimum(tf.reduce_sum(counts, axis=1), self.max_points),
        }

    def _list_points(self, blobs, counts, num_classes):
        """Give every picture its own list: (B, max_points, 2) and (B, max_points)."""
        points = tf.RaggedTensor.from_row_lengths(blobs.points, counts)
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
        own = {
            "threshold": self.threshold,
            "min_area": self.min_area,
            "max_points": self.max_points,
        }
        return {**super().get_config(), **own}


def build_point_counter(
    network: keras.Model,
    *,
    scale: float = 1.0,
    threshold: float = 0.5,
    min_area: int = 1,
    max_points: int = 4096,
) -> keras.Model:
    """Build the whole counter: a picture of any size in; blobs, their points and number out.

    Args:
        network: what `build_fcn8` returned, or another model from float32 RGB (B, H, W, 3) in
            [0, 1] to logits (B, H, W, 1), or (B, H, W, K + 1) with the background first; shared,
            not copied.
        scale: pictures are resized by this factor for the network, its logits back.
        threshold: a blob's pixels have a probability above it, in [0, 1).
        min_area: smaller blobs are dropped, in pixels of the picture as it came in.
        max_points: most points per picture that the model lists.

    Returns:
        Model from `images` (B, H, W, 3), uint8 RGB of any H and W, to a dict of `probabilities`
        (B, H, W, K) float32 and what `CountBlobs` gives: `count`, `class_counts`, `points`,
        `point_classes`, `num_points`.

    Raises:
        InputError: `scale`, `threshold`, `min_area` or `max_points` is out of range.

    Example:
        >>> image = keras.Input((None, None, 3))
        >>> network = keras.Model(image, keras.layers.Conv2D(1, 1)(image))
        >>> found = build_point_counter(network)(keras.ops.zeros((1, 40, 50, 3), "uint8"))
        >>> tuple(found["probabilities"].shape), int(found["num_points"][0])
        ((1, 40, 50, 1), 0)
    """
    _check_arguments(scale, threshold, min_area, max_points)
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    logits = network(ScaleImages(scale, name="scale_images", dtype="float32")(images))
    logits = RestoreSize(scale, name="restore_size", dtype="float32")(
        [logits, images]
    )  # (B, H, W, C)
    probabilities = ClassProbabilities(name="probabilities", dtype="float32")(
        logits
    )  # (B, H, W, K)
    count_blobs = CountBlobs(threshold, min_area, max_points, name="count_blobs", dtype="float32")
    outputs = {"probabilities": probabilities, **count_blobs(probabilities)}
    return keras.Model(images, outputs, name="point_counter")


def scaled_size(size: tf.Tensor, scale: float) -> tf.Tensor:
    """Return a picture's size after resizing by a factor: rounded, at least one pixel.

    Args:
        size: (2,) int32 height and width, pixels.
        scale: factor of both.

    Returns:
        (2,) int32.

    Example:
        >>> scaled_size(tf.constant([101, 1]), 0.25).numpy().tolist()
        [25, 1]
    """
    scaled = tf.round(tf.cast(size, tf.float64) * scale)
    return tf.maximum(tf.cast(scaled, tf.int32), 1)


def _class_masks(probabilities, threshold):
    """Return (B, H, W, K) bool: the pixels of each class."""
    masks = probabilities > threshold
    if probabilities.shape[-1] == 1 or threshold >= 0.5:
        return masks
    background = 1.0 - tf.reduce_sum(probabilities, axis=-1, keepdims=True)
    likeliest = tf.argmax(tf.concat([background, probabilities], axis=-1), axis=-1)
    classes = tf.range(1, probabilities.shape[-1] + 1, dtype=tf.int64)
    return masks & (likeliest[..., tf.newaxis] == classes)


def _repeat_border(images):
    """Grow pictures to sides of 32 pixels by repeating their last row and column."""
    for axis in (1, 2):
        side = tf.shape(images)[axis]
        places = tf.minimum(tf.range(tf.maximum(side, SMALLEST_SIDE)), side - 1)
        images = tf.gather(images, places, axis=axis)
    return images


def _check_arguments(scale, threshold, min_area, max_points):
    if not 0 < scale < float("inf"):
        raise InputError(f"`scale` must be a positive number. Received {scale}.")
    if not 0 <= threshold < 1:
        raise InputError(f"`threshold` must be at least 0 and below 1. Received {threshold}.")
    if min_area < 1:
        raise InputError(f"`min_area` must be at least 1 pixel. Received {min_area}.")
    if max_points < 1:
        raise InputError(f"`max_points` must be at least 1. Received {max_points}.")
