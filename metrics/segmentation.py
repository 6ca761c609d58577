"""How well label maps agree with true ones."""

from __future__ import annotations

import numpy as np

from config.errors import InputError

VOID = 255


def confusion_matrix(truth: np.ndarray, predicted: np.ndarray, *, num_classes: int) -> np.ndarray:
    """Count the pixels of each pair of true and predicted label.

    Those of several pictures add up; all scores below are read from the sum. Pixels that either
    map leaves void are skipped, so report how much a prediction ignores beside its scores.

    Args:
        truth: (H, W) labels, 0 background, 1 to K, 255 void.
        predicted: (H, W) labels, as `truth`.
        num_classes: number of classes besides background, K.

    Returns:
        (K + 1, K + 1) int64 pixels, a row per true label, a column per predicted one.

    Raises:
        InputError: the maps differ in size, are not integers, or hold another label.

    Example:
        >>> confusion_matrix([[0, 1, 255]], [[1, 1, 0]], num_classes=1).tolist()
        [[0, 1], [0, 1]]
    """
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    if truth.shape != predicted.shape:
        raise InputError(
            "`predicted` must be of the truth's size. "
            f"Received {predicted.shape} pixels for {truth.shape}."
        )
    check_labels("truth", truth, num_classes)
    check_labels("predicted", predicted, num_classes)
    kept = (truth != VOID) & (predicted != VOID)
    number = num_classes + 1
    pairs = truth[kept].astype(np.int64) * number + predicted[kept]
    return np.bincount(pairs, minlength=number**2).reshape(number, number)


def class_iou(confusion: np.ndarray) -> np.ndarray:
    """Compute the intersection over union of each label.

    Args:
        confusion: (..., K + 1, K + 1) of `confusion_matrix`.

    Returns:
        (..., K + 1) float64; NaN for a label that is neither true nor predicted anywhere.

    Example:
        >>> class_iou(np.array([[2, 1, 0], [1, 0, 0], [0, 0, 0]])).tolist()
        [0.5, 0.0, nan]
    """
    confusion = np.asarray(confusion)
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    union = confusion.sum(axis=-1) + confusion.sum(axis=-2) - hits
    return divide_or_nan(hits, union)


def mean_iou(confusion: np.ndarray) -> float | np.ndarray:
    """Compute mIoU, the mean of `class_iou` over the background and classes that the truth shows.

    A label that is predicted but never true is left out: its pixels are already missing from the
    labels they belong to, and one stray pixel would add a 0. Otherwise the figures of two answers
    to the same pictures could be means over different labels.

    Args:
        confusion: (..., K + 1, K + 1) of `confusion_matrix`.

    Returns:
        The mean; NaN when there is no true pixel. An array (...) for several matrices.

    Example:
        >>> mean_iou(np.array([[2, 1, 0], [1, 0, 0], [0, 0, 0]]))
        0.25
        >>> mean_iou(np.array([[2, 0, 2], [0, 0, 0], [0, 0, 0]]))
        0.5
    """
    confusion = np.asarray(confusion)
    shown = confusion.sum(axis=-1) > 0
    mean = mean_without_nan(np.where(shown, class_iou(confusion), np.nan))
    return float(mean) if mean.ndim == 0 else mean


def pixel_accuracy(confusion: np.ndarray) -> float:
    """Compute the share of pixels with the right label.

    Args:
        confusion: (K + 1, K + 1) of `confusion_matrix`.

    Returns:
        The share in [0, 1]; NaN without pixels.

    Example:
        >>> pixel_accuracy(np.array([[2, 1], [1, 0]]))
        0.5
    """
    return float(divide_or_nan(np.trace(confusion), np.sum(confusion)))


def check_labels(name: str, labels: np.ndarray, num_classes: int) -> None:
    """Refuse a label map that holds another label than 0 to K and 255.

    Args:
        name: the argument's name, for the message.
        labels: what was received.
        num_classes: number of classes besides background, K.

    Raises:
        InputError: the labels are not integers, or one is above K and not 255.

    Example:
        >>> check_labels("truth", np.array([[0, 3, 255]]), num_classes=3)
    """
    if labels.dtype.kind not in "iu":
        raise InputError(f"`{name}` must hold whole numbers. Received {labels.dtype}.")
    wrong = (labels != VOID) & ((labels > num_classes) | (labels < 0))
    if wrong.any():
        raise InputError(
            f"`{name}` must hold labels 0 to {num_classes}, and {VOID} for void. "
            f"Received {int(labels[wrong][0])}; check the list of classes."
        )


def divide_or_nan(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Divide, with NaN for 0 / 0 and no warning.

    Args:
        part: numbers of any shape.
        whole: numbers of the same shape.

    Returns:
        float64 quotients.

    Example:
        >>> divide_or_nan(np.array([1, 0]), np.array([2, 0])).tolist()
        [0.5, nan]
    """
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.where(whole == 0, np.nan, part / np.where(whole == 0, 1, whole))


def mean_without_nan(values: np.ndarray) -> np.ndarray:
    """Average over the last axis what is not NaN, without NumPy's warning when nothing is left.

    Args:
        values: (..., N).

    Returns:
        (...) float64; NaN where all N are.

    Example:
        >>> mean_without_nan(np.array([[1.0, np.nan], [np.nan, np.nan]])).tolist()
        [1.0, nan]
    """
    defined = ~np.isnan(values)
    return divide_or_nan(np.where(defined, values, 0).sum(axis=-1), defined.sum(axis=-1))
