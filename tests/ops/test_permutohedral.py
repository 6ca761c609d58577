import numpy as np
import pytest
from scipy import sparse
from scipy.ndimage import gaussian_filter

from ops.lattice import build_lattice
from ops.permutohedral import filter_factor, normalize_lattice, permutohedral_filter
from ops.pixel_features import bilateral_features, colour_features, position_features


def draw_picture(size=(20, 26), seed=0):
    rng = np.random.default_rng(seed)
    smooth = gaussian_filter(rng.normal(size=(*size, 3)), (3, 3, 0))
    return np.clip(128 + 40 * smooth / smooth.std(), 0, 255).astype(np.uint8)


def picture_lattice(size=(20, 26), position=100, colour=15):
    return build_lattice(bilateral_features(draw_picture(size), position=position, colour=colour))


def filter_exactly(features, values):
    distances = ((features[:, None].astype(float) - features) ** 2).sum(axis=2)
    return np.exp(-distances / 2) @ values


def sparse_matrices(lattice):
    """Interpolation (N, M) and the blur of each axis (M, M)."""
    num_points, corners = lattice.vertices.shape
    num_vertices = lattice.neighbours.shape[2] - 1
    rows = np.repeat(np.arange(num_points), corners)
    entries = (lattice.weights.ravel(), (rows, lattice.vertices.ravel()))
    blurs = []
    for sides in lattice.neighbours[:, :, :-1]:
        blur = sparse.lil_matrix((num_vertices, num_vertices))
        blur.setdiag(1)
        for side in sides:
            used = np.flatnonzero(side < num_vertices)
            blur[used, side[used]] = 0.5
        blurs.append(blur.tocsr())
    return sparse.csr_matrix(entries, (num_points, num_vertices)), blurs


def two_tone(size, left=60, right=180):
    image = np.full((size, size, 3), left, np.float32)
    image[:, size // 2 :] = right
    return image


def relaxed_potts(features, foreground):
    """Minus the sum of S^T W S over both labels: the video system's CRF loss but for its weight."""
    maps = np.stack([foreground.ravel(), 1 - foreground.ravel()], axis=1)
    return -(maps * permutohedral_filter(build_lattice(features), maps)).sum()


@pytest.mark.parametrize("adjoint", [False, True])
def test_permutohedral_filter_equals_a_product_of_sparse_matrices(adjoint):
    lattice = picture_lattice()
    values = np.random.default_rng(1).normal(size=(20 * 26, 3))
    interpolation, blurs = sparse_matrices(lattice)
    expected = interpolation.T @ values
    for blur in blurs[::-1] if adjoint else blurs:
        expected = blur @ expected
    expected = interpolation @ expected / (1 + 1 / 32)
    filtered = permutohedral_filter(lattice, values, adjoint=adjoint)
    np.testing.assert_allclose(filtered, expected, atol=1e-5 * np.abs(expected).max())


def test_permutohedral_filter_has_its_adjoint():
    lattice = picture_lattice()
    x, y = np.random.default_rng(2).normal(size=(2, 20 * 26, 1))
    forth = (permutohedral_filter(lattice, x) * y).sum()
    back = (permutohedral_filter(lattice, y, adjoint=True) * x).sum()
    assert forth == pytest.approx(back, rel=1e-4)
    # The order of the axes matters: the filter is not quite symmetric.
    assert abs(forth - (permutohedral_filter(lattice, y) * x).sum()) > 1e-3 * abs(forth)


def test_permutohedral_filter_is_linear():
    lattice = picture_lattice()
    x, y = np.random.default_rng(3).normal(size=(2, 20 * 26, 2))
    together = permutohedral_filter(lattice, 2 * x - y)
    apart = 2 * permutohedral_filter(lattice, x) - permutohedral_filter(lattice, y)
    np.testing.assert_allclose(together, apart, atol=1e-3)


# The error of the approximation that the docstring states, with some room.
@pytest.mark.parametrize("position, colour", [(121, 5), (100, 15), (80, 13)])
def test_permutohedral_filter_is_near_the_exact_kernel(position, colour):
    features = bilateral_features(draw_picture(), position=position, colour=colour)
    lattice = build_lattice(features)
    values = gaussian_filter(np.random.default_rng(4).random((20, 26)), 2).reshape(-1, 1)
    values = (values - values.min()) / np.ptp(values)
    own, exact = permutohedral_filter(lattice, values), filter_exactly(features, values)
    assert np.corrcoef(own[:, 0], exact[:, 0])[0, 1] > 0.96
    assert 0.4 < own.sum() / exact.sum() < 0.6
    ones = np.ones_like(values)
    own /= permutohedral_filter(lattice, ones)
    exact /= filter_exactly(features, ones)
    assert np.abs(own - exact).mean() < 0.01 and np.abs(own - exact).max() < 0.16


@pytest.mark.parametrize("deviation", [2, 5])
def test_permutohedral_filter_of_places_is_near_the_exact_kernel(deviation):
    features = position_features((24, 30), deviation)
    lattice = build_lattice(features)
    values = np.random.default_rng(5).random((24 * 30, 1))
    own, exact = permutohedral_filter(lattice, values), filter_exactly(features, values)
    assert own.sum() / exact.sum() == pytest.approx(0.87, abs=0.02)
    ones = np.ones_like(values)
    own /= permutohedral_filter(lattice, ones)
    exact /= filter_exactly(features, ones)
    assert np.abs(own - exact).mean() < 0.006 and np.abs(own - exact).max() < 0.03


# Values of Kraehenbuehl and Koltun's compiled filter, as the specification of the video system
# records them: 8 x 8, left half 60, right half 180, deviations 100 and 15.
@pytest.mark.parametrize(
    "kind, expected", [("aligned", -990.511), ("half", -495.255), ("crossing", -495.526)]
)
def test_permutohedral_filter_equals_the_published_code(kind, expected):
    foreground = {
        "aligned": np.tile(np.arange(8) >= 4, (8, 1)).astype(float),
        "half": np.full((8, 8), 0.5),
        "crossing": np.tile(np.arange(8) >= 4, (8, 1)).T.astype(float),
    }[kind]
    features = bilateral_features(two_tone(8), position=100, colour=15)
    assert relaxed_potts(features, foreground) == pytest.approx(expected, rel=2e-6)


def test_permutohedral_filter_equals_the_published_code_elsewhere():
    aligned = np.tile(np.arange(8) >= 4, (8, 1)).astype(float)
    colours = colour_features(two_tone(8), 15)
    assert relaxed_potts(colours, aligned) == pytest.approx(-1184.77, rel=5e-6)
    constant = bilateral_features(two_tone(8, 100, 100), position=100, colour=15)
    assert relaxed_potts(constant, aligned) == pytest.approx(-965.919, rel=2e-6)
    large = bilateral_features(two_tone(16), position=100, colour=15)
    aligned = np.tile(np.arange(16) >= 8, (16, 1)).astype(float)
    assert relaxed_potts(large, aligned) == pytest.approx(-15282.89, rel=2e-6)


def test_permutohedral_filter_keeps_constants_when_divided_by_the_filtered_ones():
    lattice = picture_lattice()
    constant = permutohedral_filter(lattice, np.full((20 * 26, 1), 3.5))
    ones = permutohedral_filter(lattice, np.ones((20 * 26, 1)))
    np.testing.assert_allclose(constant / ones, 3.5, rtol=1e-5)


def test_normalize_lattice_keeps_the_root_of_the_filtered_ones():
    # With A1 = s, the normalised filter is s^-1/2 A s^-1/2: it maps s^1/2 to s^-1/2 s = s^1/2.
    lattice = picture_lattice()
    root = np.sqrt(permutohedral_filter(lattice, np.ones((20 * 26, 1))))
    kept = permutohedral_filter(normalize_lattice(lattice), root)
    np.testing.assert_allclose(kept, root, rtol=1e-4)


def test_normalize_lattice_makes_far_points_keep_their_values():
    lattice = normalize_lattice(build_lattice([[0.0, 0.0], [50.0, 0.0], [0.0, 50.0]]))
    values = np.array([[1.0], [2.0], [-3.0]])
    np.testing.assert_allclose(permutohedral_filter(lattice, values), values, rtol=1e-5)


def test_permutohedral_filter_of_nothing():
    empty = build_lattice(np.zeros((0, 5)))
    assert permutohedral_filter(empty, np.zeros((0, 3))).shape == (0, 3)
    assert permutohedral_filter(picture_lattice(), np.zeros((20 * 26, 0))).shape == (20 * 26, 0)
    assert normalize_lattice(empty).weights.shape == (0, 6)


def test_permutohedral_filter_of_one_point():
    # One corner's weight is w_k; after D + 1 blurs the vertices around it matter, so by hand only
    # for D = 1 at a vertex: weights (1, 0), no neighbour of weight; each of 2 axes joins both
    # vertices: v = (1, 0) -> (1, .5) -> (1.25, 1), and the factor is 1 / 1.5.
    filtered = permutohedral_filter(build_lattice([[0.0]]), [[6.0]])
    np.testing.assert_allclose(filtered, [[6 * 1.25 / 1.5]], rtol=1e-6)


def test_permutohedral_filter_shows_nan():
    lattice = build_lattice([[0.0], [0.1], [90.0]])
    filtered = permutohedral_filter(lattice, [[np.nan], [1.0], [1.0]])
    assert np.isnan(filtered[:2]).all() and np.isfinite(filtered[2])


@pytest.mark.parametrize("shape", [(4,), (5, 1), (2, 2, 1)])
def test_permutohedral_filter_names_a_wrong_shape(shape):
    with pytest.raises(ValueError, match=r"`values` must be \(N, C\) with N = 4"):
        permutohedral_filter(build_lattice(np.zeros((4, 2))), np.zeros(shape))


def test_filter_factor_follows_the_dimensions():
    assert filter_factor(build_lattice(np.zeros((1, 1)))) == np.float32(2 / 3)
    assert filter_factor(build_lattice(np.zeros((1, 5)))) == np.float32(32 / 33)
