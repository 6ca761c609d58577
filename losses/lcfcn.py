"""Counting and locating from one point per object: the LCFCN loss."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import keras
import numpy as np
import tensorflow as tf

from config.errors import InputError
from losses.lcfcn_gradient import lcfcn_value_and_gradient
from losses.lcfcn_targets import lcfcn_targets, read_options
from ops.cores import count_cores


def lcfcn_loss(logits, targets) -> tf.Tensor:
    """Sum what the weight maps ask for, on logits, for every picture.

    One class: sum(W_0 softplus(z) + W_1 softplus(-z)), that is -log(1 - p) and -log p without
    ever computing p, so that no gradient dies where p saturates. Several classes: the same with
    -log S_c and -log(1 - S_c) of a softmax S.

    Args:
        logits: (B, H, W, 1), or (B, H, W, K + 1) with the background first.
        targets: (B, H, W, 2), or (B, H, W, 1 + 2 K) for K > 1 classes, of `lcfcn_targets`.

    Returns:
        (B,) totals, each the sum over its picture; NaN where a logit is NaN.

    Example:
        >>> targets = np.array([[[[0.0, 1.0], [2.0, 0.0]]]], np.float32)
        >>> float(lcfcn_loss(np.zeros((1, 1, 2, 1), np.float32), targets)[0])  # 3 log 2
        2.079441547393799

    References:
        Laradji et al., "Where are the Blobs", arXiv 1807.09856. Upstream takes -log of p, floored
        at -100, where its gradient ends.
    """
    logits = tf.convert_to_tensor(logits)
    targets = tf.cast(targets, logits.dtype)
    num_channels = logits.shape[-1]
    if num_channels > 2:
        return tf.reduce_sum(targets * _softmax_costs(logits), axis=(1, 2, 3))
    z = logits[..., 0] if num_channels == 1 else logits[..., 1] - logits[..., 0]
    costs = targets[..., 0] * tf.nn.softplus(z) + targets[..., 1] * tf.nn.softplus(-z)
    return tf.reduce_sum(costs, axis=(1, 2))


def build_point_loss(config: dict, num_classes: int) -> keras.losses.Loss:
    """Build the loss on points that a configuration names.

    Args:
        config: {"class_name": "LCFCN", "config": arguments of `LCFCN` but for `num_classes`}.
        num_classes: number of classes, K.

    Returns:
        The loss.

    Raises:
        InputError: another shape of `config`, unknown name or argument.

    Example:
        >>> config = {"class_name": "LCFCN", "config": {"split": "line"}}
        >>> build_point_loss(config, 2).get_config()["split"]
        'line'
    """
    known = isinstance(config, dict) and set(config) <= {"class_name", "config"}
    arguments = config.get("config", {}) if known else None
    if not isinstance(arguments, dict) or config.get("class_name") != "LCFCN":
        raise InputError(
            '`loss` must be {"class_name": "LCFCN", "config": {argument: value}}. '
            f"Received {config!r}."
        )
    try:
        return LCFCN(num_classes, **arguments)
    except TypeError as error:
        raise InputError(f"`loss` LCFCN does not take {arguments}: {error}.") from error


def _softmax_costs(logits):
    """Return -log S_0 .. S_K, then -log(1 - S_1) .. (1 - S_K): (B, H, W, 1 + 2 K)."""
    total = tf.reduce_logsumexp(logits, axis=-1, keepdims=True)
    others = [
        tf.reduce_logsumexp(
            tf.concat([logits[..., :c], logits[..., c + 1 :]], axis=-1), axis=-1, keepdims=True
        )
        for c in range(1, logits.shape[-1])
    ]
    return tf.concat([total - logits, total - tf.concat(others, axis=-1)], axis=-1)


def _probabilities(logits):
    if logits.shape[-1] == 1:
        with np.errstate(over="ignore"):  # exp(-z) may reach infinity: then p is 0.
            probs = np.exp(-logits)
            probs += 1
            return np.reciprocal(probs, out=probs)
    probs = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return probs / probs.sum(axis=-1, keepdims=True)


@keras.saving.register_keras_serializable("inkling")
class LCFCN(keras.losses.Loss):
    """Make any per-pixel model count and locate from one point per object.

    Its value is the mean over the batch of the pictures' totals. The weight maps come from NumPy
    and compiled code, one picture per thread, by way of `tf.numpy_function`: compile the model
    with `jit_compile=False` where Keras would choose XLA (on a GPU). A model trained with it
    exports without it.

    Args:
        num_classes: number of classes, K.
        reduction: whether a term takes the "mean" or the "sum" over its pixels; the batch is
            averaged either way.
        split: "watershed" or "line", how crowded blobs are cut.
        name: the loss' name.
        **weights: attributes of `losses.lcfcn_targets.TermWeights`, factors of the terms.

    Call arguments:
        y_true: (B, H, W, K) points per pixel and class, -1 outside the region of interest;
            `ops.point_maps.rasterise_points` draws it.
        y_pred: (B, H, W, 1) logits, or (B, H, W, K + 1) with the background first.

    Raises:
        InputError: unknown option, or maps that do not fit each other.

    Example:
        >>> y_true = np.zeros((1, 5, 5, 1), np.float32)
        >>> y_true[0, 2, 2] = 1
        >>> logits = np.full((1, 5, 5, 1), np.log(0.2 / 0.8), np.float32)
        >>> round(float(LCFCN()(y_true, logits)), 4)  # -log .8 - 2 log .2
        3.442

    References:
        As `lcfcn_targets` and `lcfcn_loss`.
    """

    def __init__(
        self,
        num_classes: int = 1,
        *,
        reduction: Literal["mean", "sum"] = "mean",
        split: Literal["watershed", "line"] = "watershed",
        name: str = "lcfcn",
        **weights: float,
    ):
        super().__init__(name=name, reduction="sum_over_batch_size")
        if num_classes < 1:
            raise InputError(f"`num_classes` must be at least 1. Received {num_classes}.")
        read_options(reduction, split, **weights)
        self.num_classes = num_classes
        self.options = {"reduction": reduction, "split": split, **weights}

    def call(self, y_true, y_pred):  # noqa: D102 - Keras' own method.
        self._check_shapes(y_true.shape, y_pred.shape)

        @tf.custom_gradient
        def totals(logits):
            values, gradients = tf.numpy_function(
                self._values_and_gradients, [y_true, logits], (tf.float32, tf.float32)
            )
            values.set_shape(logits.shape[:1])
            gradients.set_shape(logits.shape)
            return values, lambda upstream: gradients * upstream[:, None, None, None]

        return totals(y_pred)

    def get_config(self):  # noqa: D102 - Keras' own method.
        return {"name": self.name, "num_classes": self.num_classes, **self.options}

    def _values_and_gradients(self, points, logits):
        pictures = range(len(logits))
        values, gradients = np.empty(len(logits), np.float32), np.empty_like(logits)

        def run(i):
            targets = lcfcn_targets(points[i], _probabilities(logits[i]), **self.options)
            values[i], gradients[i] = lcfcn_value_and_gradient(logits[i], targets)

        num_threads = min(len(pictures), count_cores())
        if num_threads < 2:
            deque(map(run, pictures), maxlen=0)
        else:
            with ThreadPoolExecutor(num_threads) as pool:
                deque(pool.map(run, pictures), maxlen=0)
        return values, gradients

    def _check_shapes(self, true_shape, pred_shape):
        channels = {self.num_classes + 1} | ({1} if self.num_classes == 1 else set())
        if true_shape.rank != 4 or true_shape[-1] != self.num_classes:
            raise InputError(
                f"`y_true` must be (B, H, W, {self.num_classes}), points per pixel and class. "
                f"Received shape {tuple(true_shape)}."
            )
        if pred_shape.rank != 4 or pred_shape[-1] not in channels:
            raise InputError(
                f"`y_pred` must be (B, H, W, C), logits with C of {sorted(channels)}. "
                f"Received shape {tuple(pred_shape)}."
            )
        if not true_shape[:3].is_compatible_with(pred_shape[:3]):
            raise InputError(
                "`y_true` and `y_pred` must be of one size. Received shapes "
                f"{tuple(true_shape)} and {tuple(pred_shape)}."
            )
