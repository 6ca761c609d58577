"""Focal loss: cross-entropy that rests on what is already right."""

# A loss documents itself: its methods are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

import keras
from keras import ops

# Smallest normal float32: keeps the logarithm of an underflown probability finite.
TINY = 1.1754944e-38


def sigmoid_focal_loss(
    logits, labels, *, alpha: float | None = 0.25, gamma: float = 2.0, where=None
):
    """Focal loss of independent yes-or-no labels, per element.

    alpha_t (1 - p_t)^gamma (-log p_t), where p_t is the probability given to the label and alpha_t
    is alpha for label 1 and 1 - alpha for label 0. Computed from logits, so that no probability
    rounds to 0 or 1 before its logarithm.

    Args:
        logits: (...) scores before the sigmoid.
        labels: (...) labels in [0, 1]; soft ones mix both terms.
        alpha: weight of label 1, in [0, 1]; None weighs both labels 1.
        gamma: focus, at least 0; 0 gives cross-entropy.
        where: (...) mask, true for elements that count; None for all.

    Returns:
        (...) losses; 0 where masked.

    Raises:
        ValueError: `gamma` is negative or `alpha` outside [0, 1].

    Example:
        >>> loss = sigmoid_focal_loss(ops.array([0.0]), ops.array([1.0]))  # .25 * .5^2 * log 2
        >>> round(float(loss[0]), 5)
        0.04332

    References:
        Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, equation 5. TensorFlow
        Addons, `SigmoidFocalCrossEntropy`, which also sums the last axis.
    """
    if gamma < 0:
        raise ValueError(f"`gamma` must be at least 0. Received {gamma}.")
    if alpha is not None and not 0 <= alpha <= 1:
        raise ValueError(f"`alpha` must be in [0, 1] or None. Received {alpha}.")
    logits = ops.convert_to_tensor(logits)
    labels = ops.cast(labels, logits.dtype)
    if where is not None:  # Before any arithmetic: a masked NaN has a NaN gradient.
        where = ops.cast(where, "bool")
        logits, labels = ops.where(where, logits, 0.0), ops.where(where, labels, 0.0)
    cross_entropy = labels * ops.softplus(-logits) + (1 - labels) * ops.softplus(logits)
    missed = labels * ops.sigmoid(-logits) + (1 - labels) * ops.sigmoid(logits)  # 1 - p_t
    # Not `missed ** gamma`: for gamma < 1 its gradient at 0 is infinite.
    losses = ops.exp(gamma * ops.log(ops.maximum(missed, TINY))) * cross_entropy
    if alpha is not None:
        losses = losses * (labels * alpha + (1 - labels) * (1 - alpha))
    return losses if where is None else ops.where(where, losses, 0.0)


@keras.saving.register_keras_serializable("inkling")
class SigmoidFocalLoss(keras.losses.Loss):
    """`sigmoid_focal_loss` for `compile`, on logits.

    Args:
        alpha: weight of label 1; None weighs both labels 1.
        gamma: focus, at least 0.

    Example:
        >>> loss = SigmoidFocalLoss(alpha=None, gamma=0.0)
        >>> round(float(loss(ops.array([[1.0]]), ops.array([[0.0]]))), 4)  # log 2
        0.6931
    """

    def __init__(self, alpha=0.25, gamma=2.0, name="sigmoid_focal_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        self.alpha = alpha
        self.gamma = gamma

    def call(self, y_true, y_pred):
        return sigmoid_focal_loss(y_pred, y_true, alpha=self.alpha, gamma=self.gamma)

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha, "gamma": self.gamma}
