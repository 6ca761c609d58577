"""Learning rates that fall from epoch to epoch."""

from __future__ import annotations

from typing import Protocol

import keras


class RateParams(Protocol):
    """What of a configuration says how the learning rate falls.

    Attributes:
        learning_rate: at the first step.
        schedule: "constant", "cosine" or "steps".
        epochs: in all.
        epochs_per_drop: of "steps".
        drop: of "steps", the factor.

    Example:
        >>> # see `build_epoch_rate`
    """

    learning_rate: float
    schedule: str
    epochs: int
    epochs_per_drop: int
    drop: float


def build_epoch_rate(
    params: RateParams, updates_per_epoch: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Build the learning rate that a configuration describes.

    With "steps" it is rate * drop^(epoch // epochs_per_drop), epochs counted from 0.

    Args:
        params: resolved parameters.
        updates_per_epoch: that the optimizer counts, over all parts of a step.

    Returns:
        A number, or a schedule.

    Example:
        >>> from pathlib import Path
        >>> from config.loader import load_params
        >>> params = load_params(Path("config"), "finetuning/temporal_cam")
        >>> round(float(build_epoch_rate(params, 10)(99 * 10)), 7)  # .01 * .9^(99 // 15)
        0.0053144
    """
    rate, schedules = params.learning_rate, keras.optimizers.schedules
    if params.schedule == "cosine":
        return schedules.CosineDecay(rate, updates_per_epoch * params.epochs)
    if params.schedule == "steps":
        num_updates = updates_per_epoch * params.epochs_per_drop
        return schedules.ExponentialDecay(rate, num_updates, params.drop, staircase=True)
    return rate
