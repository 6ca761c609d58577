import numpy as np
import pytest

from metrics.average_precision import average_precision


def twin(scores, labels):
    """Average, over the present pictures, the best precision that still finds as many."""
    scores, labels = scores[labels != 0], labels[labels != 0]
    points = []
    for cut in np.unique(scores):
        chosen = scores >= cut
        hits = (chosen & (labels == 1)).sum()
        points.append((hits, hits / chosen.sum()))
    number = (labels == 1).sum()
    return np.mean([max(p for hits, p in points if hits >= k) for k in range(1, number + 1)])


def test_average_precision_by_hand():
    # Hits at ranks 1, 3 and 4: precisions 1, 2/3, 3/4; the dip at 2/3 is lifted to 3/4.
    value = average_precision([0.9, 0.8, 0.7, 0.6], [1, -1, 1, 1])
    assert value == pytest.approx((1 + 3 / 4 + 3 / 4) / 3)


def test_average_precision_leaves_difficult_pictures_out():
    assert average_precision([0.9, 0.8, 0.7], [0, 1, -1]) == 1


def test_average_precision_ties_do_not_hang_on_the_order():
    # Both at one score: precision 1/2.
    assert average_precision([0.5, 0.5], [1, -1]) == average_precision([0.5, 0.5], [-1, 1]) == 0.5


@pytest.mark.parametrize("seed", range(5))
def test_average_precision_equals_its_twin(seed):
    draws = np.random.default_rng(seed)
    scores, labels = draws.integers(0, 15, 40) / 15, draws.integers(-1, 2, 40)
    assert average_precision(scores, labels) == pytest.approx(twin(scores, labels))


@pytest.mark.parametrize("labels", [[], [-1, -1], [0, -1]])
def test_average_precision_without_a_present_picture_is_nan(labels):
    assert np.isnan(average_precision(np.zeros(len(labels)), np.array(labels)))


def test_average_precision_of_one_picture():
    assert average_precision([-3.0], [1]) == 1


@pytest.mark.parametrize(
    "scores, labels, match",
    [
        ([1.0], [1, 1], "must be \\(N,\\)"),
        ([np.nan], [1], "Received NaN"),
        ([1.0], [2], "must be 1 \\(present\\)"),
    ],
)
def test_average_precision_refuses(scores, labels, match):
    with pytest.raises(ValueError, match=match):
        average_precision(scores, labels)
