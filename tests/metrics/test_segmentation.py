import warnings

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix as sklearn_matrix

from config.errors import InputError
from metrics.segmentation import class_iou, confusion_matrix, mean_iou, pixel_accuracy

TRUTH = np.array([[0, 0, 1], [2, 1, 255]], np.uint8)
PREDICTED = np.array([[0, 1, 1], [2, 2, 2]], np.int32)
# Rows truth, columns predicted; the void pixel is skipped.
CONFUSION = [[1, 1, 0], [0, 1, 1], [0, 0, 1]]


def test_confusion_matrix_by_hand():
    confusion = confusion_matrix(TRUTH, PREDICTED, num_classes=2)
    assert confusion.tolist() == CONFUSION and confusion.dtype == np.int64


def test_confusion_matrix_skips_what_the_prediction_ignores():
    predicted = np.where(PREDICTED == 2, 255, PREDICTED)
    confusion = confusion_matrix(TRUTH, predicted, num_classes=2)
    assert confusion.tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]


def test_confusion_matrix_equals_scikit_learn():
    truth, predicted = np.random.default_rng(0).integers(0, 6, (2, 30, 20))
    expected = sklearn_matrix(truth.ravel(), predicted.ravel(), labels=range(6))
    np.testing.assert_array_equal(confusion_matrix(truth, predicted, num_classes=5), expected)


def test_confusion_matrix_of_bytes_does_not_overflow():
    truth = np.full((1, 1), 200, np.uint8)
    assert confusion_matrix(truth, truth, num_classes=200)[200, 200] == 1


@pytest.mark.parametrize("size", [(0, 3), (2, 3)])
def test_confusion_matrix_of_nothing_is_zero(size):
    void = np.full(size, 255, np.uint8)
    assert not confusion_matrix(void, void, num_classes=2).any()


@pytest.mark.parametrize(
    "truth, predicted, match",
    [
        ([[0, 1]], [[0], [1]], "`predicted` must be of the truth's size"),
        ([[0, 3]], [[0, 1]], "`truth` must hold labels 0 to 2, and 255 for void. Received 3"),
        ([[0, 1]], [[0, 7]], "`predicted` must hold labels 0 to 2"),
        ([[0, -1]], [[0, 1]], "`truth` must hold labels"),
        ([[0.0, 1.0]], [[0, 1]], "`truth` must hold whole numbers"),
    ],
)
def test_confusion_matrix_refuses(truth, predicted, match):
    with pytest.raises(InputError, match=match):
        confusion_matrix(truth, predicted, num_classes=2)


def test_class_iou_by_hand():
    # Background 1 / (1 + 1), class 1: 1 / (1 + 1 + 1), class 2: 1 / (1 + 1).
    np.testing.assert_allclose(class_iou(CONFUSION), [1 / 2, 1 / 3, 1 / 2])


def test_mean_iou_leaves_an_absent_class_out():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wide = np.pad(CONFUSION, (0, 2))
        assert np.isnan(class_iou(wide)[3:]).all()
        assert mean_iou(wide) == pytest.approx((1 / 2 + 1 / 3 + 1 / 2) / 3)


def test_mean_iou_leaves_out_a_class_that_is_only_predicted():
    # Its wrong pixel is already missing from the background: 1 of 2.
    assert mean_iou([[1, 1], [0, 0]]) == pytest.approx(1 / 2)
    # However many answers are compared, the mean is over the labels of the truth.
    assert mean_iou([[[1, 1], [0, 0]], [[2, 0], [0, 0]]]).tolist() == [0.5, 1]


def test_mean_iou_of_several_matrices():
    perfect = np.eye(3, dtype=int)
    np.testing.assert_allclose(mean_iou(np.array([CONFUSION, perfect])), [4 / 9, 1])


def test_scores_of_nothing_are_nan():
    nothing = np.zeros((3, 3), int)
    assert np.isnan(mean_iou(nothing)) and np.isnan(pixel_accuracy(nothing))


def test_pixel_accuracy_by_hand():
    assert pixel_accuracy(CONFUSION) == pytest.approx(3 / 5)
