import cv2
import numpy as np
import pytest
import scipy.ndimage

from ops.squares import fit_square, pad_square, unfit_square


@pytest.mark.parametrize(
    ("size", "square", "expected"),
    [
        ((375, 500), 321, (0.642, (40, 0), (241, 321))),  # 375 * .642 = 240.75
        ((500, 100), 65, (0.13, (0, 26), (65, 13))),
        ((1, 1), 9, (9.0, (0, 0), (9, 9))),
        ((1, 1000), 9, (0.009, (4, 0), (1, 9))),  # at least one row
    ],
)
def test_fit_square_keeps_the_shape_in_the_middle(size, square, expected):
    assert fit_square(size, square) == expected


@pytest.mark.parametrize(("size", "square"), [((0, 4), 9), ((4, 4), 0)])
def test_fit_square_refuses_empty_sides(size, square):
    with pytest.raises(ValueError, match="at least one pixel"):
        fit_square(size, square)


@pytest.mark.parametrize("shape", [(5, 9, 3), (9, 2), (1, 9), (1, 1), (9, 9, 1)])
def test_pad_square_mirrors_as_opencv_does(shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    top, left = (9 - shape[0]) // 2, (9 - shape[1]) // 2
    expected = cv2.copyMakeBorder(
        pixels, top, 9 - shape[0] - top, left, 9 - shape[1] - left, cv2.BORDER_REFLECT_101
    )
    np.testing.assert_array_equal(pad_square(pixels, 9), expected.reshape(9, 9, *shape[2:]))


@pytest.mark.parametrize("shape", [(10, 4), (0, 4)])
def test_pad_square_refuses_other_sides(shape):
    with pytest.raises(ValueError, match="sides of 1 to 9 pixels"):
        pad_square(np.zeros(shape), 9)


@pytest.mark.parametrize("size", [(60, 120), (97, 40), (33, 33), (20, 9)])
def test_unfit_square_brings_a_ramp_back(size):
    rows, columns = np.indices(size).astype(np.float32)
    ramp = (rows + 2 * columns) / (sum(size) + size[1])
    _, _, inside = fit_square(size, 65)
    small = cv2.resize(ramp, inside[::-1], interpolation=cv2.INTER_LINEAR)
    maps = pad_square(small, 65)[::8, ::8, np.newaxis]  # a cell at every eighth pixel
    # The picture's border falls between two cells, one of them beyond the mirrored edge.
    inner = tuple(slice(max(2, side // 6), side - max(2, side // 6)) for side in size)
    back = unfit_square(maps, size, 65)
    assert back.shape == (*size, 1) and back.dtype == np.float32
    np.testing.assert_allclose(back[inner][..., 0], ramp[inner], atol=0.02)


def test_unfit_square_equals_zoom_cut_and_zoom():
    maps = np.random.default_rng(0).random((9, 9, 2)).astype(np.float32)
    zoomed = scipy.ndimage.zoom(maps, (65 / 9, 65 / 9, 1), order=1)  # corners aligned
    # 65 x 39 pixels fill 65 x 39 of the square: left (65 - 39) // 2 = 13.
    np.testing.assert_allclose(unfit_square(maps, (65, 39), 65), zoomed[:, 13:52], atol=1e-5)


def test_unfit_square_of_one_cell_one_pixel_and_two_axes():
    np.testing.assert_allclose(unfit_square(np.full((1, 1, 2), 3), (2, 5), 9), 3)
    assert unfit_square(np.ones((3, 3)), (1, 1), 1).tolist() == [[1]]
    assert unfit_square(np.ones((4, 4), bool), (5, 3), 9).shape == (5, 3)
    assert np.isnan(unfit_square(np.full((2, 2), np.nan), (2, 2), 2)).all()


@pytest.mark.parametrize("shape", [(3,), (0, 3), (3, 0, 2)])
def test_unfit_square_refuses_other_maps(shape):
    with pytest.raises(ValueError, match=r"`maps` must be \(h, w, C\)"):
        unfit_square(np.zeros(shape), (2, 2), 2)
