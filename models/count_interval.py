"""The layer that gives a count its interval, and says how likely there is nothing to count."""

# A layer documents itself: `call`, `get_config` and `compute_output_shape` are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

import keras

from ops.count_calibration import CountCalibration
from ops.none_curves import NoneCurve

OUTPUTS = ("count_low", "count_high", "none_probability")


@keras.saving.register_keras_serializable("inkling")
class CountInterval(keras.layers.Layer):
    """Turn counts (B,) into a dict of `count_low`, `count_high` and `none_probability`, each (B,).

    With p the count and q the quantile, the ends are p - q (p + c) and p + q (p + c), or p - q and
    p + q where there is no offset c; the lower one is at least 0. `none_probability` is read off a
    curve over p. What a reader of the numbers must know stands in the layer's configuration.

    Args:
        interval, quantile, offset, none_from, calibrated_on, num_pictures: as in
            `ops.count_calibration.CountCalibration`.
        none_curve: (counts, probabilities) of its `none_curve`.

    Example:
        >>> layer = CountInterval(
        ...     interval=0.8, quantile=0.5, offset=1.0, none_curve=[(0.0, 2.0), (1.0, 0.0)],
        ...     none_from="p-value", calibrated_on="drawn scenes", num_pictures=9,
        ... )
        >>> {name: value.numpy().tolist() for name, value in layer(keras.ops.ones(1)).items()}
        {'count_low': [0.0], 'count_high': [2.0], 'none_probability': [0.5]}
    """

    def __init__(
        self,
        *,
        interval,
        quantile,
        offset,
        none_curve,
        none_from,
        calibrated_on,
        num_pictures,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.interval = interval
        self.quantile = quantile
        self.offset = offset
        self.none_curve = NoneCurve(*map(tuple, none_curve))
        self.none_from = none_from
        self.calibrated_on = calibrated_on
        self.num_pictures = num_pictures

    def call(self, counts):
        width = self.quantile * (1.0 if self.offset is None else counts + self.offset)
        return {
            "count_low": keras.ops.maximum(counts - width, 0.0),
            "count_high": counts + width,
            "none_probability": self._read_curve(counts),
        }

    def _read_curve(self, counts):
        if len(self.none_curve.counts) == 1:
            return self.none_curve.probabilities[0] + 0.0 * counts  # NaN stays NaN
        places, levels = (keras.ops.array(part, self.compute_dtype) for part in self.none_curve)
        passed = (counts[:, None] - places[:-1]) / (places[1:] - places[:-1])  # (B, K - 1)
        steps = keras.ops.clip(passed, 0.0, 1.0) * (levels[1:] - levels[:-1])
        return keras.ops.clip(levels[0] + keras.ops.sum(steps, axis=-1), 0.0, 1.0)

    def compute_output_shape(self, input_shape):
        return dict.fromkeys(OUTPUTS, tuple(input_shape))

    def get_config(self):
        names = ("interval", "quantile", "offset", "none_from", "calibrated_on", "num_pictures")
        values = {name: getattr(self, name) for name in names}
        return {**super().get_config(), **values, "none_curve": list(self.none_curve)}


def make_count_interval(calibration: CountCalibration) -> CountInterval:
    """Make the layer of a calibration, named `count_interval`, in float32.

    Args:
        calibration: of the counter.

    Returns:
        The layer.

    Example:
        >>> from ops.count_calibration import calibrate_counts
        >>> calibration = calibrate_counts(
        ...     [1, 2], [1.5, 2.0], interval=0.5, calibrated_on="drawn scenes"
        ... )
        >>> make_count_interval(calibration)(keras.ops.ones(1))["count_high"].numpy().tolist()
        [1.5]
    """
    return CountInterval(**vars(calibration), dtype="float32", name="count_interval")


def find_calibration(model: keras.Model) -> CountCalibration | None:
    """Read the calibration out of a counter.

    Args:
        model: any model.

    Returns:
        The calibration; None where the model has no `CountInterval`.

    Example:
        >>> find_calibration(keras.Sequential()) is None
        True
    """
    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, CountInterval):
            return CountCalibration(
                interval=layer.interval,
                quantile=layer.quantile,
                offset=layer.offset,
                none_curve=layer.none_curve,
                none_from=layer.none_from,
                calibrated_on=layer.calibrated_on,
                num_pictures=layer.num_pictures,
            )
    return None
