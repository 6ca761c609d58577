import numpy as np
import pytest

from ops.lattice import Lattice, build_lattice, join_lattices
from ops.permutohedral import permutohedral_filter


def draw_features(num_points=40, dimensions=5, seed=0, spread=2.0):
    return spread * np.random.default_rng(seed).normal(size=(num_points, dimensions))


def corner_coordinates(features):
    """Vertices of the cell around each point, from the definition: (N, D + 1, D + 1) integers.

    A vertex has D + 1 whole coordinates equal modulo D + 1 with sum 0. Of all near a point, the
    corners of its cell are those whose barycentric system has weights of at least 0: found here
    by sorting the distances to each remainder's nearest vertex.
    """
    num_points, dim = features.shape
    axes = np.arange(1, dim + 1)
    matrix = np.tri(dim, dim + 1)
    matrix[axes - 1, axes] = -axes
    scale = (dim + 1) * np.sqrt(2 / 3) / np.sqrt(axes * (axes + 1))
    elevated = features @ (scale[:, None] * matrix)  # (N, D + 1)
    corners = np.empty((num_points, dim + 1, dim + 1), int)
    for n, point in enumerate(elevated):
        for k in range(dim + 1):
            # The nearest vertex of remainder k: round, then repair the sum where it costs least.
            target = (point - k) / (dim + 1)
            cell = np.round(target)
            wanted = -k  # sum of (D + 1) * cell + k over D + 1 coordinates is 0
            order = np.argsort(target - cell)
            excess = int(cell.sum() - wanted)
            cell[order[:excess] if excess > 0 else order[dim + 1 + excess :]] -= np.sign(excess)
            corners[n, k] = (dim + 1) * cell + k
    return elevated, corners


@pytest.mark.parametrize("dimensions", [1, 2, 3, 5, 6])
def test_build_lattice_places_points_in_their_cells(dimensions):
    features = draw_features(dimensions=dimensions)
    lattice = build_lattice(features)
    elevated, corners = corner_coordinates(features)
    assert lattice.weights.min() > -1e-5
    np.testing.assert_allclose(lattice.weights.sum(axis=1), 1, atol=1e-5)
    # The weighted mean of the corners is the point.
    mean = (lattice.weights[:, :, None] * corners).sum(axis=1)
    np.testing.assert_allclose(mean, elevated, atol=1e-4)


@pytest.mark.parametrize("dimensions", [1, 2, 5])
def test_build_lattice_numbers_equal_vertices_alike(dimensions):
    features = draw_features(300, dimensions)
    lattice = build_lattice(features)
    coordinates = corner_coordinates(features)[1].reshape(-1, dimensions + 1)
    distinct, first, same = np.unique(coordinates, axis=0, return_index=True, return_inverse=True)
    assert lattice.vertices.max() + 1 == len(distinct) == lattice.neighbours.shape[2] - 1
    np.testing.assert_array_equal(
        lattice.vertices.ravel(), lattice.vertices.ravel()[first][same.ravel()]
    )


@pytest.mark.parametrize("dimensions", [1, 2, 5])
def test_build_lattice_finds_every_neighbour(dimensions):
    features = draw_features(300, dimensions)
    lattice = build_lattice(features)
    coordinates = corner_coordinates(features)[1].reshape(-1, dimensions + 1)
    places = dict(zip(map(tuple, coordinates), lattice.vertices.ravel(), strict=True))
    for axis in range(dimensions + 1):
        step = np.ones(dimensions + 1, int)
        step[axis] -= dimensions + 1
        for place, m in places.items():
            behind, ahead = lattice.neighbours[axis, :, m]
            assert behind == places.get(tuple(np.array(place) - step), len(places))
            assert ahead == places.get(tuple(np.array(place) + step), len(places))


def test_build_lattice_numbers_in_order_of_appearance_and_ends_with_nothing():
    lattice = build_lattice(draw_features())
    _, first = np.unique(lattice.vertices, return_index=True)
    assert (np.diff(first) > 0).all()
    num_vertices = lattice.vertices.max() + 1
    assert (lattice.neighbours[:, :, -1] == num_vertices).all()


def test_build_lattice_of_no_point_and_of_one():
    empty = build_lattice(np.zeros((0, 3)))
    assert [array.shape for array in empty] == [(0, 4), (0, 4), (4, 2, 1)]
    one = build_lattice([[0.3, -7.0, 2.0]])
    assert one.vertices.tolist() == [[0, 1, 2, 3]]


def test_build_lattice_takes_wide_spans_and_refuses_wider_ones():
    assert build_lattice(draw_features(spread=300)).vertices.shape == (40, 6)
    with pytest.raises(ValueError, match="`features` must span fewer deviations"):
        build_lattice(draw_features(spread=1e5))
    # Near each other, but so far from 0 that float32 loses their places.
    with pytest.raises(ValueError, match="`features` must span fewer deviations"):
        build_lattice(np.full((4, 5), 1e9))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_build_lattice_refuses_what_is_not_finite(bad):
    features = draw_features()
    features[3, 1] = bad
    with pytest.raises(ValueError, match="`features` must be finite"):
        build_lattice(features)


@pytest.mark.parametrize("shape", [(4,), (4, 0), (2, 2, 2)])
def test_build_lattice_names_a_wrong_shape(shape):
    with pytest.raises(ValueError, match=r"`features` must be \(N, D\)"):
        build_lattice(np.zeros(shape))


def test_join_lattices_filters_each_by_itself():
    parts = [build_lattice(draw_features(size, seed=size)) for size in (30, 1, 50)]
    values = [np.random.default_rng(i).normal(size=(size, 2)) for i, size in enumerate((30, 1, 50))]
    joined = permutohedral_filter(join_lattices(parts), np.concatenate(values))
    apart = [permutohedral_filter(*pair) for pair in zip(parts, values, strict=True)]
    np.testing.assert_allclose(joined, np.concatenate(apart), atol=1e-5)


def test_join_lattices_of_one_is_that_one():
    lattice = build_lattice(draw_features())
    for own, joined in zip(lattice, join_lattices([lattice]), strict=True):
        assert own.dtype == joined.dtype
        np.testing.assert_array_equal(own, joined)


def test_join_lattices_names_what_does_not_fit():
    with pytest.raises(ValueError, match="one or more of the same number of dimensions"):
        join_lattices([])
    flat, deep = build_lattice(np.zeros((1, 2))), build_lattice(np.zeros((1, 3)))
    with pytest.raises(ValueError, match=r"Received 2 of \[2, 3\] dimensions"):
        join_lattices([flat, deep])
    assert isinstance(join_lattices([flat, flat]), Lattice)
