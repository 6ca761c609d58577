"""A learning rate that falls when a value no longer improves, and goes on exactly after a stop."""

from __future__ import annotations

import logging
import math

import keras

logger = logging.getLogger(__name__)
MIN_DELTA = 1e-4  # a smaller rise is none, as in Keras' own callback


class LoweredRate(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that is lowered from outside, and by itself at every step if it is told to.

    At step t it is rate / (1 + decay t). Keras' optimizers take a number that can be lowered or a
    schedule, and never both; this is both.

    Args:
        learning_rate: what it starts at.
        decay: how much more its divisor is at every step; 0 for a constant rate.

    Example:
        >>> schedule = LoweredRate(0.5, decay=1.0)
        >>> schedule.rate = 0.25
        >>> float(schedule(1))
        0.125
    """

    def __init__(self, learning_rate: float, *, decay: float = 0.0):
        super().__init__()
        self.decay = decay
        self._rate = keras.Variable(learning_rate, dtype="float32", trainable=False, name="rate")

    @property
    def rate(self) -> float:
        """The rate before its own decay."""
        return float(keras.ops.convert_to_numpy(self._rate))

    @rate.setter
    def rate(self, value: float) -> None:
        self._rate.assign(value)

    def __call__(self, step):
        """Give the learning rate of a step."""
        return self._rate / (1.0 + self.decay * keras.ops.cast(step, "float32"))

    def get_config(self):
        """Give what builds it anew; how far it was lowered is its callback's to keep."""
        return {"learning_rate": self.rate, "decay": self.decay}


class ReduceOnPlateau(keras.callbacks.Callback):
    """Lowers a `LoweredRate` when a monitored value has not risen for some epochs.

    It does what Keras' ReduceLROnPlateau does, on a schedule, and all that it remembers, the rate
    among it, is part of the checkpoint. The rate comes among the epoch's logs as `learning_rate`.

    Args:
        schedule: what the optimizer takes its learning rate from.
        monitor: name of the value; larger is better.
        factor: the rate is multiplied by this.
        patience: epochs without a rise of more than 1e-4 before it is.
        floor: the rate falls to this at least.

    Attributes:
        best: the largest value so far.
        wait: epochs since.
        rate: of the schedule.

    Example:
        >>> schedule = LoweredRate(1.0)
        >>> plateau = ReduceOnPlateau(schedule, "val_iou", factor=0.5, patience=2, floor=0.1)
        >>> for epoch in range(4):
        ...     plateau.on_epoch_end(epoch, {"val_iou": 0.75})
        >>> plateau.rate
        0.5
    """

    state_names = ("best", "wait", "rate")

    def __init__(
        self, schedule: LoweredRate, monitor: str, *, factor: float, patience: int, floor: float
    ):
        super().__init__()
        self.schedule, self.monitor = schedule, monitor
        self.factor, self.patience, self.floor = factor, patience, floor
        self.best: float | None = None
        self.wait = 0

    @property
    def rate(self) -> float:
        """The schedule's rate."""
        return self.schedule.rate

    @rate.setter
    def rate(self, value: float) -> None:
        self.schedule.rate = value

    def on_epoch_end(self, epoch, logs=None):
        """Tell the epoch's rate, and lower it for the next ones when it is time."""
        value = float(logs[self.monitor])
        logs["learning_rate"] = self.rate
        if not math.isnan(value) and (self.best is None or value > self.best + MIN_DELTA):
            self.best, self.wait = value, 0
            return
        self.wait += 1
        if self.wait < self.patience or self.rate <= self.floor:
            return
        self.wait = 0
        self.rate = max(self.rate * self.factor, self.floor)
        logger.info("learning rate lowered to %g after epoch %d", self.rate, epoch + 1)
