import numpy as np

from ops.lattice_loops import find_bounds, find_neighbours, number_vertices


def test_number_vertices_keeps_its_numbers_when_the_table_grows():
    # 5000 distinct keys: the table starts with room for 1024 and doubles three times.
    distinct = np.random.default_rng(0).permutation(10**6)[:5000] - 500_000
    keys = np.concatenate([distinct, distinct[::-1]]).reshape(-1, 2)
    vertices, found, _ = number_vertices(keys)
    np.testing.assert_array_equal(found, distinct)
    np.testing.assert_array_equal(found[vertices], keys)


def test_number_vertices_of_no_point():
    vertices, found, _ = number_vertices(np.zeros((0, 3), np.int64))
    assert vertices.shape == (0, 3) and found.size == 0


def test_find_neighbours_looks_both_ways():
    found, table = number_vertices(np.array([[10, 13, 16, 11]]))[1:]
    neighbours = np.empty((1, 2, 5), np.int32)
    find_neighbours(found, table, np.array([3]), neighbours)
    # 13 follows 10, 16 follows 13; 11 stands alone; 4 is nothing.
    assert neighbours.tolist() == [[[4, 0, 1, 4, 4], [1, 2, 4, 4, 4]]]


def test_find_bounds_lets_nan_through_in_any_row():
    for row in range(3):
        features = np.ones((3, 2), np.float32)
        features[row, 0] = np.nan
        low, high = find_bounds(features)
        assert np.isnan([low[0], high[0]]).all() and low[1] == high[1] == 1


def test_find_bounds_of_one_row_and_of_none():
    low, high = find_bounds(np.array([[-2.0, 5.0]], np.float32))
    assert low.tolist() == high.tolist() == [-2, 5]
    low, high = find_bounds(np.zeros((0, 1), np.float32))
    assert low[0] == np.inf and high[0] == -np.inf
