"""The segmenter, one model from a uint8 picture of any size to its label map."""

# A layer documents itself: `call`, `get_config` and the shapes are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from config.errors import InputError
from models.picture_squares import GRID, FitPictures, RestorePictures

MOST_CLASSES = 254  # 0 is background and 255 ignored


@keras.saving.register_keras_serializable("inkling")
class MirrorPictures(keras.layers.Layer):
    """Change left and right of pictures or maps (B, H, W, C).

    Example:
        >>> MirrorPictures()(tf.reshape([0.0, 1.0, 2.0], (1, 1, 3, 1))).numpy().ravel().tolist()
        [2.0, 1.0, 0.0]
    """

    def call(self, images):
        return keras.ops.flip(images, axis=2)

    def compute_output_shape(self, input_shape):
        return input_shape


@keras.saving.register_keras_serializable("inkling")
class LabelPixels(keras.layers.Layer):
    """Turn probabilities (B, H, W, K + 1), background first, into label maps.

    Gives `label_map` (B, H, W) uint8, the likeliest label of each pixel, 0 background; the
    `probabilities` themselves; and `class_shares` (B, K + 1) float32, their mean over the picture:
    the share of it that each label is expected to cover.

    Args:
        class_names: the names of classes 1 to K, which the layer only keeps.

    Example:
        >>> found = LabelPixels(["cat"])(keras.ops.array([[[[0.25, 0.75], [1.0, 0.0]]]]))
        >>> found["label_map"].numpy().tolist(), found["class_shares"].numpy().tolist()
        ([[[1, 0]]], [[0.625, 0.375]])
    """

    def __init__(self, class_names=(), **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.class_names = tuple(class_names)

    def call(self, probabilities):
        return {
            "label_map": tf.cast(tf.argmax(probabilities, axis=-1), tf.uint8),
            "probabilities": probabilities,
            "class_shares": tf.reduce_mean(probabilities, axis=(1, 2)),
        }

    def compute_output_spec(self, probabilities):
        batch, height, width, num_labels = probabilities.shape
        return {
            "label_map": keras.KerasTensor((batch, height, width), "uint8"),
            "probabilities": keras.KerasTensor(tuple(probabilities.shape), "float32"),
            "class_shares": keras.KerasTensor((batch, num_labels), "float32"),
        }

    def get_config(self):
        return {**super().get_config(), "class_names": self.class_names}


def build_segmenter(
    network: keras.Model,
    image_size: int | None,
    class_names: Sequence[str],
    *,
    scales: Sequence[float] = (1.0,),
    mirror: bool = False,
) -> keras.Model:
    """Build what is saved and served: a picture of any size in, its label map out.

    A picture is resized so that its longer side is `image_size`, its shape kept, laid in the
    middle of a square and mirrored beyond its border; the scores are brought back to its own
    pixels. With several scales, or mirrored too, the probabilities are averaged.

    Args:
        network: what `models.large_fov.build_large_fov` returned; shared, not copied.
        image_size: side of the square, 32 k + 1 pixels; None takes pictures at their own size.
        class_names: the names of classes 1 to K.
        scales: factors of the size at which the network looks; each costs their square.
        mirror: whether it looks at each mirrored left to right as well, at twice the cost.

    Returns:
        Model from `images` (B, H, W, 3), uint8 RGB of any H and W, to what `LabelPixels` gives:
        `label_map` (B, H, W) uint8, `probabilities` (B, H, W, K + 1) and `class_shares`
        (B, K + 1).

    Raises:
        InputError: the names are not one for each class, `image_size` does not line up, or a
            scale is not above 0.

    Example:
        >>> from models.encoders import build_encoder
        >>> from models.large_fov import build_large_fov
        >>> encoder = build_encoder("mobilenet_v2", (65, 65, 3), alpha=0.35)
        >>> network = build_large_fov(encoder, num_classes=1, num_neurons=4, head="pyramid")
        >>> segmenter = build_segmenter(network, 65, ["cat"])
        >>> tuple(segmenter(keras.ops.zeros((1, 50, 20, 3), "uint8"))["label_map"].shape)
        (1, 50, 20)
    """
    _check(network, image_size, class_names, scales)
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    seen = []
    for i, scale in enumerate(scales):
        options = {"square": image_size, "scale": scale, "dtype": "float32"}
        fitted = FitPictures(name=f"fit_{i}", **options)(images)
        scores = [network(fitted)]
        if mirror:
            mirrored = network(MirrorPictures(name=f"mirror_{i}")(fitted))
            scores.append(MirrorPictures(name=f"mirror_back_{i}", dtype="float32")(mirrored))
        for j, each in enumerate(scores):
            logits = RestorePictures(name=f"restore_{i}_{j}", **options)([each, images])
            softmax = keras.layers.Softmax(name=f"probabilities_{i}_{j}", dtype="float32")
            seen.append(softmax(logits))
    mean = keras.layers.Average(name="mean_probabilities", dtype="float32")
    probabilities = mean(seen) if len(seen) > 1 else seen[0]
    outputs = LabelPixels(class_names, name="label_pixels", dtype="float32")(probabilities)
    return keras.Model(images, outputs, name="segmenter")


def find_mask_names(model: keras.Model) -> tuple[str, ...] | None:
    """Read the names of a segmenter's classes.

    Args:
        model: any model.

    Returns:
        The names of classes 1 to K; None where the model is no segmenter.

    Example:
        >>> find_mask_names(keras.Sequential()) is None
        True
    """
    for layer in model.layers:
        if isinstance(layer, LabelPixels):
            return layer.class_names
    return None


def find_network(segmenter: keras.Model) -> keras.Model:
    """Take the network out of a segmenter.

    Args:
        segmenter: what `build_segmenter` returned, or its file.

    Returns:
        The network, shared.

    Raises:
        InputError: the model is no segmenter.

    Example:
        >>> find_network(keras.Sequential([keras.layers.ReLU()], name="other"))
        Traceback (most recent call last):
        ...
        config.errors.InputError: the model must be a segmenter. Received `other`; give a run of \
finetuning/guided_segmentation.
    """
    if find_mask_names(segmenter) is not None:
        for layer in segmenter.layers:
            if isinstance(layer, keras.Model):
                return layer
    raise InputError(
        f"the model must be a segmenter. Received `{segmenter.name}`; give a run of "
        "finetuning/guided_segmentation."
    )


def find_settled_pixels(probabilities: np.ndarray, tolerance: float) -> np.ndarray:
    """Tell of which pixels the label does not hang on rounding.

    Args:
        probabilities: (..., L) float.
        tolerance: most that a probability may move.

    Returns:
        (...) bool: whether the likeliest label leads by more than twice that.

    Example:
        >>> find_settled_pixels(np.array([[0.5, 0.5], [0.2, 0.8]]), 0.1).tolist()
        [False, True]
    """
    order = np.sort(probabilities, axis=-1)
    second = order[..., -2] if order.shape[-1] > 1 else np.full(order.shape[:-1], -np.inf)
    return order[..., -1] - second > 2 * tolerance


def _check(network, image_size, class_names, scales):
    num_classes = network.output.shape[-1] - 1
    names = tuple(class_names)
    if len(names) != num_classes or len(set(names)) < len(names) or num_classes > MOST_CLASSES:
        raise InputError(
            f"`class_names` must be {num_classes} different names, one for each class, and at most "
            f"{MOST_CLASSES}. Received {', '.join(names) or 'none'}."
        )
    if image_size is not None and (image_size <= GRID or image_size % GRID != 1):
        raise InputError(
            f"`image_size` must be {GRID} k + 1 pixels, so that all maps line up. Received "
            f"{image_size}; the nearest is {GRID * max(1, round((image_size - 1) / GRID)) + 1}."
        )
    if not len(scales) or min(scales) <= 0:
        raise InputError(f"`scales` must be numbers above 0, at least one. Received {scales}.")
