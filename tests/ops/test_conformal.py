import math

import numpy as np
import pytest

from ops.conformal import (
    conformal_interval,
    conformal_quantile,
    coverage,
    residual_scores,
    smallest_calibration_set,
)


@pytest.mark.parametrize(
    ("level", "number"),
    # ceil((n + 1) level) <= n: 9 of 10 x .9 = 9, but 8 of 9 x .9 = 8.1 needs 9.
    [(0.05, 1), (0.5, 1), (0.8, 4), (0.9, 9), (0.95, 19), (0.99, 99)],
)
def test_smallest_calibration_set_is_the_first_with_a_bound(level, number):
    assert smallest_calibration_set(level) == number
    assert math.isfinite(conformal_quantile(np.arange(number), level))
    assert number == 1 or math.isinf(conformal_quantile(np.arange(number - 1), level))


@pytest.mark.parametrize("level", [0, 1, -0.1, 1.5, math.nan])
def test_levels_outside_0_and_1_are_refused(level):
    for call in (smallest_calibration_set, lambda level: conformal_quantile([1.0], level)):
        with pytest.raises(ValueError, match="`level` must be between 0 and 1"):
            call(level)


def test_residual_scores_are_absolute_or_scaled():
    # |10 - 4| = 6, and 6 / (4 + 2) = 1.
    assert residual_scores([10, 3], [4, 3]).tolist() == [6, 0]
    assert residual_scores([10, 3], [4, 3], offset=2).tolist() == [1, 0]
    assert residual_scores([], []).shape == (0,)


@pytest.mark.parametrize(
    ("counts", "predicted", "offset", "match"),
    [
        ([1, 2], [1], None, "of one length"),
        ([[1]], [[1]], None, "of one length"),
        ([math.nan], [1], None, "`counts` must be finite"),
        ([1], [math.inf], None, "`predicted` must be finite and not negative"),
        ([1], [-1], None, "`predicted` must be finite and not negative"),
        ([1], [1], 0, "`offset` must be above 0"),
    ],
)
def test_residual_scores_refuses(counts, predicted, offset, match):
    with pytest.raises(ValueError, match=match):
        residual_scores(counts, predicted, offset=offset)


def test_conformal_quantile_is_a_score_of_its_rank():
    scores = [5, 1, 4, 2, 3, 9, 7, 8, 6]  # n = 9
    # ceil(10 x .5) = 5, ceil(10 x .8) = 8, ceil(10 x .81) = 9, ceil(10 x .9) = 9.
    assert [conformal_quantile(scores, level) for level in (0.5, 0.8, 0.81, 0.9)] == [5, 8, 9, 9]
    assert conformal_quantile(scores, 0.7) == 7  # 10 x .7 is not above 7
    assert conformal_quantile(scores, 0.91) == math.inf
    assert conformal_quantile([], 0.1) == math.inf


def test_conformal_quantile_refuses_what_is_no_score():
    for scores in ([math.nan], [[1.0]]):
        with pytest.raises(ValueError, match=r"`scores` must be \(n,\) finite"):
            conformal_quantile(scores, 0.5)


def test_conformal_interval_grows_with_the_count_and_stays_above_0():
    # 2 (p + 1) around p: 0 to 2, 4 to 16 would be 10 - 22 = -12.
    low, high = conformal_interval(np.array([0.0, 10.0]), 2.0, offset=1.0)
    assert low.tolist() == [0, 0] and high.tolist() == [2, 32]
    low, high = conformal_interval(np.array([10.0]), 0.0)
    assert low.tolist() == high.tolist() == [10]
    assert conformal_interval(np.array([1.0]), math.inf)[1].tolist() == [math.inf]


def test_conformal_interval_refuses_negative_counts():
    with pytest.raises(ValueError, match="not negative"):
        conformal_interval([-1.0], 1.0)


def test_coverage_counts_both_ends():
    assert coverage([1, 2, 3, 4], [1, 0, 4, 5], [9, 2, 9, 9]) == 0.5
    assert math.isnan(coverage([], [], []))
    with pytest.raises(ValueError, match="of one shape"):
        coverage([1], [1, 2], [3, 4])


@pytest.mark.parametrize("offset", [None, 3.0])
def test_new_pictures_lie_inside_as_often_as_promised(offset):
    generator = np.random.default_rng(0)
    counts = generator.poisson(12, (400, 30)).astype(float)
    predicted = np.maximum(counts + generator.normal(0, 1 + 0.2 * counts), 0)
    inside = []
    for truth, found in zip(counts, predicted, strict=True):  # 29 calibrate, the last is new
        quantile = conformal_quantile(residual_scores(truth[:-1], found[:-1], offset=offset), 0.8)
        low, high = conformal_interval(found[-1:], quantile, offset=offset)
        inside.append(coverage(truth[-1:], low, high))
    # At least .8 and at most .8 + 1 / 30; three standard deviations of 400 draws are .06.
    assert 0.74 < np.mean(inside) < 0.9
