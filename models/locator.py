"""The locator, one model from a uint8 picture of any size to the box of its one object."""

# A layer documents itself: `call`, `get_config` and the shapes are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from config.errors import InputError
from models.box_choices import DecodeGrid, DecodeMask
from models.picture_scale import ResizeImages


@keras.saving.register_keras_serializable("inkling")
class ListBoxes(keras.layers.Layer):
    """Turn what a localiser says into boxes in pixels of the pictures as they came in, and classes.

    Call it on `[found, images]`: the localiser's outputs `box`, `score` and perhaps
    `class_logits`, and the pictures (B, H, W, 3). Gives `boxes` (B, 4) float32 xyxy in pixels,
    `scores` (B,) float32 and, with classes, `class_probabilities` (B, K) float32 and `classes`
    (B,) int32 from 1.

    Args:
        class_names: the names of classes 1 to K, which the layer only keeps; () for none.

    Example:
        >>> found = {"box": keras.ops.ones((1, 4)), "score": keras.ops.ones((1,))}
        >>> ListBoxes()([found, keras.ops.zeros((1, 20, 30, 3))])["boxes"].numpy().tolist()
        [[30.0, 20.0, 30.0, 20.0]]
    """

    def __init__(self, class_names=(), **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.class_names = tuple(class_names)

    def call(self, inputs):
        found, images = inputs
        height, width = tf.unstack(tf.cast(tf.shape(images)[1:3], tf.float32))
        boxes = tf.cast(found["box"], tf.float32) * tf.stack([width, height, width, height])
        outputs = {"boxes": boxes, "scores": tf.cast(found["score"], tf.float32)}
        if "class_logits" in found:
            probabilities = tf.nn.softmax(tf.cast(found["class_logits"], tf.float32))
            outputs["class_probabilities"] = probabilities
            outputs["classes"] = tf.argmax(probabilities, axis=-1, output_type=tf.int32) + 1
        return outputs

    def compute_output_spec(self, inputs):
        found, _ = inputs
        batch = found["box"].shape[0]
        outputs = {
            "boxes": keras.KerasTensor((batch, 4), "float32"),
            "scores": keras.KerasTensor((batch,), "float32"),
        }
        if "class_logits" in found:
            shape = tuple(found["class_logits"].shape)
            outputs["class_probabilities"] = keras.KerasTensor(shape, "float32")
            outputs["classes"] = keras.KerasTensor((batch,), "int32")
        return outputs

    def get_config(self):
        return {**super().get_config(), "class_names": self.class_names}


def build_locator(
    localizer: keras.Model,
    *,
    image_size: int | tuple[int, int] | None = None,
    class_names: Sequence[str] = (),
) -> keras.Model:
    """Build what is saved and served: a picture of any size in, its object's box out.

    Args:
        localizer: what `models.localizer.build_localizer` returned; shared, not copied.
        image_size: side, or (height, width), that pictures are resized to, pixels; None for the
            localiser's own, which any other must equal.
        class_names: the names of classes 1 to K, or of the one class of a localiser without
            classes; () for none. The model carries them.

    Returns:
        Model from `images` (B, H, W, 3), uint8 RGB of any H and W, to what `ListBoxes` gives:
        `boxes` (B, 4) xyxy in pixels of these pictures, `scores` (B,), and with classes
        `class_probabilities` (B, K) and `classes` (B,) int32 from 1.

    Raises:
        InputError: the model is no localiser, `image_size` is not its own, or the names are not
            one for each class, or twice the same.

    Example:
        >>> from models.localizer import build_localizer
        >>> localizer = build_localizer("mobilenet_v2", head="box", image_size=32, alpha=0.35)
        >>> found = build_locator(localizer)(keras.ops.zeros((2, 50, 40, 3), "uint8"))
        >>> {name: tuple(value.shape) for name, value in found.items()}
        {'boxes': (2, 4), 'scores': (2,)}
    """
    if not isinstance(localizer.output, dict) or not {"box", "score"} <= set(localizer.output):
        raise InputError(
            "`localizer` must give `box` and `score`, as models.localizer.build_localizer makes "
            f"it. Received `{localizer.name}`."
        )
    size = tuple(localizer.input.shape[1:3])
    given = (image_size, image_size) if isinstance(image_size, int) else image_size
    if given is not None and tuple(given) != size:
        raise InputError(
            f"`image_size` must be the localiser's own, {size}. Received {image_size}; leave it "
            "out."
        )
    _check_names(localizer, tuple(class_names))
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    found = localizer(ResizeImages(size, name="resize_images", dtype="float32")(images))
    kept = {name: found[name] for name in ("box", "score", "class_logits") if name in found}
    outputs = ListBoxes(class_names, name="list_boxes", dtype="float32")([kept, images])
    return keras.Model(images, outputs, name="locator")


def find_localizer(locator: keras.Model) -> keras.Model:
    """Take the localiser out of a locator.

    Args:
        locator: what `build_locator` returned, or its file.

    Returns:
        The localiser, shared.

    Raises:
        InputError: the model is no locator.

    Example:
        >>> find_localizer(keras.Sequential([keras.layers.ReLU()], name="other"))
        Traceback (most recent call last):
        ...
        config.errors.InputError: the model must be a locator. Received `other`; give the folder \
of a localization run.
    """
    if find_class_names(locator) is not None:
        for layer in locator.layers:
            if isinstance(layer, keras.Model):
                return layer
    raise InputError(
        f"the model must be a locator. Received `{locator.name}`; give the folder of a "
        "localization run."
    )


def find_class_names(model: keras.Model) -> tuple[str, ...] | None:
    """Read the names of a locator's classes.

    Args:
        model: any model.

    Returns:
        The names of classes 1 to K, () where they have none; None where the model is no locator.

    Example:
        >>> find_class_names(keras.Sequential()) is None
        True
    """
    for layer in model.layers:
        if isinstance(layer, ListBoxes):
            return layer.class_names
    return None


def find_settled(
    localizer: keras.Model, image: np.ndarray, tolerance: float
) -> dict[str, np.ndarray]:
    """Tell of which pictures the answer does not hang on rounding.

    Heads that choose a cell or an area jump where two are equally good, and so does the class.

    Args:
        localizer: what `models.localizer.build_localizer` returned.
        image: (B, H, W, 3) float32 in [0, 1], of its size.
        tolerance: most that the numbers, which the choice is made by, may move.

    Returns:
        `box` (B,) bool, of box and score, and `class` (B,) bool.

    Example:
        >>> from models.localizer import build_localizer
        >>> localizer = build_localizer("mobilenet_v2", head="box", image_size=32, alpha=0.35)
        >>> find_settled(localizer, np.zeros((1, 32, 32, 3)), 1e-4)["box"].tolist()
        [True]
    """
    found = localizer.predict_on_batch(image)
    settled = {name: np.ones(len(image), bool) for name in ("box", "class")}
    for raw, kind in (("grid", DecodeGrid), ("mask", DecodeMask)):
        for layer in localizer.layers:
            if isinstance(layer, kind):
                settled["box"] = layer.find_settled(found[raw], tolerance)
    if "class_logits" in found:
        logits = np.sort(found["class_logits"], axis=-1)
        settled["class"] = logits[:, -1] - logits[:, -2] > 2 * tolerance
    return settled


def _check_names(localizer, class_names):
    if "class_logits" in localizer.output:
        num_classes = localizer.output["class_logits"].shape[-1]
    else:
        num_classes = 1
    if len(class_names) not in (0, num_classes) or len(set(class_names)) < len(class_names):
        raise InputError(
            f"`class_names` must be {num_classes} different names, one for each class, or none. "
            f"Received {', '.join(class_names)}."
        )
