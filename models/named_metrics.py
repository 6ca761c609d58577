"""A model of several outputs whose metrics have names of their own."""

# A model documents itself: `get_metrics_result` is Keras' own.
# ruff: noqa: D102

from __future__ import annotations

import keras


class NamedMetricsModel(keras.Model):
    """A functional model whose logs name some metrics otherwise than Keras would.

    Keras puts the output's name before a metric's as soon as there are two outputs: the same
    metric is `iou` for one network and `box_iou` for another. Here it has one name for all. It is
    for training alone: what is saved is a model that shares its layers.

    Args:
        inputs: as for `keras.Model`.
        outputs: {name: output}.
        metric_names: {Keras' name: name in the logs}; others keep theirs.
        kwargs: as for `keras.Model`.

    Example:
        >>> x = keras.Input((1,))
        >>> model = NamedMetricsModel(x, {"a": x, "b": 2 * x}, metric_names={"a_mae": "mae"})
        >>> model.compile(loss={"a": "mse"}, metrics={"a": ["mae"]})
        >>> one = keras.ops.ones((1, 1))
        >>> sorted(model.evaluate(one, {"a": one, "b": one}, return_dict=True, verbose=0))
        ['loss', 'mae']
    """

    def __init__(self, inputs, outputs, *, metric_names=None, **kwargs):
        super().__init__(inputs, outputs, **kwargs)
        self.metric_names = dict(metric_names or {})

    def get_metrics_result(self):
        results = super().get_metrics_result()
        return {self.metric_names.get(name, name): value for name, value in results.items()}
