"""Layers that turn what a localiser's head gives into one box per picture, inside the graph.

All of them use operations that LiteRT has built in, on shapes that are known but for the batch.
"""

# A layer documents itself: `call`, `get_config` and the shapes are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

import keras
import tensorflow as tf
from keras import ops

from ops.box_forms import clip_boxes, cxcywh_to_xyxy
from ops.box_targets import decode_grid, decode_heat, decode_mask

BOX_FORMS = ("pixels", "sigmoid", "exp")
MASK_ROUNDINGS = ("published", "centres")
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
class DecodeGrid(keras.layers.Layer):
    """Read the box of the cell that is likeliest to hold an object's centre.

    (B, g, h, 5) grid of (height, width, offset y, offset x, objectness), all in 0..1 after the
    sigmoid, to `box` (B, 4) xyxy fractions and `score` (B,), the cell's objectness. The centre
    lies at (cell + offset) / cells along each axis. The first of equal cells counts.

    Example:
        >>> grid = keras.ops.array([[[[1.0, 0.5, 0.5, 0.5, 0.1], [1.0, 0.5, 0.5, 0.5, 0.9]]]])
        >>> DecodeGrid()(grid)["box"].numpy().tolist()
        [[0.5, 0.0, 1.0, 1.0]]
    """

    def call(self, grid):
        box, score = decode_grid(grid)
        return {"box": box, "score": score}

    def compute_output_shape(self, input_shape):
        return {"box": (input_shape[0], 4), "score": (input_shape[0],)}


@keras.saving.register_keras_serializable("inkling")
class DecodeMask(keras.layers.Layer):
    """Read the box round the area of a mask that holds its likeliest pixel.

    (B, h, w, 1) logits to `box` (B, 4) xyxy fractions and `score` (B,), the mean probability of
    the area. A pixel is in when p > 1/2, or, where none is, when p is at least half the largest;
    the likeliest is the one with the largest mean over its 3 x 3 neighbours. The area grows from
    there over 8-neighbours, one ring a step, as many steps as the longer side has pixels: areas
    as simple as a box are whole, and specks elsewhere do not count.

    With `rounding` "centres" a pixel stands for its cell: column c reaches from c / w to
    (c + 1) / w. "published" undoes the original's drawing, where it reaches from c / (w - 1) to
    (c + 1) / (w - 1), cut at the border (`ops.box_targets.draw_box_mask`).

    Args:
        rounding: one of `MASK_ROUNDINGS`.

    Example:
        >>> logits = keras.ops.reshape(keras.ops.array([-9.0, 9.0, 9.0, -9.0]), (1, 1, 4, 1))
        >>> DecodeMask("centres")(logits)["box"].numpy().tolist()
        [[0.25, 0.0, 0.75, 1.0]]
    """

    def __init__(self, rounding="published", **kwargs):
        super().__init__(**kwargs)
        self.rounding = rounding

    def call(self, logits):
        probabilities = ops.sigmoid(logits)
        inside = _inside(probabilities)
        area = _grow(_likeliest(probabilities, inside), inside)
        box, score = decode_mask(probabilities * area, threshold=0.0)
        if self.rounding == "published":
            rows, columns = logits.shape[1:3]
            scale = [n / max(1, n - 1) for n in (columns, rows)]
            box = clip_boxes(box * ops.array(scale * 2, box.dtype), (1, 1))
        return {"box": box, "score": score}

    def compute_output_shape(self, input_shape):
        return {"box": (input_shape[0], 4), "score": (input_shape[0],)}

    def get_config(self):
        return {**super().get_config(), "rounding": self.rounding}


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


def _inside(probabilities):
    """Return ones (B, h, w, 1) where the mask is, zeros elsewhere."""
    largest = ops.max(probabilities, axis=(1, 2, 3), keepdims=True)
    usual = ops.cast(probabilities > 0.5, probabilities.dtype)
    relative = ops.cast(probabilities >= largest / 2, probabilities.dtype)
    return ops.where(largest > 0.5, usual, relative)


def _likeliest(probabilities, inside):
    """Return a one at the pixel of the largest 3 x 3 mean in the mask: (B, h, w, 1)."""
    rows, columns = probabilities.shape[1:3]
    smooth = ops.average_pool(probabilities, 3, strides=1, padding="same") * inside
    # keras.ops.argmax looks for -0.0 bit by bit, which LiteRT cannot.
    best = tf.argmax(ops.reshape(smooth, (-1, rows * columns)), axis=-1)
    one = ops.one_hot(best, rows * columns, dtype=probabilities.dtype)
    return ops.reshape(one, (-1, rows, columns, 1))


def _grow(area, inside):
    for _ in range(max(inside.shape[1:3])):
        area = ops.max_pool(area, 3, strides=1, padding="same") * inside
    return area
