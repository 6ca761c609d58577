import numpy as np
import pytest
from sklearn.linear_model import Ridge

from finetuning.unsupervised.ridge import PENALTIES, count_pictures, fit_ridge
from models.counter import CountWeights


def draw_problem(num_images=12, num_cells=9, num_features=5):
    """Cells whose counts rise with one feature and fall with another, cut off at 0."""
    generator = np.random.default_rng(0)
    features = generator.gamma(1.0, size=(num_images, num_cells, num_features))
    return features, np.maximum(features @ np.array([3.0, -1.0, 0, 0, 0]) + 1, 0)


def test_count_pictures_cuts_cells_off_at_zero():
    weights = CountWeights(np.array([1.0, -1.0]), 0.5)
    features = np.array([[[2.0, 1.0], [0.0, 3.0]], [[0.0, 0.0], [1.0, 0.0]]])
    assert count_pictures(features, weights).tolist() == [1.5, 2.0]  # 1.5 + 0, .5 + 1.5


def test_count_pictures_without_a_bias_sums_what_weights_say():
    features = np.array([[[2.0], [1.0]]])
    assert count_pictures(features, CountWeights(np.array([2.0]))).tolist() == [6.0]


def test_fit_ridge_finds_weights_of_either_sign_from_cells():
    features, _ = draw_problem()
    cells = features @ np.array([3.0, -1.0, 0, 0, 0]) + 4
    fit = fit_ridge(features, cells.sum(axis=1), cells)
    np.testing.assert_allclose(fit.weights.kernel, [3, -1, 0, 0, 0], atol=1e-2)
    assert fit.weights.bias == pytest.approx(4, abs=0.01)
    assert fit.penalty == PENALTIES[0]  # nothing to smooth away


def test_fit_ridge_finds_the_same_line_from_the_counts_of_pictures():
    features, _ = draw_problem(num_images=40)
    cells = features @ np.array([3.0, -1.0, 0, 0, 0]) + 4
    fit = fit_ridge(features, cells.sum(axis=1))
    np.testing.assert_allclose(fit.weights.kernel, [3, -1, 0, 0, 0], atol=0.05)
    assert fit.validation_mae < 0.1


def test_fit_ridge_takes_the_penalty_that_validates_best():
    features, _ = draw_problem(num_images=6, num_cells=2)
    cells = np.random.default_rng(100).random((6, 2))  # which no feature tells
    fit = fit_ridge(features, cells.sum(axis=1), cells)
    assert fit.penalty >= 1
    x, y = features.reshape(-1, 5), cells.ravel()
    scaled = (x - x.mean(axis=0)) / x.std(axis=0)
    expected = Ridge(alpha=fit.penalty * len(x)).fit(scaled, y)
    np.testing.assert_allclose(fit.weights.kernel * x.std(axis=0), expected.coef_)


def test_fit_ridge_ignores_a_feature_that_never_changes():
    features, cells = draw_problem()
    features[..., 4] = 7.0
    assert fit_ridge(features, cells.sum(axis=1), cells).weights.kernel[4] == 0


def test_fit_ridge_takes_the_strongest_of_penalties_that_tie():
    features = np.array([[[1.0], [2.0]], [[1.0], [2.0]]])
    fit = fit_ridge(features, np.array([0.0, 90.0]))  # either picture knows nothing of the other
    assert fit.penalty == PENALTIES[-1] and fit.validation_mae == pytest.approx(90)


def test_fit_ridge_holds_neighbours_out_together():
    generator = np.random.default_rng(0)
    places = np.repeat(generator.normal(size=(10, 1, 20)), 2, axis=0)  # each scene twice
    counts = np.repeat(generator.normal(size=10) ** 2, 2)  # that features do not tell
    fit = fit_ridge(places, counts)
    assert fit.validation_mae > 0.3  # a twin in the training part would have told it


def test_fit_ridge_refuses_one_picture():
    with pytest.raises(ValueError, match="n_splits"):
        fit_ridge(np.ones((1, 2, 3)), np.ones(1))
