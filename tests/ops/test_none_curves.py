import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from ops.none_curves import NoneCurve, fit_none_curve, p_value_curve


def test_a_curve_is_straight_between_knots_and_level_outside():
    curve = NoneCurve((1.0, 3.0), (0.8, 0.2))
    assert curve.read(np.array([0.0, 2.0, 9.0])) == pytest.approx([0.8, 0.5, 0.2])


def test_fit_none_curve_agrees_with_scikit_learn_on_platts_targets():
    generator = np.random.default_rng(0)
    counts = generator.poisson(3, 60) * (generator.random(60) < 0.6)
    predicted = np.maximum(counts + generator.normal(0.5, 1.5, 60), 0)
    empty = counts == 0
    high = (empty.sum() + 1) / (empty.sum() + 2)
    low = 1 / ((~empty).sum() + 2)
    # A soft target t is a picture of weight t of one kind and one of weight 1 - t of the other.
    targets = np.where(empty, high, low)
    position = np.log1p(np.concatenate([predicted, predicted]))[:, None]
    weights = np.concatenate([targets, 1 - targets])
    twin = LogisticRegression(C=1e9, tol=1e-10, max_iter=1000)
    twin.fit(position, np.repeat([1, 0], 60), sample_weight=weights)
    curve = fit_none_curve(counts, predicted)
    places = np.array(curve.counts)
    expected = twin.predict_proba(np.log1p(places)[:, None])[:, 1]
    np.testing.assert_allclose(curve.probabilities, expected, atol=0.01)


def test_fit_none_curve_is_not_sure_after_one_empty_picture():
    # Platt's target is 2 / 3, and no curve of two numbers can be surer of its only example.
    curve = fit_none_curve([0, 9, 9, 9, 9], [0.0, 9.0, 8.0, 9.0, 10.0])
    assert 0.5 < curve.probabilities[0] < 0.68
    assert curve.read(np.array([9.0])) < 0.2


def test_fit_none_curve_never_rises():
    # Empty pictures with the larger predictions: the best that does not rise is level.
    curve = fit_none_curve([0, 0, 5, 6], [9.0, 8.0, 1.0, 2.0])
    assert np.ptp(curve.probabilities) < 1e-6


@pytest.mark.parametrize("counts", [[0, 0], [1, 2]])
def test_fit_none_curve_needs_both_kinds(counts):
    with pytest.raises(ValueError, match="pictures with and without objects"):
        fit_none_curve(counts, [1.0, 2.0])


def test_fit_none_curve_needs_one_prediction_a_picture():
    with pytest.raises(ValueError, match="of one length"):
        fit_none_curve([0, 1], [1.0])


def test_p_value_curve_counts_the_errors_at_least_as_large():
    curve = p_value_curve([4.0, 1.0, 2.0])
    # At 2, two of three scores and the new one: 3 / 4. Beyond 4 only the new one is left: 1 / 4.
    assert curve.read(np.array([0.0, 1.0, 2.0, 4.0, 99.0])).tolist() == [1.0, 1.0, 0.75, 0.5, 0.25]


def test_p_value_curve_of_one_picture_still_finds_objects():
    # An error of 3 on the only picture: at most (1 + 0) / 2 beyond it.
    assert p_value_curve([3.0]).read(np.array([3.0, 4.0])).tolist() == [1.0, 0.5]


def test_p_value_curve_of_scaled_scores_is_read_at_the_count_with_that_score():
    # With c = 2 a count of 0 has the score p / (p + 2): 1 / 2 at p = 2; no p reaches 1.5, so two
    # of three are always left.
    curve = p_value_curve([0.5, 1.5], offset=2.0)
    assert curve.read(np.array([0.0, 2.0, 50.0])) == pytest.approx([1.0, 1.0, 2 / 3])


def test_p_value_curve_of_scores_that_no_count_reaches_is_level():
    assert p_value_curve([1.0, 2.0], offset=1.0) == NoneCurve((0.0,), (1.0,))


def test_p_value_curve_has_few_knots_that_rise():
    curve = p_value_curve(np.random.default_rng(0).gamma(1, 5, 900))
    assert len(curve.counts) <= 34 and (np.diff(curve.counts) > 0).all()
    assert (np.diff(curve.probabilities) <= 0).all()


def test_p_value_curve_refuses_no_score():
    with pytest.raises(ValueError, match="n at least 1"):
        p_value_curve([])
