import time

import numpy as np
import pytest

from ops.inpainting import METHODS, inpaint
from ops.patch_filling import fill_with_patches


def draw_ramp(size=(30, 44)):
    """Draw a picture that grows by 2 a column; a smooth surface goes through any hole in it."""
    ramp = np.broadcast_to(2 * np.arange(size[1])[None, :, None] + 20, (*size, 3))
    return ramp.astype(np.uint8)


def draw_hole(size, rows, columns):
    hole = np.zeros(size, bool)
    hole[rows, columns] = True
    return hole


@pytest.mark.parametrize("method", METHODS)
def test_inpaint_removes_a_spot_and_keeps_the_rest(method):
    image = np.full((40, 56, 3), (90, 120, 30), np.uint8)
    hole = draw_hole((40, 56), slice(10, 18), slice(20, 33))
    spotted = np.where(hole[..., None], 255, image).astype(np.uint8)
    before = spotted.copy()
    filled = inpaint(spotted, hole, method=method)
    np.testing.assert_allclose(filled.astype(int), image, atol=2)
    np.testing.assert_array_equal(filled[~hole], image[~hole])
    np.testing.assert_array_equal(spotted, before)
    assert filled.dtype == np.uint8


def test_inpaint_biharmonic_carries_a_ramp_on():
    # A ramp is biharmonic: the equation's solution is the ramp itself.
    image, hole = draw_ramp(), draw_hole((30, 44), slice(12, 17), slice(20, 26))
    spotted = np.where(hole[..., None], 0, image).astype(np.uint8)
    filled = inpaint(spotted, hole, method="biharmonic")
    np.testing.assert_allclose(filled.astype(int), image, atol=2)


def test_inpaint_patches_continues_texture_where_diffusion_blurs():
    # A checkerboard of 4 x 4 pixels: its mean is all that diffusion can know.
    board = (np.indices((64, 80)) // 4).sum(axis=0) % 2 * 200
    image = np.repeat(board[..., None], 3, axis=2).astype(np.uint8)
    hole = draw_hole((64, 80), slice(24, 40), slice(30, 46))
    spotted = np.where(hole[..., None], 99, image).astype(np.uint8)
    errors = {
        method: np.abs(inpaint(spotted, hole, method=method).astype(int) - image)[hole].mean()
        for method in ("patches", "telea")
    }
    assert errors["patches"] < 5 and errors["telea"] > 50


def test_inpaint_patches_does_not_copy_what_is_blocked():
    image = np.full((60, 60, 3), 40, np.uint8)
    image[:, 36:] = 220
    hole = draw_hole((60, 60), slice(20, 36), slice(24, 36))
    blocked = draw_hole((60, 60), slice(None), slice(36, None))
    assert inpaint(image, hole, method="patches", blocked=blocked)[hole].max() == 40


def test_inpaint_patches_fills_two_holes_apart_and_one_at_the_corner():
    image = np.full((50, 90, 3), 70, np.uint8)
    hole = draw_hole((50, 90), slice(0, 9), slice(0, 9)) | draw_hole(
        (50, 90), slice(20, 30), slice(60, 75)
    )
    spotted = np.where(hole[..., None], 255, image).astype(np.uint8)
    np.testing.assert_array_equal(inpaint(spotted, hole, method="patches"), image)


@pytest.mark.parametrize("method", METHODS)
def test_inpaint_of_nothing_copies(method):
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    filled = inpaint(image, np.zeros((5, 7), bool), method=method)
    np.testing.assert_array_equal(filled, image)
    assert filled is not image


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [(1, 2), (2, 1), (3, 3)])
def test_inpaint_takes_tiny_pictures(method, size):
    image = np.full((*size, 3), 60, np.uint8)
    hole = np.zeros(size, bool)
    hole[0, 0] = True
    image[0, 0] = 255
    assert inpaint(image, hole, method=method).shape == (*size, 3)


def test_inpaint_takes_grey():
    assert inpaint(np.full((4, 4), 9, np.uint8), np.eye(4, dtype=bool)).shape == (4, 4, 3)


def test_inpaint_patches_is_fast_enough():
    image = np.random.default_rng(0).integers(0, 256, (384, 512, 3)).astype(np.uint8)
    hole = draw_hole((384, 512), slice(180, 220), slice(200, 240))
    inpaint(image[:60, :60], hole[160:220, 180:240], method="patches")  # compiles
    start = time.perf_counter()
    inpaint(image, hole, method="patches")
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"method": "magic"}, "`method` must be one of telea"),
        ({"mask": np.ones((4, 5), bool)}, "leave a pixel"),
        ({"mask": np.zeros((5, 4), bool)}, r"`mask` must be a bool map"),
        ({"mask": np.zeros((4, 5))}, r"`mask` must be a bool map"),
        ({"blocked": np.zeros((4, 4), bool)}, r"`blocked` must be a bool map"),
        ({"image": np.zeros((4, 5, 3))}, "`image` must be uint8"),
    ],
)
def test_inpaint_refuses(changes, match):
    arguments = {"image": np.zeros((4, 5, 3), np.uint8), "mask": np.zeros((4, 5), bool)}
    arguments |= changes
    with pytest.raises(ValueError, match=match):
        inpaint(arguments.pop("image"), arguments.pop("mask"), **arguments)


def test_fill_with_patches_copies_blocked_pixels_when_nothing_else_is_left():
    image = np.full((6, 6, 3), 30, np.uint8)
    hole = draw_hole((6, 6), slice(2, 4), slice(2, 4))
    assert (fill_with_patches(image, hole, np.ones((6, 6), bool)) == 30).all()


def test_fill_with_patches_refuses_a_hole_without_rim():
    with pytest.raises(ValueError, match="leave a pixel"):
        fill_with_patches(np.zeros((3, 3, 3), np.uint8), np.ones((3, 3), bool), np.eye(3) > 0)
