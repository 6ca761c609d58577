import numpy as np
import pytest

from ops.plain_backgrounds import add_grain, smooth_background

RNG = np.random.default_rng


def test_smooth_background_knows_nothing_of_the_objects():
    rows, columns = np.indices((60, 80))
    ramp = np.repeat((40 + columns / 2)[..., None], 3, axis=2)
    objects = np.hypot(rows - 30, columns - 40) < 8
    image = np.where(objects[..., None], 255, ramp).astype(np.uint8)
    ground = smooth_background(image, objects, sigma=10)
    np.testing.assert_allclose(ground[22:39, 32:49], ramp[22:39, 32:49], atol=3)
    image[objects] = 0
    np.testing.assert_array_equal(smooth_background(image, objects, sigma=10), ground)


def test_smooth_background_far_from_all_that_is_known_is_the_median():
    image = np.full((10, 200, 3), 255, np.uint8)
    objects = np.ones((10, 200), bool)
    image[:, :6], objects[:, :6] = 30, False
    np.testing.assert_allclose(smooth_background(image, objects, sigma=3)[:, 100:], 30, atol=1e-3)


@pytest.mark.parametrize("covered", [True, False])
def test_smooth_background_of_a_plain_picture_is_plain(covered):
    image = np.full((1, 3, 3), 77, np.uint8)
    np.testing.assert_allclose(smooth_background(image, np.full((1, 3), covered), sigma=2), 77)


def test_add_grain_has_the_noise_of_the_picture():
    noise = RNG(0).normal(0, 6, (64, 80, 3))
    image = np.rint(100 + noise).clip(0, 255).astype(np.uint8)
    objects = np.zeros((64, 80), bool)
    objects[10:20, 10:20] = True
    image[objects] = 255
    grained = add_grain(np.full((64, 80, 3), 100.0), image, objects, RNG(1))
    assert grained.std() == pytest.approx(6, rel=0.15)
    assert grained.mean() == pytest.approx(100, abs=0.5) and grained.max() < 140


def test_add_grain_draws_with_its_generator():
    image = RNG(0).integers(90, 110, (32, 32, 3)).astype(np.uint8)
    none = np.zeros((32, 32), bool)
    first, again, other = (add_grain(image * 0 + 99, image, none, RNG(s)) for s in (1, 1, 2))
    assert (first == again).all() and (first != other).any()


def test_add_grain_without_a_free_block_is_the_ground():
    image = RNG(0).integers(0, 255, (5, 7, 3)).astype(np.uint8)
    ground = np.full((5, 7, 3), 12.4)
    assert (add_grain(ground, image, np.zeros((5, 7), bool), RNG(0)) == 12).all()


def test_smooth_background_refuses():
    image = np.zeros((4, 5, 3), np.uint8)
    with pytest.raises(ValueError, match="`sigma` must be above 0"):
        smooth_background(image, np.zeros((4, 5), bool), sigma=0)
    with pytest.raises(ValueError, match="`objects` must be a bool map"):
        smooth_background(image, np.zeros((4, 5)), sigma=1)


def test_add_grain_refuses():
    image, none = np.zeros((4, 5, 3), np.uint8), np.zeros((4, 5), bool)
    with pytest.raises(ValueError, match="`ground` must be of the picture's shape"):
        add_grain(np.zeros((4, 5)), image, none, RNG(0))
    with pytest.raises(ValueError, match="`objects` must be a bool map"):
        add_grain(image, image, none[:2], RNG(0))
