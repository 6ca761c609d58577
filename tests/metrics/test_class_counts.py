import numpy as np
import pytest

from config.errors import InputError
from metrics.class_counts import class_count_metrics


def test_class_count_metrics_by_hand():
    counts = np.array([[0, 3], [4, 0], [0, 8]])
    predicted = np.array([[3, 3], [4, 0], [0, 2]])
    metrics = class_count_metrics(counts, predicted)
    # Class 1: squares 9, 0, 0; class 2: 0, 0, 36. Relative: 9 / 1; 36 / 9.
    assert metrics["m_rmse"] == pytest.approx((3**0.5 + 12**0.5) / 2)
    assert metrics["m_rmse_nz"] == pytest.approx((0 + 18**0.5) / 2)
    assert metrics["m_rel_rmse"] == pytest.approx((3**0.5 + (4 / 3) ** 0.5) / 2)
    assert metrics["m_rel_rmse_nz"] == pytest.approx((0 + 2**0.5) / 2)


def test_class_count_metrics_leave_out_a_class_that_never_occurs():
    metrics = class_count_metrics([[2, 0]], [[4, 1]])
    assert metrics["m_rmse_nz"] == 2.0 and metrics["m_rmse"] == 1.5


def test_class_count_metrics_of_empty_pictures_and_nan():
    metrics = class_count_metrics(np.zeros((2, 3)), np.zeros((2, 3)))
    assert metrics["m_rmse"] == 0 and np.isnan(metrics["m_rmse_nz"])
    assert np.isnan(class_count_metrics([[1.0]], [[np.nan]])["m_rmse"])


@pytest.mark.parametrize("shapes", [((0, 2), (0, 2)), ((2,), (2,)), ((2, 2), (2, 3))])
def test_class_count_metrics_name_bad_shapes(shapes):
    with pytest.raises(InputError, match=r"must be \(N, K\) of one shape.*Received shapes"):
        class_count_metrics(*map(np.zeros, shapes))
