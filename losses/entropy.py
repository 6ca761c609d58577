"""Regions that are sure of themselves: the entropy of every pixel."""

from __future__ import annotations

import math

from keras import ops


def pixel_entropy_loss(logits):
    """Compute how undecided each pixel is: - sum_k S_k log2 S_k, S the softmax.

    From logits and in float32, so that its gradient is finite where a probability underflows.

    Args:
        logits: (..., K) scores before the softmax.

    Returns:
        (...) float32 bits, from 0 to log2 K; NaN where a logit is.

    Example:
        >>> float(pixel_entropy_loss(ops.zeros((1, 2)))[0])
        1.0

    References:
        Belharbi et al., "F-CAM", WACV 2022, arXiv 2109.07069, one of its options.
    """
    logs = ops.log_softmax(ops.cast(logits, "float32"), axis=-1)
    return -ops.sum(ops.exp(logs) * logs, axis=-1) / math.log(2)
