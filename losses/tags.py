"""Loss of a picture's tags: each class is there or not, whatever the others are."""

# A loss documents itself: its methods are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

import keras
from keras import ops

from config.errors import InputError
from losses.focal import sigmoid_focal_loss


def tag_loss(logits, tags, *, gamma: float = 0.0):
    """Sigmoid cross-entropy, summed over the classes.

    L = -sum_k [t_k log p_k + (1 - t_k) log(1 - p_k)], p = sigmoid(logits). Summed, not averaged,
    so that the size of a class's gradient does not depend on how many classes there are. With
    gamma above 0 each term is weighed by (1 - p of what is true)^gamma, which lets classes that
    are easy weigh less.

    Args:
        logits: (B, K) scores before the sigmoid.
        tags: (B, K) of 0 and 1.
        gamma: focus, at least 0; 0, as published, is plain cross-entropy.

    Returns:
        (B,) losses.

    Raises:
        ValueError: the shapes differ, or `gamma` is negative.

    Example:
        >>> round(float(tag_loss(ops.zeros((1, 3)), ops.ones((1, 3)))[0]), 4)  # 3 log 2
        2.0794

    References:
        Oh et al., "Exploiting Saliency for Object Segmentation from Image Level Labels", CVPR 2017.
    """
    logits = ops.convert_to_tensor(logits)
    tags = ops.cast(tags, logits.dtype)
    if len(logits.shape) != 2 or tuple(logits.shape) != tuple(tags.shape):
        raise ValueError(
            f"`logits` and `tags` must be (B, K). Received shapes {logits.shape} and {tags.shape}."
        )
    return ops.sum(sigmoid_focal_loss(logits, tags, alpha=None, gamma=gamma), axis=-1)


@keras.saving.register_keras_serializable("inkling")
class TagLoss(keras.losses.Loss):
    """`tag_loss` for `compile`, on logits; the mean over the batch.

    Args:
        gamma: focus, at least 0.

    Example:
        >>> round(float(TagLoss()(ops.array([[1.0], [0.0]]), ops.zeros((2, 1)))), 4)  # log 2
        0.6931
    """

    def __init__(self, gamma=0.0, name="tag_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        if gamma < 0:
            raise ValueError(f"`gamma` must be at least 0. Received {gamma}.")
        self.gamma = gamma

    def call(self, y_true, y_pred):
        return tag_loss(y_pred, y_true, gamma=self.gamma)

    def get_config(self):
        return {**super().get_config(), "gamma": self.gamma}


def build_tag_loss(config: dict) -> TagLoss:
    """Build the loss on tags that a configuration names.

    Args:
        config: {"class_name": "TagLoss", "config": its arguments}.

    Returns:
        The loss.

    Raises:
        InputError: another shape of `config`, unknown name or argument.

    Example:
        >>> build_tag_loss({"class_name": "TagLoss", "config": {"gamma": 2.0}}).gamma
        2.0
    """
    known = isinstance(config, dict) and set(config) <= {"class_name", "config"}
    arguments = config.get("config", {}) if known else None
    if not isinstance(arguments, dict) or config.get("class_name") != "TagLoss":
        raise InputError(
            '`loss` must be {"class_name": "TagLoss", "config": {argument: value}}. '
            f"Received {config!r}."
        )
    try:
        return TagLoss(**arguments)
    except (TypeError, ValueError) as error:
        raise InputError(f"`loss` TagLoss does not take {arguments}: {error}") from error
