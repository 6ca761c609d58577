import numpy as np
import pytest

from config.errors import InputError
from metrics.seed_curves import (
    THRESHOLDS,
    best_seed_threshold,
    foreground_curve,
    mean_precision_at_recall,
    seed_confusions,
    seed_precision_recall,
)
from metrics.segmentation import confusion_matrix


def random_maps(seed=0, size=(20, 30)):
    draws = np.random.default_rng(seed)
    truth, winners = draws.integers(0, 4, (2, *size))
    truth[draws.random(size) < 0.1] = 255
    return truth, winners, draws.random(size).astype(np.float32)


def test_seed_confusions_equal_one_matrix_per_threshold():
    truth, winners, confidence = random_maps()
    found = seed_confusions(truth, winners, confidence, num_classes=3)
    for threshold, confusion in zip(THRESHOLDS, found, strict=True):
        labels = np.where(confidence >= np.float32(threshold), winners, 0)
        np.testing.assert_array_equal(confusion, confusion_matrix(truth, labels, num_classes=3))


def test_seed_confusions_reach_the_threshold_itself():
    args = np.array([[1]]), np.array([[1]]), np.array([[0.2]])
    found = seed_confusions(*args, num_classes=1, thresholds=[0.2, 0.3])
    assert found.tolist() == [[[0, 0], [0, 1]], [[0, 0], [1, 0]]]


@pytest.mark.parametrize("size", [(0, 4), (3, 4)])
def test_seed_confusions_of_void_are_zero(size):
    void = np.full(size, 255)
    found = seed_confusions(void, np.zeros(size, int), np.zeros(size), num_classes=2)
    assert found.shape == (100, 3, 3) and not found.any()


@pytest.mark.parametrize(
    "change, error, match",
    [
        ({"winners": np.zeros((2, 2), int)}, ValueError, "must be maps of one size"),
        ({"confidence": np.array([[np.nan, 0]])}, ValueError, "nor `confidence` NaN"),
        ({"thresholds": [0.5, 0.5]}, ValueError, "`thresholds` must increase"),
        ({"thresholds": []}, ValueError, "`thresholds` must increase"),
        ({"truth": np.array([[0, 3]])}, InputError, "`truth` must hold labels 0 to 2"),
        ({"winners": np.array([[0, 255]])}, ValueError, "`winners` must not hold 255"),
    ],
)
def test_seed_confusions_refuse(change, error, match):
    good = {
        "truth": np.array([[0, 1]]),
        "winners": np.array([[0, 1]]),
        "confidence": np.zeros((1, 2)),
        "thresholds": [0.5],
    }
    with pytest.raises(error, match=match):
        seed_confusions(**{**good, **change}, num_classes=2)


def test_seed_precision_recall_by_hand():
    # Background: 3 of 4 found, all 3 right. Class 1: 1 of 2 found, of 2 claimed. Class 2: absent.
    confusion = np.array([[[3, 1, 0], [0, 1, 1], [0, 0, 0]]])
    precision, recall = seed_precision_recall(confusion)
    np.testing.assert_allclose(precision, [[1, 1 / 2, 0]])
    np.testing.assert_allclose(recall, [[3 / 4, 1 / 2, np.nan]])
    assert [each.tolist() for each in foreground_curve(confusion)] == [[1 / 2], [1 / 2]]


def test_mean_precision_at_recall_by_hand():
    # Truth 0 0 1 1, all winners 1, confidence .1 .5 .4 .9.
    # t = 0: 1 1 1 1, FG 2/4 at recall 1.    t = .2: 0 1 1 1, FG 2/3 at 1, BG 1/1 at 1/2.
    # t = .45: 0 1 0 1, FG 1/2 at 1/2, BG 1/2 at 1/2.  t = .6: 0 0 0 1, FG 1 at 1/2, BG 2/3 at 1.
    confusions = seed_confusions(
        np.array([[0, 0, 1, 1]]),
        np.ones((1, 4), int),
        np.array([[0.1, 0.5, 0.4, 0.9]]),
        num_classes=1,
        thresholds=[0, 0.2, 0.45, 0.6],
    )
    assert mean_precision_at_recall(confusions) == pytest.approx((1 + 2 / 3) / 2)
    # Above .5 of the foreground: 2/3 at recall 1. Above .4 of the background: 1 at 1/2.
    other = mean_precision_at_recall(confusions, foreground_recall=0.5, background_recall=0.4)
    assert other == pytest.approx((2 / 3 + 1) / 2)


def test_mean_precision_at_recall_of_perfect_seeds_is_one():
    truth = np.array([[0, 1, 2], [0, 0, 2]])
    confusions = seed_confusions(truth, truth, (truth > 0).astype(float), num_classes=2)
    assert mean_precision_at_recall(confusions) == 1


def test_mean_precision_at_recall_without_seeds_is_half_the_background():
    truth = np.array([[0, 1, 2], [0, 0, 2]])
    nothing = np.zeros_like(truth)
    confusions = seed_confusions(truth, nothing, nothing, num_classes=2)
    assert mean_precision_at_recall(confusions) == pytest.approx(0.5 * 3 / 6)


@pytest.mark.parametrize("value", [0, 1])
def test_mean_precision_at_recall_without_both_sides_is_nan(value):
    truth = np.full((2, 2), value)
    confusions = seed_confusions(truth, truth, truth, num_classes=1)
    assert np.isnan(mean_precision_at_recall(confusions))


def test_best_seed_threshold_is_the_lowest_of_the_best():
    truth = np.array([[0, 1]])
    confusions = seed_confusions(
        truth, np.ones((1, 2), int), np.array([[0.3, 0.8]]),
        num_classes=1, thresholds=[0.2, 0.5, 0.6, 0.9],
    )  # fmt: skip
    assert best_seed_threshold(confusions, [0.2, 0.5, 0.6, 0.9]) == (0.5, 1)
    assert np.isnan(best_seed_threshold(np.zeros((1, 2, 2), int), [0.5])).all()
