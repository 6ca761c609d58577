"""How well one box, class or mask per picture was predicted."""

from __future__ import annotations

import keras
import numpy as np

from config.errors import InputError
from metrics.score_maps import check_deltas
from ops.box_overlaps import NEGLIGIBLE, iou, overlap_areas


def box_scores(
    predicted: np.ndarray, true: np.ndarray, *, deltas: tuple[float, ...] = (0.3, 0.5, 0.7)
) -> dict[str, float]:
    """Compute every score of one predicted box per picture.

    Args:
        predicted: (N, 4) xyxy boxes, in fractions or in pixels of each picture.
        true: (N, 4) true ones in the same unit.
        deltas: IoU that a box must reach for MaxBoxAcc, in (0, 1]. It maximises over thresholds of
            a map; a box that comes without one is right or wrong, so here it is the accuracy.

    Returns:
        `mean_iou`, the mean of the pictures' IoU; `summed_iou`, the sum of intersections over the
        sum of unions, to which large boxes contribute most (in pixels of unequal pictures: large
        pictures, too); `accuracy_50` and `accuracy_75`, the shares of pictures with at least that
        IoU; `max_box_acc_30` and so on, one per delta in percent, and `max_box_acc`, their mean;
        `num_images`. A NaN box makes the first two NaN and is wrong in the others.

    Raises:
        InputError: the arrays are not (N, 4) of one length, at least 1, or a delta is not in
            (0, 1].

    Example:
        >>> scores = box_scores([[0, 0, 2, 2], [0, 0, 1, 1]], [[0, 0, 2, 1], [0, 0, 1, 1]])
        >>> scores["mean_iou"], scores["summed_iou"], scores["accuracy_75"]
        (0.75, 0.6, 0.5)

    References:
        lars76/object-localization for `summed_iou`. Choe et al., "Evaluating Weakly Supervised
        Object Localization Methods Right", CVPR 2020, for MaxBoxAcc, and its journal version,
        arXiv 2007.04178, for the mean over .3, .5 and .7.
    """
    predicted, true = _check_boxes(predicted, true)
    check_deltas(deltas)
    overlaps = iou(predicted, true)
    shared, union = (float(each.sum()) for each in overlap_areas(predicted, true))
    by_delta = {f"max_box_acc_{100 * delta:g}": _accuracy(overlaps, delta) for delta in deltas}
    return {
        "mean_iou": float(overlaps.mean()),
        "summed_iou": 0.0 if union <= NEGLIGIBLE else shared / union,
        "accuracy_50": _accuracy(overlaps, 0.5),
        "accuracy_75": _accuracy(overlaps, 0.75),
        **by_delta,
        "max_box_acc": float(np.mean(list(by_delta.values()))),
        "num_images": float(len(true)),
    }


def class_scores(predicted: np.ndarray, true: np.ndarray, num_classes: int) -> dict:
    """Compute accuracy and F1 of one predicted class per picture.

    Args:
        predicted: (N,) class ids from 1 to `num_classes`.
        true: (N,) true ids.
        num_classes: K.

    Returns:
        `accuracy`; `f1`, a list of K, 2 TP / (2 TP + FP + FN), NaN for a class that was neither
        there nor predicted; `macro_f1`, the mean of those that are not NaN; `num_images`.

    Raises:
        InputError: the arrays are not (N,) of one length, at least 1, or an id is out of range.

    Example:
        >>> scores = class_scores([1, 1, 2], [1, 2, 2], 2)
        >>> round(scores["accuracy"], 3), [round(each, 3) for each in scores["f1"]]
        (0.667, [0.667, 0.667])
    """
    predicted, true = np.asarray(predicted), np.asarray(true)
    if true.ndim != 1 or predicted.shape != true.shape or not len(true):
        raise InputError(
            "`predicted` and `true` must be (N,) of one length, at least 1. "
            f"Received shapes {predicted.shape} and {true.shape}."
        )
    ids = np.concatenate([predicted, true])
    if ids.dtype.kind not in "iu" or ids.min() < 1 or ids.max() > num_classes:
        raise InputError(
            f"`predicted` and `true` must be whole numbers from 1 to {num_classes}. "
            f"Received {np.unique(ids).tolist()}."
        )
    right = np.bincount(true[predicted == true], minlength=num_classes + 1)[1:]
    claimed = np.bincount(ids, minlength=num_classes + 1)[1:]  # 2 TP + FP + FN
    f1 = np.full(num_classes, np.nan)
    np.divide(2 * right, claimed, out=f1, where=claimed > 0)
    return {
        "accuracy": float((predicted == true).mean()),
        "f1": f1.tolist(),
        "macro_f1": float(np.nanmean(f1)),
        "num_images": float(len(true)),
    }


def dice(predicted: np.ndarray, true: np.ndarray) -> float:
    """Compute Dice, 2 |A and B| / (|A| + |B|), over all that is given.

    A batch is one sum, as upstream's measure of its mask variant: large objects contribute most.

    Args:
        predicted: (...) bool, or 0 and 1, the pixels said to be the object's.
        true: (...) bool, or 0 and 1, those that are.

    Returns:
        Dice in [0, 1]; NaN when both are empty.

    Raises:
        InputError: the shapes differ, or a value is neither 0 nor 1.

    Example:
        >>> dice([True, True, False], [True, False, False])
        0.6666666666666666
    """
    predicted, true = np.asarray(predicted), np.asarray(true)
    if predicted.shape != true.shape:
        raise InputError(
            "`predicted` and `true` must be masks of one shape. "
            f"Received {predicted.shape} and {true.shape}."
        )
    if not all(np.isin(each, (0, 1)).all() for each in (predicted, true)):
        raise InputError(
            "`predicted` and `true` must hold only 0 and 1. Received other values; compare "
            "probabilities with a threshold first."
        )
    predicted, true = predicted.astype(bool), true.astype(bool)
    total = int(predicted.sum()) + int(true.sum())
    return 2 * int((predicted & true).sum()) / total if total else float("nan")


class _BoxMetric(keras.metrics.Metric):
    """A quotient of two running sums over pictures; what is summed is the subclass's."""

    def __init__(self, name, **kwargs):
        super().__init__(name=name, **kwargs)
        self.part = self.add_variable((), initializer="zeros", name="part")
        self.whole = self.add_variable((), initializer="zeros", name="whole")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Add the pictures of a batch.

        Args:
            y_true: (B, 4) true boxes, xyxy.
            y_pred: (B, 4) predicted ones in the same unit.
            sample_weight: (B,) weights of the pictures; None for 1.
        """
        true, predicted = (keras.ops.cast(each, self.dtype) for each in (y_true, y_pred))
        weights = keras.ops.ones_like(true[..., 0])
        if sample_weight is not None:
            weights = weights * keras.ops.cast(sample_weight, self.dtype)
        part, whole = self.measure(predicted, true)
        self.part.assign_add(keras.ops.sum(weights * part))
        self.whole.assign_add(keras.ops.sum(weights * whole))

    def result(self):
        """Return the quotient; 0 before the first picture."""
        return self.part / keras.ops.where(self.whole > 0, self.whole, 1.0)


@keras.saving.register_keras_serializable("inkling")
class BoxIoU(_BoxMetric):
    """Mean over pictures of the IoU of the box.

    For `compile`: `y_true` and `y_pred` (B, 4) xyxy in one unit, `sample_weight` (B,). A NaN box
    makes the result NaN; no picture gives 0.

    Example:
        >>> metric = BoxIoU()
        >>> metric.update_state([[0, 0, 1, 1], [0, 0, 1, 1]], [[0, 0, 1, 1], [0, 0, 1, 0.5]])
        >>> float(metric.result())
        0.75
    """

    def __init__(self, name="iou", **kwargs):
        super().__init__(name=name, **kwargs)

    def measure(self, predicted, true):  # noqa: D102
        overlaps = iou(predicted, true)
        return overlaps, keras.ops.ones_like(overlaps)


@keras.saving.register_keras_serializable("inkling")
class SummedBoxIoU(_BoxMetric):
    """Sum over pictures of the intersections, divided by the sum of the unions.

    For `compile`, as `BoxIoU`. Large boxes contribute most.

    Example:
        >>> metric = SummedBoxIoU()
        >>> metric.update_state([[0, 0, 2, 2], [0, 0, 2, 2]], [[0, 0, 2, 2], [0, 0, 1, 1]])
        >>> float(metric.result())  # (4 + 1) / (4 + 4)
        0.625

    References:
        lars76/object-localization, variants 1, 2 and 4. Upstream moves boxes that begin left of or
        above the picture to its edge, with their size; here they stay. Swapped corners have no
        area in both.
    """

    def __init__(self, name="summed_iou", **kwargs):
        super().__init__(name=name, **kwargs)

    def measure(self, predicted, true):  # noqa: D102
        return overlap_areas(predicted, true)


@keras.saving.register_keras_serializable("inkling")
class BoxAccuracy(_BoxMetric):
    """Share of the pictures whose box has at least the IoU `threshold`.

    For `compile`, as `BoxIoU`.

    Args:
        threshold: IoU in [0, 1].

    Raises:
        ValueError: `threshold` is outside [0, 1].

    Example:
        >>> metric = BoxAccuracy(0.5)
        >>> metric.update_state([[0, 0, 1, 1], [0, 0, 1, 1]], [[0, 0, 1, 0.5], [0, 0, 1, 0.4]])
        >>> float(metric.result())
        0.5
    """

    def __init__(self, threshold=0.5, name="box_accuracy", **kwargs):
        super().__init__(name=name, **kwargs)
        if not 0 <= threshold <= 1:
            raise ValueError(f"`threshold` must be an IoU in [0, 1]. Received {threshold}.")
        self.threshold = threshold

    def measure(self, predicted, true):  # noqa: D102
        overlaps = iou(predicted, true)
        right = keras.ops.cast(overlaps >= self.threshold, self.dtype)
        right = keras.ops.where(keras.ops.isnan(overlaps), overlaps, right)
        return right, keras.ops.ones_like(overlaps)

    def get_config(self):  # noqa: D102
        return {**super().get_config(), "threshold": self.threshold}


def _check_boxes(predicted, true):
    predicted, true = np.asarray(predicted, np.float64), np.asarray(true, np.float64)
    if true.ndim != 2 or true.shape[1] != 4 or predicted.shape != true.shape or not len(true):
        raise InputError(
            "`predicted` and `true` must be (N, 4) boxes of one length, at least 1. "
            f"Received shapes {predicted.shape} and {true.shape}."
        )
    return predicted, true


def _accuracy(overlaps, threshold):
    return float((overlaps >= threshold).mean())
