"""Losses on the corners or on the overlap of one box per picture."""

# A loss documents itself: its methods are Keras' own.
# ruff: noqa: D102

from __future__ import annotations

import keras
from keras import ops

from ops.box_overlaps import ciou, diou, giou, iou

OVERLAPS = {"iou": iou, "giou": giou, "diou": diou, "ciou": ciou}


def log_squared_loss(boxes, true_boxes, *, where=None):
    """Logarithm of the squared error of each coordinate, averaged over a box's four.

    mean log(1 + d^2): its gradient, 2 d / (1 + d^2), is largest at d = 1 and falls beyond, so a
    box that is far off weighs little. The unit matters: meant for pixels.

    Args:
        boxes: (..., 4) predicted numbers, of any form.
        true_boxes: (..., 4) true ones of the same form and unit.
        where: (...) mask, true for boxes that count; None for all.

    Returns:
        (...) losses; 0 where masked.

    Raises:
        ValueError: the two arrays are not (..., 4).

    Example:
        >>> loss = log_squared_loss(ops.array([[2.0, 0.0, 0.0, 0.0]]), ops.zeros((1, 4)))
        >>> round(float(loss[0]), 4)  # log 5 / 4
        0.4024

    References:
        lars76/object-localization, variant 2.
    """
    difference = _difference(boxes, true_boxes, where)
    return ops.mean(ops.log1p(ops.square(difference)), axis=-1)


def smooth_l1_loss(boxes, true_boxes, *, beta: float = 1.0, where=None):
    """Absolute error with a rounded tip, averaged over a box's four numbers.

    d^2 / (2 beta) where |d| < beta, |d| - beta / 2 beyond: Keras' `Huber` of delta = beta, divided
    by beta, so that the slope far out is 1 for any beta.

    Args:
        boxes: (..., 4) predicted numbers, of any form.
        true_boxes: (..., 4) true ones of the same form and unit.
        beta: where the parabola ends, in the boxes' unit, positive.
        where: (...) mask, true for boxes that count; None for all.

    Returns:
        (...) losses; 0 where masked.

    Raises:
        ValueError: the two arrays are not (..., 4), or `beta` is not positive.

    Example:
        >>> loss = smooth_l1_loss(ops.array([[3.0, 1.0, 0.0, 0.0]]), ops.zeros((1, 4)), beta=2.0)
        >>> float(loss[0])  # (3 - 1 + 1 / 4) / 4
        0.5625

    References:
        Girshick, "Fast R-CNN", ICCV 2015, equation 3.
    """
    _check_beta(beta)
    distance = ops.abs(_difference(boxes, true_boxes, where))
    near = ops.square(ops.minimum(distance, beta)) / (2 * beta)  # beta / 2 beyond beta
    return ops.mean(near + ops.relu(distance - beta), axis=-1)


def iou_loss(boxes, true_boxes, *, kind: str = "iou", where=None):
    """One minus the overlap of each box with the true one.

    "iou" has no gradient where nothing overlaps; "giou", "diou" and "ciou" have. See
    `ops.box_overlaps` for their formulas; the alpha of "ciou" is a constant in the gradient.

    Args:
        boxes: (..., 4) predicted xyxy, x1 >= x0 and y1 >= y0.
        true_boxes: (..., 4) true xyxy in the same unit.
        kind: "iou", "giou", "diou" or "ciou".
        where: (...) mask, true for boxes that count; None for all.

    Returns:
        (...) losses, at most 1, 2, 2 and 3; 0 where masked.

    Raises:
        ValueError: the two arrays are not (..., 4), or an unknown `kind`.

    Example:
        >>> loss = iou_loss(ops.array([[0.0, 0.0, 0.5, 1.0]]), ops.array([[0.0, 0.0, 1.0, 1.0]]))
        >>> float(loss[0])
        0.5

    References:
        Rezatofighi et al., CVPR 2019 (GIoU); Zheng et al., AAAI 2020 (DIoU, CIoU).
    """
    _check_kind(kind)
    boxes, true_boxes = _prepare(boxes, true_boxes, where)
    losses = 1 - OVERLAPS[kind](boxes, true_boxes)
    return losses if where is None else ops.where(ops.cast(where, "bool"), losses, 0.0)


@keras.saving.register_keras_serializable("inkling")
class LogSquaredLoss(keras.losses.Loss):
    """`log_squared_loss` for `compile`.

    Example:
        >>> loss = LogSquaredLoss()
        >>> round(float(loss(ops.zeros((1, 4)), ops.ones((1, 4)))), 4)  # log 2
        0.6931
    """

    def __init__(self, name="log_squared_loss", **kwargs):
        super().__init__(name=name, **kwargs)

    def call(self, y_true, y_pred):
        return log_squared_loss(y_pred, y_true)


@keras.saving.register_keras_serializable("inkling")
class SmoothL1Loss(keras.losses.Loss):
    """`smooth_l1_loss` for `compile`.

    Args:
        beta: where the parabola ends, in the boxes' unit.

    Raises:
        ValueError: `beta` is not positive.

    Example:
        >>> float(SmoothL1Loss(beta=2.0)(ops.zeros((1, 4)), ops.ones((1, 4))))  # 1 / 4
        0.25
    """

    def __init__(self, beta=1.0, name="smooth_l1_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        _check_beta(beta)
        self.beta = beta

    def call(self, y_true, y_pred):
        return smooth_l1_loss(y_pred, y_true, beta=self.beta)

    def get_config(self):
        return {**super().get_config(), "beta": self.beta}


@keras.saving.register_keras_serializable("inkling")
class IoULoss(keras.losses.Loss):
    """`iou_loss` for `compile`.

    Args:
        kind: "iou", "giou", "diou" or "ciou".

    Raises:
        ValueError: unknown `kind`.

    Example:
        >>> left, right = ops.array([[0.0, 0.0, 1.0, 1.0]]), ops.array([[3.0, 0.0, 4.0, 1.0]])
        >>> float(IoULoss("giou")(left, right))  # 1 - (0 - 2 / 4)
        1.5
    """

    def __init__(self, kind="giou", name="iou_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        _check_kind(kind)
        self.kind = kind

    def call(self, y_true, y_pred):
        return iou_loss(y_pred, y_true, kind=self.kind)

    def get_config(self):
        return {**super().get_config(), "kind": self.kind}


def _check_beta(beta):
    if not beta > 0:
        raise ValueError(f"`beta` must be positive; near 0 it gives |d|. Received {beta}.")


def _check_kind(kind):
    if kind not in OVERLAPS:
        raise ValueError(f"`kind` must be one of {', '.join(OVERLAPS)}. Received {kind!r}.")


def _prepare(boxes, true_boxes, where):
    boxes = ops.convert_to_tensor(boxes)
    true_boxes = ops.cast(true_boxes, boxes.dtype)
    for each in (boxes, true_boxes):
        if tuple(each.shape[-1:]) != (4,):
            raise ValueError(f"`boxes` must be (..., 4). Received shape {tuple(each.shape)}.")
    if where is None:
        return boxes, true_boxes
    where = ops.cast(where, "bool")[..., None]
    # Before any arithmetic: the gradient of a masked NaN would be NaN too.
    return ops.where(where, boxes, 0.0), ops.where(where, true_boxes, 0.0)


def _difference(boxes, true_boxes, where):
    boxes, true_boxes = _prepare(boxes, true_boxes, where)
    return boxes - true_boxes
