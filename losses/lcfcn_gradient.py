"""Value and gradient of the LCFCN loss in one pass over the few pixels that carry weight."""

from __future__ import annotations

import numpy as np

from ops.compiling import compile_loop


def lcfcn_value_and_gradient(logits: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
    """Compute one picture's total and its gradient, equal to `losses.lcfcn.lcfcn_loss`.

    With a sigmoid dL/dz = W_0 p - W_1 (1 - p). With a softmax, W_j weighing -log S_j and V_c
    weighing -log(1 - S_c): dL/dz_i = sum(W) S_i - W_i + sum_c V_c (S_i - [i != c] S_i / (1 - S_c)).

    Args:
        logits: (H, W, 1), or (H, W, K + 1) with the background first, float32.
        targets: (H, W, 2) or (H, W, 1 + 2 K), float32 of `lcfcn_targets`.

    Returns:
        The total, and the gradient with respect to `logits`, float32 of its shape. A NaN logit
        makes the total NaN, and the gradient NaN in its pixel, weight or not.

    Example:
        >>> logits, targets = np.zeros((1, 1, 1), np.float32), np.ones((1, 1, 2), np.float32)
        >>> value, gradient = lcfcn_value_and_gradient(logits, targets)  # 2 log 2
        >>> round(value, 4), gradient.item()
        (1.3863, 0.0)
    """
    num_channels = logits.shape[-1]
    flat_logits = np.ascontiguousarray(logits, np.float32).reshape(-1, num_channels)
    flat_targets = np.ascontiguousarray(targets, np.float32).reshape(len(flat_logits), -1)
    gradient = np.zeros(flat_logits.shape, np.float32)
    run = _sigmoid_pass if num_channels == 1 else _softmax_pass
    value = run(flat_logits, flat_targets, gradient)
    return float(value), gradient.reshape(logits.shape)


@compile_loop
def _sigmoid_pass(logits, targets, gradient):
    total = 0.0
    for i in range(logits.shape[0]):
        z, down, up = logits[i, 0], targets[i, 0], targets[i, 1]
        if np.isnan(z):
            total, gradient[i, 0] = np.nan, np.nan
        elif down != 0 or up != 0:
            small = np.exp(-abs(np.float64(z)))
            # softplus(z) = max(z, 0) + log(1 + exp(-|z|))
            excess = np.log1p(small)
            total += down * (max(z, 0.0) + excess) + up * (max(-z, 0.0) + excess)
            p = 1 / (1 + small) if z >= 0 else small / (1 + small)
            q = small / (1 + small) if z >= 0 else 1 / (1 + small)
            gradient[i, 0] = down * p - up * q
    return total


@compile_loop
def _softmax_pass(logits, targets, gradient):
    num_channels, num_maps = logits.shape[1], targets.shape[1]
    total = 0.0
    shares = np.empty(num_channels)
    for i in range(logits.shape[0]):
        if np.isnan(logits[i].sum()) and np.isnan(logits[i]).any():
            total = np.nan
            gradient[i] = np.nan
        elif targets[i].any():
            whole = _log_sum_exp(logits[i], -1)
            weight = 0.0
            for j in range(num_channels):
                shares[j] = np.exp(logits[i, j] - whole)
                total += targets[i, j] * (whole - logits[i, j]) if targets[i, j] != 0 else 0.0
                weight += targets[i, j]
            for j in range(num_channels):
                gradient[i, j] = weight * shares[j] - targets[i, j]
            for k in range(num_channels, num_maps):
                if targets[i, k] != 0:
                    c = k - num_channels + 1
                    others = _log_sum_exp(logits[i], c)
                    total += targets[i, k] * (whole - others)
                    for j in range(num_channels):
                        share = np.exp(logits[i, j] - others) if j != c else 0.0
                        gradient[i, j] += targets[i, k] * (shares[j] - share)
    return total


@compile_loop
def _log_sum_exp(logits, left_out):
    """Return log(sum(exp(z))) over all channels but one."""
    highest = -np.inf
    for j in range(logits.size):
        if j != left_out:
            highest = max(highest, np.float64(logits[j]))
    total = 0.0
    for j in range(logits.size):
        if j != left_out:
            total += np.exp(logits[j] - highest)
    return highest + np.log(total)
