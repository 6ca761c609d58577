"""Cross-entropy on the pixels that have a label; the others teach nothing."""

# A loss documents itself: its methods are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from config.errors import InputError


def partial_cross_entropy(logits, labels, *, ignore: int = 255):
    """Softmax cross-entropy of each pixel, 0 where its label is ignored.

    Computed from logits, so that no probability underflows before its logarithm.

    Args:
        logits: (..., K) scores before the softmax, background first.
        labels: (...) ids 0 to K - 1, or `ignore`; integers, or floats that hold them.
        ignore: the label of pixels that do not count.

    Returns:
        (...) losses. A NaN logit gives NaN, but not at an ignored pixel. An id from K on, other
        than `ignore`, stops a CPU with TensorFlow's error and gives NaN on a GPU.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> losses = partial_cross_entropy(ops.zeros((2, 2)), ops.array([1, 255]))
        >>> [round(float(loss), 4) for loss in losses]  # log 2
        [0.6931, 0.0]

    References:
        coallaoh/GuidedLabelling, softmax loss with label 255 ignored. Upstream floors
        probabilities at 1e-10, where the gradient ends.
    """
    logits = ops.convert_to_tensor(logits)
    labels = ops.cast(labels, "int32")
    known = zip(labels.shape, logits.shape[:-1], strict=False)
    differ = any(None not in sides and sides[0] != sides[1] for sides in known)
    if differ or len(labels.shape) + 1 != len(logits.shape):
        raise ValueError(
            "`labels` must be of the logits' shape without its last axis. "
            f"Received {tuple(labels.shape)} for {tuple(logits.shape)}."
        )
    counted = ops.not_equal(labels, ignore)
    # Before any arithmetic: a masked NaN has a NaN gradient.
    logits = ops.where(ops.expand_dims(counted, -1), logits, 0.0)
    losses = ops.sparse_categorical_crossentropy(
        ops.where(counted, labels, 0), logits, from_logits=True
    )
    return ops.where(counted, losses, 0.0)


@keras.saving.register_keras_serializable("inkling")
class PartialCrossEntropy(keras.losses.Loss):
    """`partial_cross_entropy` for `compile`, on logits: the mean over a batch's labelled pixels.

    Pictures count by their number of labelled pixels, as upstream. A batch without any gives 0 and
    no gradient, where upstream divides by 0.

    Args:
        ignore: the label of pixels that do not count.
        class_weights: what a pixel of each label counts, background first, see `balance_classes`;
            the mean is then a weighted one. None for 1.

    Raises:
        InputError: a weight is not a finite number above 0.

    Example:
        >>> loss = PartialCrossEntropy()
        >>> labels = ops.array([[[1.0, 255.0]], [[255.0, 255.0]]])
        >>> round(float(loss(labels, ops.zeros((2, 1, 2, 2)))), 4)  # log 2
        0.6931
    """

    def __init__(self, ignore=255, class_weights=None, name="partial_cross_entropy", **kwargs):
        super().__init__(name=name, **kwargs)
        if class_weights is not None:
            class_weights = tuple(float(each) for each in class_weights)
            if not class_weights or not all(0 < each < float("inf") for each in class_weights):
                raise InputError(
                    "`class_weights` must be a finite number above 0 for each label. Received "
                    f"{class_weights}."
                )
        self.ignore, self.class_weights = ignore, class_weights

    def call(self, y_true, y_pred):
        losses = partial_cross_entropy(y_pred, y_true, ignore=self.ignore)
        labels = ops.cast(y_true, "int32")
        counted = ops.cast(ops.not_equal(labels, self.ignore), losses.dtype)
        if self.class_weights is not None:
            weights = ops.convert_to_tensor(self.class_weights, losses.dtype)
            known = ops.where(ops.equal(labels, self.ignore), 0, labels)
            counted = counted * ops.take(weights, known)
            losses = losses * counted
        inner = tuple(range(1, len(losses.shape)))
        # Keras averages over the B pictures: shares that sum to B make that the pixels' mean.
        batch = ops.cast(ops.shape(losses)[0], losses.dtype)
        total = ops.sum(counted)
        return ops.sum(losses, axis=inner) * (batch / ops.where(total > 0, total, 1.0))

    def get_config(self):
        own = {"ignore": self.ignore, "class_weights": self.class_weights}
        return {**super().get_config(), **own}


def balance_classes(num_pixels: Sequence[int], *, power: float) -> tuple[float, ...]:
    """Weigh labels so that rare ones are learnt, too: w_c ~ share_c^-power, of mean 1 over pixels.

    Most pixels are background, and a network that has seen few pictures of small things learns to
    answer nothing else. Intersection over union counts all labels alike.

    Args:
        num_pixels: pixels of each label, background first.
        power: 0 weighs all pixels alike, 1 all labels, .5 lies between.

    Returns:
        A weight per label; 1 for a label that no pixel has.

    Example:
        >>> [round(weight, 3) for weight in balance_classes([90, 10, 0], power=0.5)]
        [0.833, 2.5, 1.0]
    """
    shares = np.asarray(num_pixels, np.float64) / max(np.sum(num_pixels), 1)
    seen = shares > 0
    weights = np.where(seen, np.where(seen, shares, 1.0) ** -power, 1.0)
    scale = (shares * weights).sum() or 1.0
    return tuple(float(each) for each in np.where(seen, weights / scale, 1.0))


def build_partial_loss(config: dict) -> PartialCrossEntropy:
    """Build the loss on label maps that a configuration names.

    Args:
        config: {"class_name": "PartialCrossEntropy", "config": its arguments}.

    Returns:
        The loss.

    Raises:
        InputError: another shape of `config`, unknown name or argument.

    Example:
        >>> build_partial_loss({"class_name": "PartialCrossEntropy", "config": {}}).ignore
        255
    """
    known = isinstance(config, dict) and set(config) <= {"class_name", "config"}
    arguments = config.get("config", {}) if known else None
    if not isinstance(arguments, dict) or config.get("class_name") != "PartialCrossEntropy":
        raise InputError(
            '`loss` must be {"class_name": "PartialCrossEntropy", "config": {argument: value}}. '
            f"Received {config!r}."
        )
    try:
        return PartialCrossEntropy(**arguments)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"`loss` PartialCrossEntropy does not take {arguments}: {error}."
        ) from error
