"""Loss on an object's mask: cross-entropy and the logarithm of Dice."""

# A loss documents itself: its methods are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

import keras
from keras import ops

# Keras' epsilon, which upstream puts into the quotient and under the logarithm.
EPSILON = 1e-7
AXES = ("pixel", "image")


def mask_loss(logits, masks, *, axis: str = "image", where=None):
    """Binary cross-entropy less the logarithm of Dice, from logits.

    BCE - log(D + e), D = 2 sum(y p) / (sum(y) + sum(p) + e), e = 1e-7. "pixel" takes Dice over the
    last axis, which holds one number, as upstream does: a background pixel then adds the constant
    -log e = 16.1 and no gradient, and D of an object's pixel is 2 p / (1 + p). "image" sums over
    the whole picture and averages the cross-entropy over it. There a mask without an object adds
    the same constant.

    Args:
        logits: (B, H, W, 1) scores before the sigmoid.
        masks: (B, H, W, 1) in [0, 1], 1 in the object.
        axis: "pixel" or "image".
        where: (B, H, W) mask, true for pixels that count; None for all.

    Returns:
        (B, H, W) losses for "pixel", 0 where masked; (B,) for "image", 0 where all is masked.

    Raises:
        ValueError: the arrays are not (B, H, W, 1), or an unknown `axis`.

    Example:
        >>> loss = mask_loss(ops.zeros((1, 1, 2, 1)), ops.array([[[[1.0], [0.0]]]]))
        >>> round(float(loss[0]), 4)  # log 2 - log(2 * .5 / (1 + 1))
        1.3863

    References:
        lars76/object-localization, variant 3, for "pixel", on clipped probabilities.
    """
    _check_axis(axis)
    logits = ops.convert_to_tensor(logits)
    masks = ops.cast(masks, logits.dtype)
    for each in (logits, masks):
        if len(each.shape) != 4 or each.shape[-1] != 1:
            raise ValueError(f"`logits` and `masks` must be (B, H, W, 1). Received {each.shape}.")
    logits, masks = logits[..., 0], masks[..., 0]
    where = ops.ones_like(logits, "bool") if where is None else ops.cast(where, "bool")
    # Before any arithmetic: the gradient of a masked NaN would be NaN too.
    logits, masks = ops.where(where, logits, 0.0), ops.where(where, masks, 0.0)
    counted = ops.cast(where, logits.dtype)
    entropy = masks * ops.softplus(-logits) + (1 - masks) * ops.softplus(logits)
    entropy, probs = entropy * counted, ops.sigmoid(logits) * counted
    if axis == "pixel":
        return entropy - _log_dice(masks * probs, masks + probs) * counted
    area = ops.sum(counted, axis=(1, 2))
    entropy = ops.sum(entropy, axis=(1, 2)) / ops.maximum(area, 1.0)
    log_dice = _log_dice(*(ops.sum(each, axis=(1, 2)) for each in (masks * probs, masks + probs)))
    return entropy - ops.where(area > 0, log_dice, 0.0)


@keras.saving.register_keras_serializable("inkling")
class MaskLoss(keras.losses.Loss):
    """`mask_loss` for `compile`, on logits.

    Args:
        axis: "pixel" or "image".

    Raises:
        ValueError: unknown `axis`.

    Example:
        >>> loss = MaskLoss(axis="pixel")(ops.ones((1, 1, 1, 1)), ops.zeros((1, 1, 1, 1)))
        >>> round(float(loss), 4)  # log 2 - log(2 * .5 / 1.5)
        1.0986
    """

    def __init__(self, axis="image", name="mask_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        _check_axis(axis)
        self.axis = axis

    def call(self, y_true, y_pred):
        return mask_loss(y_pred, y_true, axis=self.axis)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}


def _check_axis(axis):
    if axis not in AXES:
        raise ValueError(f"`axis` must be one of {', '.join(AXES)}. Received {axis!r}.")


def _log_dice(shared, total):
    return ops.log(2 * shared / (total + EPSILON) + EPSILON)
