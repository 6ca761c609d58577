"""IoU of saliency maps while a network is trained."""

# A metric documents itself: its methods are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

import keras
from keras import ops

from metrics.segmentation import VOID


@keras.saving.register_keras_serializable("inkling")
class SaliencyIoU(keras.metrics.Metric):
    """Mean over pictures of the IoU of the labels and what reaches half of a map's maximum.

    For `compile`: `y_true` (B, h, w) labels, 0 background, 1 object, 255 ignored; `y_pred`
    (B, h, w, 2) logits. Pictures without a pixel of an object do not count; no picture gives 0.

    Example:
        >>> import numpy as np
        >>> metric = SaliencyIoU()
        >>> logits = np.zeros((1, 1, 3, 2), np.float32)
        >>> logits[0, 0, :, 1] = [9, 9, -9]
        >>> metric.update_state([[[1, 0, 255]]], logits)
        >>> float(metric.result())
        0.5
    """

    def __init__(self, name="iou", **kwargs):
        super().__init__(name=name, **kwargs)
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        labels = ops.cast(y_true, "int32")
        logits = ops.cast(y_pred, "float32")
        saliency = ops.sigmoid(logits[..., 1] - logits[..., 0])  # (B, h, w)
        found = saliency >= 0.5 * ops.max(saliency, axis=(1, 2), keepdims=True)
        true, counted = ops.equal(labels, 1), ops.not_equal(labels, VOID)
        found = ops.logical_and(found, counted)
        shared, union = (
            ops.sum(ops.cast(each, "float32"), axis=(1, 2))
            for each in (ops.logical_and(found, true), ops.logical_or(found, true))
        )
        weight = ops.cast(ops.any(true, axis=(1, 2)), "float32")
        if sample_weight is not None:
            weight = weight * ops.cast(sample_weight, "float32")
        # A NaN logit finds nothing, which would pass for a poor map.
        shared = ops.where(ops.any(ops.isnan(saliency), axis=(1, 2)), float("nan"), shared)
        self.total.assign_add(ops.sum(weight * shared / ops.maximum(union, 1)))
        self.count.assign_add(ops.sum(weight))

    def result(self):
        return ops.divide_no_nan(self.total, self.count)
