"""The sharpness of barrier losses, which grows with the epochs."""

from __future__ import annotations

import math

import keras


class BarrierGrowth(keras.callbacks.Callback):
    """Multiplies the sharpness of `losses.log_barrier` after every epoch, up to a bound.

    The variable belongs to what computes the losses; all barriers of a run share one. The
    sharpness is part of the checkpoint, so that a resumed run goes on where it was.

    Args:
        variable: float scalar, not trained; it starts at the t of the first epoch, mostly 1.
        growth: factor per epoch, at least 1.
        cap: the sharpness stays at or below it.

    Attributes:
        sharpness: what the variable holds.

    Raises:
        ValueError: `growth` is below 1, or `cap` is not positive.

    Example:
        >>> growth = BarrierGrowth(keras.Variable(1.0, trainable=False), growth=2.0, cap=3.0)
        >>> for epoch in range(2):
        ...     growth.on_epoch_end(epoch)
        >>> growth.sharpness
        3.0

    References:
        Belharbi et al., "TCAM", WACV 2023: from 1 by 1.01 up to 10.
    """

    state_names = ("sharpness",)

    def __init__(self, variable: keras.Variable, *, growth: float = 1.01, cap: float = 10.0):
        super().__init__()
        if not 1 <= growth < math.inf or not cap > 0:
            raise ValueError(
                "`growth` must be at least 1 and `cap` positive. "
                f"Received {growth} and {cap}; the published ones are 1.01 and 10."
            )
        self.variable, self.growth, self.cap = variable, growth, cap

    @property
    def sharpness(self) -> float:
        """What the variable holds."""
        return float(keras.ops.convert_to_numpy(self.variable))

    @sharpness.setter
    def sharpness(self, value: float) -> None:
        self.variable.assign(value)

    def on_epoch_end(self, epoch, logs=None):
        """Tell the epoch's sharpness, and let it grow for the next."""
        if logs is not None:
            logs["sharpness"] = self.sharpness
        self.sharpness = min(self.growth * self.sharpness, self.cap)
