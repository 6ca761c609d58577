import numpy as np
import pytest

from ops.ranking import rank_pixels


def places(relief):
    return rank_pixels(relief).place.reshape(relief.shape[0] + 2, -1)[1:-1, 1:-1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
def test_rank_pixels_place_is_the_number_of_smaller_pixels(dtype):
    rng = np.random.default_rng(0)
    relief = (rng.normal(size=(17, 23)) * 100).astype(dtype)
    result = places(relief)
    # By definition: the pixels below; shared values are marked by the complement.
    smaller = (relief.ravel()[None] < relief.ravel()[:, None]).sum(1).reshape(relief.shape)
    shared = (relief.ravel()[None] == relief.ravel()[:, None]).sum(1).reshape(relief.shape) > 1
    np.testing.assert_array_equal(result, np.where(shared, ~smaller, smaller))


def test_rank_pixels_orders_negative_infinite_and_tiny_numbers():
    relief = np.array([[np.inf, -1.0, 1e-45, 0.0, -np.inf, 2.0]], np.float32)
    # -inf, -1, 0, the smallest positive float32, 2, inf.
    assert places(relief).tolist() == [[5, 1, 3, 2, 0, 4]]


def test_rank_pixels_treats_minus_zero_as_zero():
    assert places(np.array([[0.0, -0.0]], np.float32)).tolist() == [[-1, -1]]


def test_rank_pixels_takes_maps_that_are_not_contiguous():
    relief = np.arange(12, dtype=np.float32).reshape(3, 4)[:, ::2]
    assert places(relief).tolist() == [[0, 1], [2, 3], [4, 5]]
