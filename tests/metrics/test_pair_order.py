import numpy as np
import pytest

from metrics.pair_order import pair_differences


def test_pair_differences_lists_every_pair_once():
    # Pairs (1, 2), (1, 3), (2, 3): 5 - 2, 5 - 4, 2 - 4.
    assert pair_differences(np.array([[5.0, 2.0, 4.0]])).tolist() == [3.0, 1.0, -2.0]


def test_pair_differences_goes_list_by_list():
    assert pair_differences(np.array([[3, 1], [1, 3]])).tolist() == [2, -2]


@pytest.mark.parametrize("shape", [(0, 3), (3, 1)])
def test_pair_differences_of_too_little_are_none(shape):
    assert pair_differences(np.zeros(shape)).shape == (0,)


def test_pair_differences_keeps_nan_visible():
    assert np.isnan(pair_differences(np.array([[np.nan, 1.0]]))).all()


def test_pair_differences_refuses_one_axis():
    with pytest.raises(ValueError, match="`scores` must be .N, L."):
        pair_differences(np.zeros(3))
