"""Mean average precision over classes, kept up batch by batch."""

from __future__ import annotations

import keras
from keras import ops

REACH = 20.0  # logits beyond it are as good as it
NUM_BINS = 4000


@keras.saving.register_keras_serializable("inkling")
class MeanAveragePrecision(keras.metrics.Metric):
    """Mean over the classes of `metrics.average_precision.average_precision`, from logits.

    For `compile`: `y_true` (B, K) of 0 and 1, `y_pred` (B, K) logits. Logits are counted in bins
    of a hundredth, those of one bin as equal: batches add up in memory that does not grow. Classes
    that are in no picture are left out; NaN where none is in any.

    Args:
        num_classes: number of classes, K.

    Example:
        >>> metric = MeanAveragePrecision(1)
        >>> metric.update_state([[1.0], [0.0], [1.0]], [[2.0], [1.0], [0.0]])
        >>> round(float(metric.result()), 4)  # (1 + 2/3) / 2
        0.8333
    """

    def __init__(self, num_classes, name="map", **kwargs):
        super().__init__(name=name, **kwargs)
        self.num_classes = num_classes
        shape = (num_classes, NUM_BINS)
        self.present = self.add_variable(shape, initializer="zeros", name="present")
        self.all = self.add_variable(shape, initializer="zeros", name="all")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Add the pictures of a batch.

        Args:
            y_true: (B, K) of 0 and 1.
            y_pred: (B, K) logits.
            sample_weight: (B,) weights of the pictures; None for 1.
        """
        logits = ops.clip(ops.cast(y_pred, self.dtype), -REACH, REACH)
        true = ops.cast(y_true, self.dtype)
        weights = ops.ones_like(logits)
        if sample_weight is not None:
            weights = weights * ops.cast(sample_weight, self.dtype)[:, None]
        place = ops.cast((logits + REACH) * (NUM_BINS / (2 * REACH)), "int32")
        place = ops.minimum(place, NUM_BINS - 1) + NUM_BINS * ops.arange(self.num_classes)
        place = ops.reshape(place, (-1,))
        for count, counted in ((self.present, weights * true), (self.all, weights)):
            sums = ops.segment_sum(
                ops.reshape(counted, (-1,)), place, num_segments=self.num_classes * NUM_BINS
            )
            count.assign_add(ops.reshape(sums, count.shape))

    def result(self):
        """Return the mean over the classes that are in some picture."""
        hits = ops.flip(ops.cumsum(ops.flip(self.present, axis=1), axis=1), axis=1)
        found = ops.flip(ops.cumsum(ops.flip(self.all, axis=1), axis=1), axis=1)
        precision = hits / ops.maximum(found, 1e-6)
        best = ops.associative_scan(ops.maximum, precision, axis=1)  # at that recall or a higher
        total = hits[:, 0]
        areas = ops.sum(self.present * best, axis=1) / ops.maximum(total, 1e-6)
        counted = ops.cast(total > 0, self.dtype)
        return ops.sum(areas * counted) / ops.sum(counted)

    def get_config(self):
        """Give what builds it anew."""
        return {**super().get_config(), "num_classes": self.num_classes}
