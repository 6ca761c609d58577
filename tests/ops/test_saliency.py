import warnings

import numpy as np
import pytest
from scipy.optimize import minimize

from ops.saliency import (
    background_probability,
    check_picture,
    rate_superpixels,
    robust_background_saliency,
)
from ops.superpixels import Superpixels


def draw_disc(row=60, column=80, size=(120, 160), radius=30, seed=0):
    """Draw a red disc on flat grey with noise; the picture and the disc's mask."""
    mask = np.hypot(*(np.indices(size) - np.array([row, column])[:, None, None])) <= radius
    image = np.where(mask[..., None], (190, 60, 50), (120, 125, 130)).astype(float)
    image += np.random.default_rng(seed).normal(0, 6, image.shape)
    return image.clip(0, 255).astype(np.uint8), mask


def overlap(saliency, mask):
    found = saliency >= 0.5 * saliency.max()
    return (found & mask).sum() / (found | mask).sum()


def test_robust_background_saliency_finds_a_disc():
    image, mask = draw_disc()
    saliency = robust_background_saliency(image)
    assert overlap(saliency, mask) > 0.9
    assert saliency.shape == mask.shape and saliency.dtype == np.float32
    assert saliency.min() >= 0 and saliency.max() == 1


@pytest.mark.parametrize("place", [(45, 50), (75, 105)])
def test_robust_background_saliency_moves_with_the_disc(place):
    image, mask = draw_disc(*place)
    assert overlap(robust_background_saliency(image), mask) > 0.9


def test_robust_background_saliency_of_a_large_picture_has_its_size():
    image, mask = draw_disc(180, 240, (350, 480), 90)
    saliency = robust_background_saliency(image)
    assert saliency.shape == mask.shape and saliency.max() == 1
    assert overlap(saliency, mask) > 0.9


def test_robust_background_saliency_is_repeatable():
    image, _ = draw_disc()
    first, second = (robust_background_saliency(image) for _ in range(2))
    assert (first == second).all()


@pytest.mark.parametrize("channels", [(), (1,)])
def test_robust_background_saliency_takes_grey(channels):
    image, mask = draw_disc()
    grey = image[..., 1].reshape(*mask.shape, *channels)
    saliency = robust_background_saliency(grey)
    assert overlap(saliency, mask) > 0.9
    three = np.repeat(image[..., 1:2], 3, axis=2)
    np.testing.assert_array_equal(saliency, robust_background_saliency(three))


@pytest.mark.parametrize("value", [0, 77, 255])
def test_robust_background_saliency_of_one_colour_is_zero(value):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        saliency = robust_background_saliency(np.full((40, 60, 3), value, np.uint8))
    assert saliency.shape == (40, 60) and not saliency.any()


def test_robust_background_saliency_of_rounding_noise_is_zero():
    image = np.full((80, 90, 3), 128) + np.random.default_rng(0).integers(0, 2, (80, 90, 1))
    assert not robust_background_saliency(image.astype(np.uint8)).any()


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (2, 2), (5, 9), (1, 700), (700, 2), (16, 16)])
def test_robust_background_saliency_of_tiny_pictures(size):
    image = np.random.default_rng(0).integers(0, 255, (*size, 3)).astype(np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        saliency = robust_background_saliency(image)
    assert saliency.shape == size and np.isfinite(saliency).all()


def line_of_patches():
    """Three patches in a row, colours 0, 0 and 60 in L; the first and the last on the border."""
    lightness = np.array([0.0, 0.0, 60.0])
    return Superpixels(
        labels=np.array([[0, 1, 2]], np.int32),
        colours=np.stack([lightness, 0 * lightness, 0 * lightness], axis=1),
        centres=np.array([[0, 0], [0, 0.25], [0, 0.5]]),
        touching=np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], bool),
        on_border=np.array([True, False, True]),
    )


def test_background_probability_by_hand():
    # Paths: 0 between the first two, 60 to the third, whose exp(-60^2 / 200) is 1.5e-8.
    # len = 1, 1, 1; area = 2, 2, 1; con^2 = 1/2, 1/2, 1.
    expected = 1 - np.exp(-np.array([0.5, 0.5, 1]) / 2)
    np.testing.assert_allclose(background_probability(line_of_patches()), expected, atol=1e-7)


def test_background_probability_jumps_along_the_border():
    # The middle patch parts two of one colour: len = 2 for both by the jump, area = 2.
    patches = line_of_patches()._replace(colours=np.array([[0.0, 0, 0], [60, 0, 0], [0, 0, 0]]))
    con = np.array([2 / np.sqrt(2), 0, 2 / np.sqrt(2)])
    expected = 1 - np.exp(-(con**2) / 2)
    np.testing.assert_allclose(background_probability(patches), expected, atol=1e-7)


def test_rate_superpixels_minimises_its_cost():
    patches = line_of_patches()
    background = 1 - np.exp(-np.array([0.5, 0.5, 1]) / 2)
    near = np.exp(-(np.array([0.5, 0.25]) ** 2) / (2 * 0.25**2))
    # Contrast: 60 to the third patch for the first two, 60 to both of them for the third.
    contrast = 60 * np.array([*(near * background[2]), near @ background[:2]])
    contrast = (contrast - contrast.min()) / np.ptp(contrast)
    pair = {(0, 1): 1.1, (1, 2): 0.1}  # exp(0) + .1 and exp(-18) + .1

    def cost(s):
        steps = sum(w * (s[p] - s[q]) ** 2 for (p, q), w in pair.items())
        return 5 * background @ s**2 + contrast @ (s - 1) ** 2 + steps

    rated = rate_superpixels(patches)
    best = minimize(cost, np.zeros(3), tol=1e-10).x
    np.testing.assert_allclose(rated, (best - best.min()) / np.ptp(best), atol=1e-4)


@pytest.mark.parametrize("shape", [(4,), (0, 5, 3), (5, 0), (4, 4, 2), (4, 4, 4), (1, 4, 4, 3)])
def test_check_picture_refuses_other_shapes(shape):
    with pytest.raises(ValueError, match=r"`image` must be \(H, W, 3\) RGB or \(H, W\) grey"):
        check_picture(np.zeros(shape, np.uint8))


def test_check_picture_refuses_floats():
    with pytest.raises(ValueError, match="must be uint8, 0 to 255. Received float64"):
        check_picture(np.zeros((4, 4, 3)))
