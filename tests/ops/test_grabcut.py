import numpy as np
import pytest
from scipy import ndimage

from ops.grabcut import refine_with_grabcut
from ops.opencv import cv2


def draw_disc(size=(120, 160), radius=30):
    """Draw a red disc on flat grey with noise; the picture and the disc's mask."""
    centre = np.array(size)[:, None, None] / 2
    mask = np.hypot(*(np.indices(size) - centre)) <= radius
    image = np.where(mask[..., None], (190, 60, 50), (120, 125, 130)).astype(float)
    image += np.random.default_rng(0).normal(0, 6, image.shape)
    return image.clip(0, 255).astype(np.uint8), mask


def overlap(cut, mask):
    return ((cut >= 0.5) & mask).sum() / ((cut >= 0.5) | mask).sum()


@pytest.mark.parametrize("longer_side", [80, 256])
def test_refine_with_grabcut_finds_the_outline(longer_side):
    image, mask = draw_disc()
    rough = ndimage.gaussian_filter(mask.astype(float), 12)
    rough = np.roll(rough, 8, axis=1)
    cut = refine_with_grabcut(image, rough, longer_side=longer_side)
    assert overlap(rough / rough.max(), mask) < 0.75 and overlap(cut, mask) > 0.95
    assert cut.shape == mask.shape and cut.dtype == np.float32
    assert cut.min() == 0 and cut.max() == 1


def test_refine_with_grabcut_takes_a_map_of_any_scale():
    image, mask = draw_disc()
    rough = ndimage.gaussian_filter(mask.astype(np.float32), 8)
    first, second = (refine_with_grabcut(image, scale * rough) for scale in (1, 256))
    np.testing.assert_array_equal(first, second)


def test_refine_with_grabcut_does_not_hang_on_earlier_calls():
    draws = np.random.default_rng(0)
    image = draws.integers(0, 255, (60, 70, 3)).astype(np.uint8)
    rough = ndimage.gaussian_filter(draws.random((60, 70)), 5)
    rough -= rough.min()
    first = refine_with_grabcut(image, rough)
    cv2.setRNGSeed(12345)
    np.testing.assert_array_equal(refine_with_grabcut(image, rough), first)


def test_refine_with_grabcut_leaves_its_inputs():
    image, mask = draw_disc()
    rough, picture = mask.astype(np.float32) * 3, image.copy()
    refine_with_grabcut(image, rough)
    assert (rough == mask * 3).all() and (image == picture).all()


def test_refine_with_grabcut_takes_grey():
    image, mask = draw_disc()
    rough = ndimage.gaussian_filter(mask.astype(float), 8)
    assert overlap(refine_with_grabcut(image[..., 1], rough), mask) > 0.95


def test_refine_with_grabcut_of_nothing_is_nothing():
    cut = refine_with_grabcut(np.full((30, 40, 3), 9, np.uint8), np.zeros((30, 40)))
    assert not cut.any() and cut.shape == (30, 40)


def test_refine_with_grabcut_of_all_foreground_is_the_map():
    image, mask = draw_disc()
    flat = np.full(mask.shape, 4.0)
    assert (refine_with_grabcut(image, flat) == 1).all()


def test_refine_with_grabcut_of_too_little_foreground_is_the_map():
    image, mask = draw_disc()
    rough = np.zeros(mask.shape, np.float32)
    rough[5, 5:9] = 2
    np.testing.assert_array_equal(refine_with_grabcut(image, rough), rough / 2)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 3), (1, 600)])
def test_refine_with_grabcut_of_tiny_pictures(size):
    draws = np.random.default_rng(0)
    image = draws.integers(0, 255, (*size, 3)).astype(np.uint8)
    cut = refine_with_grabcut(image, draws.random(size))
    assert cut.shape == size and np.isfinite(cut).all()


@pytest.mark.parametrize("saliency", [np.zeros((5, 5)), np.full((4, 6), np.nan)])
def test_refine_with_grabcut_refuses_other_maps(saliency):
    with pytest.raises(ValueError, match="`saliency` must be a finite map"):
        refine_with_grabcut(np.zeros((4, 6, 3), np.uint8), saliency)
