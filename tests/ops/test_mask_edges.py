import numpy as np
import pytest
from scipy import ndimage

from ops.mask_edges import cover_cells, fade_mask, widen_mask


@pytest.fixture
def blob():
    mask = np.zeros((20, 30), bool)
    mask[7:10, 11:13] = True
    return mask


def test_widen_mask_reaches_the_margin(blob):
    wide = widen_mask(blob, 3)
    far = ndimage.distance_transform_edt(~blob)
    assert wide[far <= 2].all() and not wide[far > 3.5].any()
    assert widen_mask(blob, 0) is blob


def test_fade_mask_falls_linearly(blob):
    faded = fade_mask(blob, 3)
    # One pixel out 3/4, two 2/4, three 1/4, four 0.
    np.testing.assert_allclose(faded[8, 12:18], [1, 0.75, 0.5, 0.25, 0, 0], atol=1e-6)
    expected = (1 - ndimage.distance_transform_edt(~blob) / 4).clip(0)
    np.testing.assert_allclose(faded, expected, atol=1e-4)


def test_fade_mask_without_width_is_the_mask(blob):
    np.testing.assert_array_equal(fade_mask(blob, 0), blob)


@pytest.mark.parametrize("shape", [(1, 1), (0, 4), (3, 2)])
def test_masks_of_nothing_and_of_all(shape):
    for value in (False, True):
        mask = np.full(shape, value)
        for made in (widen_mask(mask, 2) if mask.size else mask, fade_mask(mask, 2)):
            np.testing.assert_array_equal(made, mask)
        np.testing.assert_array_equal(cover_cells(mask, 8), mask)


def test_cover_cells_fills_what_is_touched(blob):
    covered = cover_cells(blob, 8)
    expected = np.zeros((20, 30), bool)
    expected[:16, 8:16] = True  # rows 7 to 9 lie in two cells, columns 11 and 12 in one
    np.testing.assert_array_equal(covered, expected)
