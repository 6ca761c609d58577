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
    _check_focus(gamma, alpha, limit=1)
    logits = ops.convert_to_tensor(logits)
    labels = ops.cast(labels, logits.dtype)
    if where is not None:  # Before any arithmetic: a masked NaN has a NaN gradient.
        where = ops.cast(where, "bool")
        logits, labels = ops.where(where, logits, 0.0), ops.where(where, labels, 0.0)
    cross_entropy = labels * ops.softplus(-logits) + (1 - labels) * ops.softplus(logits)
    missed = labels * ops.sigmoid(-logits) + (1 - labels) * ops.sigmoid(logits)  # 1 - p_t
    losses = _power(missed, gamma) * cross_entropy
    if alpha is not None:
        losses = losses * (labels * alpha + (1 - labels) * (1 - alpha))
    return losses if where is None else ops.where(where, losses, 0.0)


def categorical_focal_loss(
    logits, labels, *, alpha: float | list[float] | None = 0.25, gamma: float = 2.0, where=None
):
    """Focal loss of one class out of several, per sample.

    sum over classes of alpha_k (1 - p_k)^gamma y_k (-log p_k) with p a softmax, computed from
    logits, so that no probability rounds to 0 or 1 before its logarithm.

    Args:
        logits: (..., K) scores before the softmax.
        labels: (..., K) one-hot or soft labels.
        alpha: weight of all classes, or one per class; None weighs all 1.
        gamma: focus, at least 0; 0 gives cross-entropy.
        where: (...) mask, true for samples that count; None for all.

    Returns:
        (...) losses; 0 where masked.

    Raises:
        ValueError: `gamma` or a weight in `alpha` is negative.

    Example:
        >>> loss = categorical_focal_loss(ops.zeros((1, 2)), ops.array([[1.0, 0.0]]))
        >>> round(float(loss[0]), 5)  # .25 * .5^2 * log 2
        0.04332

    References:
        Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017. Keras'
        `CategoricalFocalCrossentropy`, which clips probabilities at 1e-7.
    """
    _check_focus(gamma, alpha)
    logits, labels = _prepare(logits, labels, where)
    log_p = ops.log_softmax(logits, axis=-1)
    missed = -ops.expm1(log_p)  # 1 - p, exact where p is near 1.
    losses = -labels * _power(missed, gamma) * log_p
    losses = losses if alpha is None else losses * ops.convert_to_tensor(alpha, losses.dtype)
    losses = ops.sum(losses, axis=-1)
    return losses if where is None else ops.where(ops.cast(where, "bool"), losses, 0.0)


def published_focal_loss(logits, labels, *, alpha: float = 0.9, gamma: float = 2.0, where=None):
    """Focal loss of every class against the rest on a softmax, averaged over the classes.

    mean over classes of alpha (1 - p)^gamma y (-log p) + (1 - alpha) p^gamma (1 - y) (-log(1 - p)):
    the classification loss of upstream's box-and-class variant. log p - log(1 - p) is
    z_k - log(sum over j != k of exp z_j), so both logarithms are softplus of it and never saturate.

    Args:
        logits: (..., K) scores before the softmax, K at least 2.
        labels: (..., K) one-hot or soft labels.
        alpha: weight of the true class, in [0, 1]; the others weigh 1 - alpha.
        gamma: focus, at least 0.
        where: (...) mask, true for samples that count; None for all.

    Returns:
        (...) losses; 0 where masked.

    Raises:
        ValueError: `gamma` is negative, `alpha` outside [0, 1], or fewer than 2 classes.

    Example:
        >>> loss = published_focal_loss(ops.zeros((1, 2)), ops.array([[1.0, 0.0]]))
        >>> round(float(loss[0]), 5)  # (.9 + .1) * .5^2 * log 2 / 2 classes
        0.08664

    References:
        lars76/object-localization, variant 2, which clips the probabilities at 1e-7.
    """
    _check_focus(gamma, alpha, limit=1)
    logits, labels = _prepare(logits, labels, where)
    num_classes = logits.shape[-1]
    if num_classes < 2:
        raise ValueError(f"`logits` must be (..., K), K at least 2. Received K = {num_classes}.")
    # (..., K, K): row k holds the logits of all classes but k.
    others = ops.where(ops.eye(num_classes, dtype="bool"), -float("inf"), logits[..., None, :])
    odds = logits - ops.logsumexp(others, axis=-1)
    right = alpha * labels * _power(ops.sigmoid(-odds), gamma) * ops.softplus(-odds)
    wrong = (1 - alpha) * (1 - labels) * _power(ops.sigmoid(odds), gamma) * ops.softplus(odds)
    losses = ops.mean(right + wrong, axis=-1)
    return losses if where is None else ops.where(ops.cast(where, "bool"), losses, 0.0)


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
        _check_focus(gamma, alpha, limit=1)
        self.alpha = alpha
        self.gamma = gamma

    def call(self, y_true, y_pred):
        return sigmoid_focal_loss(y_pred, y_true, alpha=self.alpha, gamma=self.gamma)

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha, "gamma": self.gamma}


@keras.saving.register_keras_serializable("inkling")
class CategoricalFocalLoss(keras.losses.Loss):
    """`categorical_focal_loss` for `compile`, on logits.

    Args:
        alpha: weight of all classes, or one per class; None weighs all 1.
        gamma: focus, at least 0.

    Example:
        >>> loss = CategoricalFocalLoss(alpha=None, gamma=0.0)
        >>> round(float(loss(ops.array([[1.0, 0.0]]), ops.zeros((1, 2)))), 4)  # log 2
        0.6931
    """

    def __init__(self, alpha=0.25, gamma=2.0, name="categorical_focal_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        _check_focus(gamma, alpha)
        self.alpha = alpha
        self.gamma = gamma

    def call(self, y_true, y_pred):
        return categorical_focal_loss(y_pred, y_true, alpha=self.alpha, gamma=self.gamma)

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha, "gamma": self.gamma}


@keras.saving.register_keras_serializable("inkling")
class PublishedFocalLoss(keras.losses.Loss):
    """`published_focal_loss` for `compile`, on logits before the softmax.

    Args:
        alpha: weight of the true class.
        gamma: focus, at least 0.

    Example:
        >>> loss = PublishedFocalLoss(alpha=0.5, gamma=0.0)
        >>> round(float(loss(ops.array([[1.0, 0.0]]), ops.zeros((1, 2)))), 4)  # log 2 / 2
        0.3466
    """

    def __init__(self, alpha=0.9, gamma=2.0, name="published_focal_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        _check_focus(gamma, alpha, limit=1)
        self.alpha = alpha
        self.gamma = gamma

    def call(self, y_true, y_pred):
        return published_focal_loss(y_pred, y_true, alpha=self.alpha, gamma=self.gamma)

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha, "gamma": self.gamma}


def _check_focus(gamma, alpha, limit=float("inf")):
    if gamma < 0:
        raise ValueError(f"`gamma` must be at least 0. Received {gamma}.")
    weights = [] if alpha is None else alpha if isinstance(alpha, list | tuple) else [alpha]
    if not all(0 <= weight <= limit for weight in weights):
        bounds = "at least 0" if limit == float("inf") else f"in [0, {limit}]"
        raise ValueError(f"`alpha` must be {bounds}. Received {alpha}.")


def _prepare(logits, labels, where):
    logits = ops.convert_to_tensor(logits)
    labels = ops.cast(labels, logits.dtype)
    if where is None:
        return logits, labels
    where = ops.cast(where, "bool")[..., None]  # Before any arithmetic: a masked NaN has a NaN
    return ops.where(where, logits, 0.0), ops.where(where, labels, 0.0)  # gradient.


def _power(missed, gamma):
    # Not `missed ** gamma`: for gamma < 1 its gradient at 0 is infinite.
    return ops.exp(gamma * ops.log(ops.maximum(missed, TINY)))
