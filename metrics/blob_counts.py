"""A metric for `compile`: how far the number of blobs is from the number of points."""

# A metric documents itself: its methods are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from ops.class_blobs import BlobRule, label_class_blobs


@keras.saving.register_keras_serializable("inkling")
class BlobMAE(keras.metrics.Metric):
    """Mean over pictures and classes of |number of blobs - number of points|.

    For `compile`: `y_true` (B, H, W, K) points per pixel and class, -1 outside the region;
    `y_pred` (B, H, W, 1) logits, or (B, H, W, K + 1) with the background first. Blobs are cut at
    the region's edge; those outside do not count. A NaN logit makes the result NaN.

    Args:
        threshold: attribute of `ops.class_blobs.BlobRule`, as are the next two.
        levels: thresholds over which blobs that touch may come apart.
        min_area: smaller blobs are dropped, in pixels of the maps.
        name: the metric's name; Keras reports it as `val_mae` on validation data.

    Example:
        >>> y_true = np.zeros((1, 1, 5, 1), np.float32)
        >>> y_true[0, 0, 0] = 1
        >>> metric = BlobMAE()
        >>> metric.update_state(y_true, np.float32([2, -2, 2, -2, 2]).reshape(1, 1, 5, 1))
        >>> float(metric.result())  # three blobs, one point
        2.0
    """

    def __init__(self, threshold=0.5, levels=1, min_area=1, name="mae", **kwargs):
        super().__init__(name=name, **kwargs)
        self.rule = BlobRule(threshold, levels, min_area)
        self.errors = self.add_variable((), initializer="zeros", name="errors")
        self.counts = self.add_variable((), initializer="zeros", name="counts")

    def update_state(self, y_true, y_pred, sample_weight=None):
        logits = tf.cast(y_pred, tf.float32)
        several = logits.shape[-1] > 1
        probs = tf.nn.softmax(logits)[..., 1:] if several else tf.sigmoid(logits)
        errors = tf.numpy_function(self._sum_errors, [y_true, probs], tf.float32, stateful=False)
        errors.set_shape(())
        shape = tf.shape(probs)
        self.errors.assign_add(errors)
        self.counts.assign_add(tf.cast(shape[0] * shape[3], tf.float32))

    def result(self):
        return self.errors / tf.maximum(self.counts, 1.0)

    def get_config(self):
        return {**super().get_config(), **dataclasses.asdict(self.rule)}

    def _sum_errors(self, points, probs):
        total = np.float32(0)
        for maps, picture in zip(points, probs, strict=True):
            if np.isnan(picture).any():
                return np.float32("nan")
            where = (maps >= 0).all(axis=-1)
            labels = label_class_blobs(picture, **dataclasses.asdict(self.rule), where=where)
            wanted = np.where(where[..., np.newaxis], maps, 0).sum(axis=(0, 1))
            total += np.abs(labels.max(axis=(0, 1)) - wanted).sum()
        return np.float32(total)
