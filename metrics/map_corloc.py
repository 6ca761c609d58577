"""CorLoc of score maps as a Keras metric, kept up batch by batch while a network is trained."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from metrics.max_box_acc import MaxBoxAccuracy

_SELECTION_STEP = 0.004  # between thresholds: the protocol's for choices between epochs


@keras.saving.register_keras_serializable("inkling")
class MapCorLoc(keras.metrics.Metric):
    """Share of frames whose map gives a right box, at the best threshold for all of them.

    For `update_state`: `y_true` (B, N, 4) boxes, xyxy in the maps' pixels, rows without an area
    filling up; `y_pred` (B, H, W) maps in [0, 1]. Micro CorLoc of V1, by
    `metrics.max_box_acc.MaxBoxAccuracy`, which NumPy computes: it runs in graphs, not under XLA.
    Frames without a box do not count; 0 where none does.

    Args:
        inclusive: as `MaxBoxAccuracy` takes it.

    Example:
        >>> metric = MapCorLoc()
        >>> maps = np.array([[[0.1, 1.0, 1.0, 0.1]]])
        >>> metric.update_state([[[1.0, 0.0, 3.0, 1.0], [0.0] * 4]], maps)
        >>> float(metric.result())
        1.0

    References:
        Choe et al., "Evaluating Weakly Supervised Object Localization Methods Right", CVPR 2020.
    """

    def __init__(self, inclusive=False, name="corloc", **kwargs):
        super().__init__(name=name, **kwargs)
        self.inclusive = inclusive
        num_thresholds = len(self._count_none().thresholds)
        self.right = self.add_variable((num_thresholds,), initializer="zeros", name="right")
        self.num_frames = self.add_variable((), initializer="zeros", name="num_frames")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Add the frames of a batch.

        Args:
            y_true: (B, N, 4) boxes.
            y_pred: (B, H, W) maps in [0, 1].
            sample_weight: not used.
        """
        types = (tf.float32, tf.float32)
        boxes, maps = (ops.cast(each, "float32") for each in (y_true, y_pred))
        right, num_frames = tf.numpy_function(self._count, [boxes, maps], types, stateful=False)
        self.right.assign_add(tf.ensure_shape(right, self.right.shape))
        self.num_frames.assign_add(tf.ensure_shape(num_frames, ()))

    def result(self):
        """Return the share at the best threshold."""
        return ops.max(self.right) / ops.maximum(self.num_frames, 1.0)

    def get_config(self):
        """Give what builds it anew."""
        return {**super().get_config(), "inclusive": self.inclusive}

    def _count_none(self):
        options = {"step": _SELECTION_STEP, "inclusive": self.inclusive, "every_contour": False}
        return MaxBoxAccuracy(("all",), **options)

    def _count(self, boxes, maps):
        """Return the right frames at each threshold, and how many frames have a box."""
        counted, num_frames = self._count_none(), 0
        for own, score_map in zip(boxes, maps, strict=True):
            if (own[:, 2:] > own[:, :2]).all(axis=1).any():
                counted.update(np.clip(score_map, 0, 1), own, 1)
                num_frames += 1
        right = counted.curve() * num_frames if num_frames else 0 * counted.thresholds
        return right.astype(np.float32), np.float32(num_frames)
