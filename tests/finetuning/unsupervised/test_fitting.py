import numpy as np
import pytest
from scipy.optimize import lsq_linear
from sklearn.linear_model import LinearRegression

from config.errors import InputError
from finetuning.unsupervised.fitting import fit_weights, read_ranker_metrics


def draw_problem(seed, num_images=30, num_features=8):
    generator = np.random.default_rng(seed)
    features = generator.gamma(1.0, size=(num_images, num_features))
    counts = features @ generator.normal(size=num_features) + generator.normal(size=num_images)
    return features, np.maximum(counts, 0)


@pytest.mark.parametrize("seed", range(5))
def test_fit_weights_agrees_with_scipy_and_scikit_learn(seed):
    features, counts = draw_problem(seed)
    weights = fit_weights(features, counts)
    bounded = lsq_linear(features, counts, bounds=(0, np.inf), tol=1e-12).x
    positive = LinearRegression(fit_intercept=False, positive=True).fit(features, counts).coef_
    np.testing.assert_allclose(weights, bounded, atol=1e-5)
    np.testing.assert_allclose(weights, positive, atol=1e-5)


def test_fit_weights_finds_exact_weights():
    features = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 1.0], [1.0, 1.0, 0.0], [2.0, 0.0, 0.0]])
    np.testing.assert_allclose(fit_weights(features, features @ [3.0, 0.0, 0.5]), [3.0, 0.0, 0.5])


def test_fit_weights_never_goes_below_zero():
    # The least squares answer alone would be (-1, 2).
    features = np.array([[1.0, 0.0], [0.0, 1.0]])
    np.testing.assert_allclose(fit_weights(features, np.array([-1.0, 2.0])), [0.0, 2.0])


def test_fit_weights_takes_pictures_without_objects():
    np.testing.assert_array_equal(fit_weights(np.ones((3, 2)), np.zeros(3)), [0.0, 0.0])


def test_fit_weights_refuses_features_that_are_not_finite():
    with pytest.raises(InputError, match="features are not finite"):
        fit_weights(np.array([[np.nan]]), np.array([1.0]))


def test_fit_weights_refuses_features_that_say_nothing():
    with pytest.raises(InputError, match="every weight is 0"):
        fit_weights(np.zeros((2, 3)), np.array([1.0, 2.0]))


def test_read_ranker_metrics_needs_a_finished_run(tmp_path):
    assert read_ranker_metrics(tmp_path) == {}
