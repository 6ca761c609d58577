"""Inequalities as losses: the extended log-barrier."""

from __future__ import annotations

from keras import ops


def extended_log_barrier(values, *, sharpness):
    """Turn constraints f <= 0 into losses that need no feasible start.

    psi(f) = -log(-f) / t where f <= -1 / t^2, else t f - log(1 / t^2) / t + 1 / t: a logarithm
    inside, continued by its tangent. With t the loss comes nearer to 0 inside and infinity
    outside. t starts at 1 and grows by 1 % per epoch up to 10, see
    `training.barriers.BarrierGrowth`: 2.7 after 100 epochs, 10 after 232.

    Args:
        values: (...) float, f of each constraint.
        sharpness: t, above 0: a number, or a variable that grows with the epochs.

    Returns:
        (...) float32 losses, also of lower precision; NaN where a value is.

    Example:
        >>> losses = extended_log_barrier(ops.array([-2.0, -1.0, 0.0, 0.5]), sharpness=1.0)
        >>> [round(float(loss), 4) + 0 for loss in losses]
        [-0.6931, 0.0, 1.0, 1.5]

    References:
        Kervadec et al., "Constrained Deep Networks: Lagrangian Optimization via Log-Barrier
        Extensions", EUSIPCO 2022, arXiv 1904.04205.
    """
    values = ops.cast(values, "float32")
    sharpness = ops.cast(sharpness, "float32")
    bound = -1 / sharpness**2
    inside = values <= bound
    # Replaced before the logarithm: a masked NaN has a NaN gradient.
    logarithm = -ops.log(-ops.where(inside, values, bound)) / sharpness
    tangent = sharpness * values - ops.log(-bound) / sharpness + 1 / sharpness
    return ops.where(inside, logarithm, tangent)
