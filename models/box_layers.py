"""Layers that turn what a localiser's head gives into one box per picture, smoothly.

All of them use operations that LiteRT has built in, on shapes that are known but for the batch.
"""

# A layer documents itself: `call`, `get_config` and the shapes are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

import keras
from keras import ops

from ops.box_forms import clip_boxes, cxcywh_to_xyxy
from ops.box_targets import decode_heat

BOX_FORMS = ("pixels", "sigmoid", "exp")
# Of "exp": sides that an output of 0 means, and the log of the most they may grow or shrink by.
PRIOR_SIDE = 0.5
MAX_LOG_FACTOR = 2.0


@keras.saving.register_keras_serializable("inkling")
class DecodeBox(keras.layers.Layer):
    """Turn four numbers per picture into a box in fractions of the picture.

    The numbers (B, 4) mean, by `form`:

    - "pixels": x0, y0, width, height in pixels of a picture of `size`; a negative side counts
      as 0.
    - "sigmoid": logits of the centre's x, y and of width and height, all fractions.
    - "exp": logits of the centre's x and y; then t with side = exp(2 tanh(t / 2)) / 2. Sides stay
      within a factor of 7.4 of half the picture, so that no step of training throws them out of
      it for good.

    Boxes (B, 4) are xyxy, cut at the picture's border.

    Args:
        form: one of `BOX_FORMS`.
        size: (height, width) in pixels, for "pixels".

    Example:
        >>> raw = keras.ops.array([[8.0, 16.0, 32.0, -1.0]])
        >>> DecodeBox("pixels", size=(32, 64))(raw).numpy().tolist()
        [[0.125, 0.5, 0.625, 0.5]]
    """

    def __init__(self, form, size=None, **kwargs):
        super().__init__(**kwargs)
        self.form = form
        self.size = None if size is None else tuple(size)

    def call(self, numbers):
        first, second = numbers[:, :2], numbers[:, 2:]
        if self.form == "pixels":
            height, width = self.size
            scale = ops.array([1 / width, 1 / height], numbers.dtype)
            corner, sides = first * scale, ops.maximum(second, 0.0) * scale
            return clip_boxes(ops.concatenate([corner, corner + sides], axis=-1), (1, 1))
        if self.form == "sigmoid":
            sides = ops.sigmoid(second)
        else:
            sides = PRIOR_SIDE * ops.exp(MAX_LOG_FACTOR * ops.tanh(second / MAX_LOG_FACTOR))
        return _from_centre(ops.sigmoid(first), sides)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "form": self.form, "size": self.size}


@keras.saving.register_keras_serializable("inkling")
class DecodeHeat(keras.layers.Layer):
    """Read a box with the weights of a heat map: centre and size by soft argmax.

    Call it on `[heat, shape]`: (B, h, w, 1) logits of the object's centre, and (B, h, w, 4) of
    width, height, shift x, shift y. With the weights softmax(heat) over the pixels, the centre is
    the mean of the pixels' middles, each moved by tanh(shift) picture sides, and a side is the
    mean of sigmoid(size). Gives `box` (B, 4) xyxy fractions and `score` (B,): the weight within
    two pixels of one, at most, which is 1 for a sharp peak and 25 / (h w) for a flat map.

    Example:
        >>> heat, shape = keras.ops.zeros((1, 2, 2, 1)), keras.ops.zeros((1, 2, 2, 4))
        >>> DecodeHeat()([heat, shape])["box"].numpy().tolist()
        [[0.25, 0.25, 0.75, 0.75]]
    """

    def call(self, inputs):
        heat, shape = inputs
        rows, columns = heat.shape[1:3]
        weights = ops.softmax(ops.reshape(heat, (-1, rows * columns)), axis=-1)
        shape = ops.reshape(shape, (-1, rows * columns, 4))
        each = ops.concatenate([ops.tanh(shape[:, :, 2:]), ops.sigmoid(shape[:, :, :2])], axis=-1)
        mean = ops.sum(weights[:, :, None] * each, axis=1)  # (B, 4) of shift and sides
        centre = decode_heat(heat) + mean[:, :2]
        around = ops.pad(
            ops.reshape(weights, (-1, rows, columns, 1)), ((0, 0), (2, 2), (2, 2), (0, 0))
        )
        around = 25 * ops.average_pool(around, 5, strides=1, padding="valid")
        score = ops.minimum(ops.max(around, axis=(1, 2, 3)), 1.0)
        return {"box": _from_centre(centre, mean[:, 2:]), "score": score}

    def compute_output_shape(self, input_shape):
        batch = input_shape[0][0]
        return {"box": (batch, 4), "score": (batch,)}


@keras.saving.register_keras_serializable("inkling")
class Profile(keras.layers.Layer):
    """Sum up a map along one of its axes: mean and maximum of each channel.

    (B, H, W, C) to (B, W, 2 C) with `crossed` 1, and to (B, H, 2 C) with 2.

    Args:
        crossed: the axis that goes, 1 (rows) or 2 (columns).

    Example:
        >>> tuple(Profile(crossed=1)(keras.ops.zeros((1, 2, 3, 4))).shape)
        (1, 3, 8)
    """

    def __init__(self, crossed, **kwargs):
        super().__init__(**kwargs)
        self.crossed = crossed

    def call(self, maps):
        parts = [ops.mean(maps, axis=self.crossed), ops.max(maps, axis=self.crossed)]
        return ops.concatenate(parts, axis=-1)

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        return (batch, width if self.crossed == 1 else height, 2 * channels)

    def get_config(self):
        return {**super().get_config(), "crossed": self.crossed}


@keras.saving.register_keras_serializable("inkling")
class DecodeEdges(keras.layers.Layer):
    """Read a box's four edges, each by soft argmax along its own axis.

    Call it on `[columns, rows]`: logits (B, w, 2) of where the left and the right edge are and
    (B, h, 2) of the top and the bottom. The n places of an axis stand for 0, 1 / (n - 1), ..., 1,
    and an edge is the mean of the places under softmax(logits); a pair that comes out swapped is
    put in order. Gives `box` (B, 4) xyxy fractions and `score` (B,), the mean over the edges of
    the most weight that three neighbouring places hold.

    Example:
        >>> columns = keras.ops.array([[[999.0, 0.0], [0.0, 999.0], [0.0, 0.0]]])
        >>> DecodeEdges()([columns, columns])["box"].numpy().tolist()
        [[0.0, 0.0, 0.5, 0.5]]
    """

    def call(self, inputs):
        edges, scores = zip(*(self._find_pair(logits) for logits in inputs), strict=True)
        (left, right), (top, bottom) = edges
        box = ops.stack([left, top, right, bottom], axis=1)
        return {"box": box, "score": sum(scores) / len(scores)}

    def _find_pair(self, logits):
        weights = ops.softmax(logits, axis=1)  # (B, n, 2)
        places = ops.linspace(0.0, 1.0, logits.shape[1], dtype=weights.dtype)
        edges = ops.sum(weights * places[:, None], axis=1)
        near = ops.pad(weights, ((0, 0), (1, 1), (0, 0)))
        near = near[:, :-2] + near[:, 1:-1] + near[:, 2:]
        score = ops.minimum(ops.mean(ops.max(near, axis=1), axis=-1), 1.0)
        return (ops.min(edges, axis=-1), ops.max(edges, axis=-1)), score

    def compute_output_shape(self, input_shape):
        batch = input_shape[0][0]
        return {"box": (batch, 4), "score": (batch,)}


@keras.saving.register_keras_serializable("inkling")
class BoxScore(keras.layers.Layer):
    """Say how sure a head without a score of its own is.

    Call it on the boxes (B, 4), which gives 1 for each, or on class logits (B, K), which gives the
    likeliest class's probability: (B,).

    Args:
        of_classes: whether it is called on class logits.

    Example:
        >>> BoxScore(of_classes=True)(keras.ops.zeros((1, 4))).numpy().tolist()
        [0.25]
    """

    def __init__(self, of_classes=False, **kwargs):
        super().__init__(**kwargs)
        self.of_classes = of_classes

    def call(self, values):
        if self.of_classes:
            return ops.max(ops.softmax(values), axis=-1)
        return ops.ones_like(values[:, 0])

    def compute_output_shape(self, input_shape):
        return input_shape[:1]

    def get_config(self):
        return {**super().get_config(), "of_classes": self.of_classes}


def _from_centre(centre, sides):
    return clip_boxes(cxcywh_to_xyxy(ops.concatenate([centre, sides], axis=-1)), (1, 1))
