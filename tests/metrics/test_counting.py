import itertools
import math

import keras
import numpy as np
import pytest
from scipy.stats import kendalltau
from sklearn.metrics import mean_absolute_error as sklearn_mae
from sklearn.metrics import r2_score, roc_auc_score

from config.errors import InputError
from metrics.counting import (
    RankAccuracy,
    counting_metrics,
    grid_average_error,
    mean_absolute_error,
    mean_squared_error,
    normalized_absolute_error,
    r_squared,
    rank_accuracy,
    spearman,
)

FUNCTIONS = [
    mean_absolute_error,
    mean_squared_error,
    r_squared,
    normalized_absolute_error,
    rank_accuracy,
    spearman,
]
every_function = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)


def random_counts(size):
    draws = np.random.default_rng(0)
    counts = draws.integers(0, 30, size)
    return counts, counts + draws.normal(0, 5, size)


def test_counting_metrics_by_hand():
    # Errors 1, -2, 0: MAE 1, MSE 5/3. Around the mean 4 the counts spread 4 + 0 + 4 = 8:
    # R2 = 1 - 5/8. NAE (1/2 + 2/4 + 0) / 3. Against 5: (3 + 1 + 1) / 3.
    metrics, units = counting_metrics([2, 4, 6], [3, 2, 6], mean_count=5)
    expected = {
        "mae": 1,
        "mse": 5 / 3,
        "rmse": math.sqrt(5 / 3),
        "r2": 3 / 8,
        "nae": 1 / 3,
        # Of three pairs only (2, 4) is turned; ranks 2 1 3: rho = 1 - 6 * 2 / (3 * 8).
        "rank_accuracy": 2 / 3,
        "spearman": 0.5,
        "mean_predictor_mae": 5 / 3,
        "num_images": 3,
    }
    assert metrics == pytest.approx(expected)
    assert units == {
        "mae": "objects",
        "rmse": "objects",
        "mse": "objects^2",
        "mean_predictor_mae": "objects",
        "num_images": "images",
    }


def test_counting_metrics_are_python_numbers():
    metrics, _ = counting_metrics(np.array([1, 2]), np.array([1, 2], np.float32), mean_count=1)
    assert all(type(value) is float for value in metrics.values())


def test_counting_metrics_of_one_picture():
    metrics, _ = counting_metrics([3], [5], mean_count=3)
    assert metrics["mae"] == 2 and metrics["mse"] == 4 and metrics["mean_predictor_mae"] == 0
    assert all(math.isnan(metrics[name]) for name in ("r2", "rank_accuracy", "spearman"))


def test_counting_metrics_nan_stays_visible():
    metrics, _ = counting_metrics([1, 2, 3], [1, np.nan, 3], mean_count=2)
    names = {"mae", "mse", "rmse", "r2", "nae", "rank_accuracy", "spearman"}
    assert {name for name, value in metrics.items() if math.isnan(value)} == names


def test_metrics_equal_scikit_learn():
    counts, predicted = random_counts(100)
    assert mean_absolute_error(counts, predicted) == pytest.approx(sklearn_mae(counts, predicted))
    assert r_squared(counts, predicted) == pytest.approx(r2_score(counts, predicted))


def test_r_squared_of_the_mean_is_zero_and_of_equal_counts_undefined():
    assert r_squared([1, 2, 3], [2, 2, 2]) == 0
    assert math.isnan(r_squared([2, 2], [2, 2]))


def test_normalized_absolute_error_leaves_empty_pictures_out():
    # |5 - 10| / 10; the empty picture has no share.
    assert normalized_absolute_error([10, 0], [5, 100]) == 0.5
    assert math.isnan(normalized_absolute_error([0, 0], [1, 2]))


@pytest.mark.parametrize(
    "predicted, expected",
    [([1, 2, 3], 1.0), ([3, 2, 1], 0.0), ([5, 5, 5], 0.5), ([1, 1, 2], 2.5 / 3)],
)
def test_rank_accuracy_by_hand(predicted, expected):
    assert rank_accuracy([10, 20, 30], predicted) == pytest.approx(expected)


def test_rank_accuracy_ignores_pairs_of_equal_count():
    # Pairs (5, 7) twice: one in order, one turned; (5, 5) does not count.
    assert rank_accuracy([5, 5, 7], [1, 9, 3]) == 0.5
    assert math.isnan(rank_accuracy([5, 5], [1, 2]))


def test_rank_accuracy_of_two_classes_is_the_area_under_roc():
    draws = np.random.default_rng(1)
    labels, scores = draws.integers(0, 2, 60), draws.integers(0, 9, 60)
    assert rank_accuracy(labels, scores) == pytest.approx(roc_auc_score(labels, scores))


def test_rank_accuracy_without_ties_follows_kendall():
    draws = np.random.default_rng(2)
    counts, predicted = draws.permutation(40), draws.normal(size=40)
    tau = kendalltau(counts, predicted).statistic  # (in order - turned) / all
    assert rank_accuracy(counts, predicted) == pytest.approx((tau + 1) / 2)


def test_rank_accuracy_equals_its_slow_twin():
    counts, predicted = random_counts(50)
    predicted = predicted.round()
    points = [
        0.5 if predicted[i] == predicted[j] else float(predicted[i] < predicted[j])
        for i, j in itertools.permutations(range(50), 2)
        if counts[i] < counts[j]
    ]
    assert rank_accuracy(counts, predicted) == pytest.approx(np.mean(points))


def test_spearman_with_ties():
    # Ranks 1 2 3 and 1.5 1.5 3: covariance 1.5 / sqrt(2 * 1.5) = .8660.
    assert spearman([1, 2, 3], [4, 4, 9]) == pytest.approx(0.8660, abs=1e-4)


def test_spearman_of_a_constant_is_undefined_without_a_warning(recwarn):
    assert math.isnan(spearman([1, 2, 3], [4, 4, 4])) and not recwarn.list


def test_spearman_ignores_scale():
    counts, predicted = random_counts(30)
    assert spearman(counts, np.exp(predicted)) == pytest.approx(spearman(counts, predicted))


@every_function
@pytest.mark.parametrize(
    "counts, predicted", [([], []), ([1, 2], [1]), ([[1]], [[1]]), (3, 3)], ids=str
)
def test_metrics_refuse_other_shapes(function, counts, predicted):
    with pytest.raises(InputError, match=r"must be \(N,\) of one length"):
        function(counts, predicted)


def grid_error(points, predicted, size, level):
    return grid_average_error([np.array(points)], [np.array(predicted)], [size], level=level)


def test_grid_average_error_by_hand():
    # Level 1 on 8 x 16: cells of 4 x 8. True: two upper left, one lower right. Found: one upper
    # left, one upper right. Errors 1 + 1 + 0 + 1; the counts alone differ by 1.
    true, found = [[0, 0], [3, 7], [7, 15]], [[1, 1], [0, 8]]
    assert grid_error(true, found, (8, 16), 0) == 1
    assert grid_error(true, found, (8, 16), 1) == 3


def test_grid_average_error_level_zero_is_mae():
    draws = np.random.default_rng(0)
    numbers = draws.integers(0, 9, (5, 2))
    true, found = ([draws.random((n, 2)) * 20 for n in column] for column in numbers.T)
    expected = mean_absolute_error(numbers[:, 0], numbers[:, 1])
    assert grid_average_error(true, found, [(20, 20)] * 5, level=0) == expected


def test_grid_average_error_never_falls_with_the_level():
    draws = np.random.default_rng(3)
    true, found = draws.random((30, 2)) * (33, 47), draws.random((20, 2)) * (33, 47)
    errors = [grid_error(true, found, (33, 47), level) for level in range(4)]
    assert errors == sorted(errors) and errors[0] == 10


def test_grid_average_error_cell_edges_belong_to_the_next_cell():
    # Height 5, level 1: the edge is row 2.5; 2.49 above, 2.5 below.
    assert grid_error([[2.49, 0]], [[2.0, 0]], (5, 5), 1) == 0
    assert grid_error([[2.49, 0]], [[2.5, 0]], (5, 5), 1) == 2


def test_grid_average_error_rows_and_columns_are_not_mixed():
    assert grid_error([[0, 9]], [[9, 0]], (10, 10), 1) == 2


def test_grid_average_error_points_outside_go_to_the_nearest_cell():
    assert grid_error([[-3, 12]], [[0, 9]], (10, 10), 3) == 0


def test_grid_average_error_without_points():
    assert grid_error([], [], (10, 10), 2) == 0
    assert grid_error([], [[1.0, 2.0]], (1, 1), 2) == 1
    assert grid_error(np.zeros((0, 2)), [[1.0, 2.0]] * 2, (9, 9), 1) == 2


@pytest.mark.parametrize(
    "points, match",
    [([[np.nan, 1.0]], "finite"), (np.ones((2, 17)), r"Received shape \(2, 17\)")],
)
def test_grid_average_error_bad_points(points, match):
    with pytest.raises(InputError, match=match):
        grid_error(points, [[1.0, 1.0]], (9, 9), 1)


def test_grid_average_error_bad_lists():
    one = [np.ones((1, 2))]
    with pytest.raises(InputError, match="Received lengths 1, 2 and 1, 0"):
        grid_average_error(one, one * 2, [(3, 3)], level=0)
    with pytest.raises(InputError, match="Received lengths 0, 0 and 0"):
        grid_average_error([], [], [], level=0)
    with pytest.raises(InputError, match="`level` be at least 0"):
        grid_average_error(one, one, [(3, 3)], level=-1)


def ranked(scores, real=None, weights=None):
    metric = RankAccuracy()
    real = np.ones_like(scores) if real is None else real
    metric.update_state(real, np.array(scores), sample_weight=weights)
    return float(metric.result())


def test_rank_accuracy_metric_by_hand():
    # (3, 1, 2): 3 > 1 and 3 > 2 in order, 1 < 2 not.
    assert ranked([[3.0, 1.0, 2.0]]) == pytest.approx(2 / 3)
    assert ranked([[2.0, 1.0], [1.0, 2.0], [5.0, 1.0], [4.0, 3.0]]) == 0.75


def test_rank_accuracy_metric_a_tie_is_wrong():
    assert ranked([[1.0, 1.0], [2.0, 1.0]]) == 0.5


def test_rank_accuracy_metric_mask_and_weights():
    # Masked: only (5, 4) is left of the first list.
    real = np.array([[1.0, 0.0, 1.0]])
    assert ranked([[5.0, 9.0, 4.0]], real) == 1
    # Weights 3 and 1: one right, one wrong.
    assert ranked([[2.0, 1.0], [1.0, 2.0]], weights=np.array([3.0, 1.0])) == 0.75


def test_rank_accuracy_metric_adds_up_and_resets():
    metric = RankAccuracy()
    metric.update_state(np.ones((1, 2)), np.array([[2.0, 1.0]]))
    metric.update_state(np.ones((3, 2)), np.array([[1.0, 2.0]] * 3))
    assert float(metric.result()) == 0.25
    metric.reset_state()
    assert float(metric.result()) == 0


def test_rank_accuracy_metric_nothing_to_rank_gives_zero():
    assert ranked(np.zeros((0, 2))) == 0
    assert ranked([[1.0, 2.0]], np.zeros((1, 2))) == 0


def test_rank_accuracy_metric_nan_stays_visible_unless_masked():
    scores = [[1.0, np.nan, 0.0]]
    assert math.isnan(ranked(scores))
    assert ranked(scores, np.array([[1.0, 0.0, 1.0]])) == 1


def test_rank_accuracy_metric_equals_the_function_on_one_list():
    scores = np.random.default_rng(0).normal(size=12)
    expected = rank_accuracy(np.arange(12)[::-1], scores)
    assert ranked(scores[None]) == pytest.approx(expected)


def test_rank_accuracy_metric_in_compile_and_config():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Identity()])
    model.compile(loss="mse", metrics=[RankAccuracy()])
    result = model.evaluate(np.array([[2.0, 1.0]]), np.ones((1, 2)), return_dict=True, verbose=0)
    assert result["rank_accuracy"] == 1
    copy = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(RankAccuracy())
    )
    assert type(copy) is RankAccuracy
