from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax

from benchmarks.dense_crf_fixture import CASES
from ops.dense_crf import dense_crf
from ops.pixel_features import bilateral_features, position_features

GOLDEN = np.load(Path(__file__).parents[1] / "fixtures" / "dense_crf.npz")


def draw_case(size=(14, 18), num_labels=3, seed=0):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (*size, 3)).astype(np.uint8)
    return image, rng.uniform(0, 3, (*size, num_labels))


def infer_exactly(image, unary, bilateral, gaussian, iterations):
    """Mean field on the dense N x N kernels."""
    flat = unary.reshape(-1, unary.shape[2])
    weight, position, colour = bilateral
    pairs = [(weight, bilateral_features(image, position=position, colour=colour))]
    pairs.append((gaussian[0], position_features(image.shape[:2], gaussian[1])))
    total = 0
    for weight, features in pairs:
        distances = ((features[:, None].astype(float) - features) ** 2).sum(axis=2)
        kernel = np.exp(-distances / 2)
        root = np.sqrt(kernel.sum(axis=1))
        total = total + weight * kernel / root[:, None] / root
    marginals = softmax(-flat, axis=1)
    for _ in range(iterations):
        marginals = softmax(-flat + total @ marginals, axis=1)
    return marginals.reshape(unary.shape)


# Stored results of pydensecrf2 1.1. The bars are argmax equal on 99.5 % and marginals within 2e-2;
# measured are 100 % and the rounding of float16, 2.4e-4.
@pytest.mark.parametrize("name", CASES)
def test_dense_crf_equals_pydensecrf(name):
    image, unary = GOLDEN[f"{name}_image"], GOLDEN[f"{name}_unary"] / 16
    expected = GOLDEN[f"{name}_marginals"].astype(np.float32)
    marginals = dense_crf(image, unary, **CASES[name][3])
    assert (marginals.argmax(axis=2) == expected.argmax(axis=2)).mean() >= 0.995
    np.testing.assert_allclose(marginals, expected, atol=1e-3)
    # The stored cases are no easy ones: the unary alone is far off.
    assert np.abs(softmax(-unary, axis=2) - expected).max() > 0.5


def test_dense_crf_is_near_the_exact_mean_field():
    image, unary = GOLDEN["two_image"], GOLDEN["two_unary"] / 16
    options = {"bilateral": (4, 121, 5), "gaussian": (3, 3), "iterations": 10}
    own, exact = dense_crf(image, unary, **options), infer_exactly(image, unary, **options)
    assert (own.argmax(axis=2) == exact.argmax(axis=2)).mean() > 0.97
    assert np.abs(own - exact).mean() < 0.02


def test_dense_crf_without_iterations_or_weights_is_the_softmax():
    image, unary = draw_case()
    expected = softmax(-unary, axis=2)
    for options in ({"iterations": 0}, {"bilateral": (0, 1, 1), "gaussian": (0, 1)}):
        np.testing.assert_allclose(dense_crf(image, unary, **options), expected, atol=1e-6)


@pytest.mark.parametrize("kernels", [{"bilateral": (0, 1, 1)}, {"gaussian": (0, 1)}])
def test_dense_crf_runs_with_one_kernel(kernels):
    image, unary = draw_case()
    marginals = dense_crf(image, unary, **kernels)
    np.testing.assert_allclose(marginals.sum(axis=2), 1, rtol=1e-5)
    assert np.abs(marginals - softmax(-unary, axis=2)).max() > 0.1


def test_dense_crf_of_one_pixel_adds_the_weights_to_its_own_probability():
    # Normalised, A = 1: Q <- softmax(-unary + (4 + 3) Q), three times.
    expected = softmax([-1.0, -1.1])
    for _ in range(3):
        expected = softmax(np.array([-1.0, -1.1]) + 7 * expected)
    unary = np.array([[[1.0, 1.1]]])
    marginals = dense_crf(np.full((1, 1, 3), 9, np.uint8), unary, iterations=3)
    np.testing.assert_allclose(marginals[0, 0], expected, rtol=1e-4)


def test_dense_crf_follows_the_edge():
    # Left half dark, right half bright; the energies know only the outermost columns.
    image = np.zeros((16, 20, 3), np.uint8)
    image[:, 10:] = 200
    unary = np.full((16, 20, 2), 0.69)
    unary[:, 0], unary[:, -1] = [0.1, 2.3], [2.3, 0.1]
    labels = dense_crf(image, unary).argmax(axis=2)
    np.testing.assert_array_equal(labels, np.tile(np.arange(20) >= 10, (16, 1)))
    swapped = dense_crf(image, unary[..., ::-1]).argmax(axis=2)
    np.testing.assert_array_equal(swapped, 1 - labels)


def test_dense_crf_smooths_an_isolated_pixel():
    image, unary = np.full((11, 11, 3), 90, np.uint8), np.zeros((11, 11, 2))
    unary[..., 1] = 1
    unary[5, 5] = [1, 0]
    assert dense_crf(image, unary).argmax(axis=2).max() == 0


def test_dense_crf_keeps_the_order_of_labels_on_a_constant_picture():
    image, unary = np.full((9, 12, 3), 128, np.uint8), np.tile([0.5, 0.2, 0.9], (9, 12, 1))
    marginals = dense_crf(image, unary)
    assert (np.argsort(marginals, axis=2) == [2, 0, 1]).all()


def test_dense_crf_treats_labels_alike():
    image, unary = draw_case(num_labels=5)
    order = [3, 0, 4, 1, 2]
    expected = dense_crf(image, unary)[..., order]
    np.testing.assert_allclose(dense_crf(image, unary[..., order]), expected, atol=1e-4)


def test_dense_crf_of_one_label_and_of_an_empty_picture():
    image, unary = draw_case(num_labels=1)
    assert (dense_crf(image, unary) == 1).all()
    assert dense_crf(np.zeros((0, 5, 3)), np.zeros((0, 5, 2))).shape == (0, 5, 2)


@pytest.mark.parametrize("size", [(1, 9), (9, 1), (1, 1)])
def test_dense_crf_takes_thin_pictures(size):
    marginals = dense_crf(*draw_case(size))
    assert marginals.shape == (*size, 3) and marginals.dtype == np.float32
    np.testing.assert_allclose(marginals.sum(axis=2), 1, rtol=1e-5)


def test_dense_crf_scale_factor_divides_both_places():
    image, unary = draw_case()
    scaled = dense_crf(image, unary, bilateral=(4, 60, 9), gaussian=(3, 6), scale_factor=3)
    plain = dense_crf(image, unary, bilateral=(4, 20, 9), gaussian=(3, 2))
    np.testing.assert_array_equal(scaled, plain)


def test_dense_crf_is_the_same_with_any_number_of_threads():
    image, unary = draw_case((70, 90))  # more pixels than one part
    expected = dense_crf(image, unary, num_threads=1)
    for num_threads in (2, 3, None):
        np.testing.assert_array_equal(dense_crf(image, unary, num_threads=num_threads), expected)


def test_dense_crf_leaves_its_inputs():
    image, unary = draw_case()
    unary = unary.astype(np.float32)
    before = image.copy(), unary.copy()
    dense_crf(image, unary, iterations=1)
    assert (image == before[0]).all() and (unary == before[1]).all()


def test_dense_crf_never_gives_a_label_that_is_ruled_out():
    image, unary = draw_case()
    unary[..., 1] = np.inf
    marginals = dense_crf(image, unary)
    assert (marginals[..., 1] == 0).all() and np.isfinite(marginals).all()


def test_dense_crf_takes_very_large_energies():
    image, unary = draw_case()
    assert np.isfinite(dense_crf(image, 1e30 * unary)).all()


@pytest.mark.parametrize("bad", [np.nan, -np.inf, [np.inf] * 3])
def test_dense_crf_refuses_energies_without_meaning(bad):
    image, unary = draw_case()
    unary[2, 3] = bad
    with pytest.raises(ValueError, match="`unary` must hold numbers"):
        dense_crf(image, unary)


def test_dense_crf_refuses_a_picture_with_nan():
    image, unary = draw_case()
    image = image.astype(float)
    image[0, 0] = np.nan
    with pytest.raises(ValueError, match="must be finite"):
        dense_crf(image, unary)


@pytest.mark.parametrize("shape", [(14, 18), (3, 14, 18), (18, 14, 3), (14, 18, 0)])
def test_dense_crf_names_a_wrong_unary(shape):
    with pytest.raises(ValueError, match=r"`unary` must be \(H, W, L\)"):
        dense_crf(draw_case()[0], np.zeros(shape))


def test_dense_crf_names_a_wrong_picture():
    with pytest.raises(ValueError, match=r"`image` must be \(H, W, 3\)"):
        dense_crf(np.zeros((14, 18)), draw_case()[1])


@pytest.mark.parametrize(
    "options, message",
    [
        ({"bilateral": (4, 121)}, r"`bilateral` must be \(weight, position, colour\)"),
        ({"gaussian": (-1, 3)}, "Weights must be finite, at least 0"),
        ({"bilateral": (np.inf, 3, 3)}, "Weights must be finite, at least 0"),
        ({"gaussian": (np.nan, 3)}, "Weights must be finite, at least 0"),
        ({"bilateral": (4, 0, 5)}, "deviation must be above 0"),
        ({"scale_factor": 0.0}, "`scale_factor` must be above 0"),
        ({"iterations": -1}, "`iterations` must be at least 0"),
        ({"num_threads": 0}, "`num_threads` must be at least 1"),
    ],
)
def test_dense_crf_names_a_wrong_option(options, message):
    with pytest.raises(ValueError, match=message):
        dense_crf(*draw_case(), **options)
