"""SGD in which new layers learn faster than pre-trained ones."""

from __future__ import annotations

from collections.abc import Sequence

import keras


class LayerRatesSGD(keras.optimizers.SGD):
    """SGD whose learning rate is larger for some variables, momentum and schedule included.

    Their gradients are multiplied: steps of SGD are linear in them, so that a gradient ten times as
    large is a learning rate ten times as large. It is used in training only and never saved.

    Args:
        fast: variables that learn faster.
        factor: how much.
        kwargs: of `keras.optimizers.SGD`.

    Example:
        >>> fast, slow = (keras.Variable(0.0) for _ in range(2))
        >>> optimizer = LayerRatesSGD([fast], 10.0, learning_rate=0.1)
        >>> optimizer.apply([keras.ops.ones(()), keras.ops.ones(())], [fast, slow])
        >>> [round(float(variable), 3) for variable in (fast, slow)]
        [-1.0, -0.1]
    """

    def __init__(self, fast: Sequence[keras.Variable], factor: float, **kwargs):
        super().__init__(**kwargs)
        self._fast, self._factor = {id(variable) for variable in fast}, factor

    def apply(self, grads, trainable_variables=None):
        """Take a step, see `keras.optimizers.Optimizer.apply`."""
        known = self._trainable_variables if trainable_variables is None else trainable_variables
        variables = list(known)
        scaled = [
            gradient * self._factor
            if gradient is not None and id(variable) in self._fast
            else gradient
            for gradient, variable in zip(grads, variables, strict=True)
        ]
        return super().apply(scaled, None if trainable_variables is None else variables)
