import numpy as np
import pytest

from models.box_choices import DecodeGrid, DecodeMask


def logit(probability):
    return np.log(probability / (1 - probability))


def call(layer, maps):
    return {name: value.numpy() for name, value in layer(np.asarray(maps, np.float32)).items()}


def test_decode_grid_reads_the_likeliest_cell_of_a_grid_that_is_not_square():
    grid = np.full((2, 2, 4, 5), 0.1)
    grid[0, 1, 2] = [0.5, 0.25, 0.5, 0.0, 0.8]
    grid[1, 0, 0] = [1, 1, 0.5, 0.5, 0.3]
    found = call(DecodeGrid(), grid)
    # Centre x = (2 + 0) / 4 = .5, y = (1 + .5) / 2 = .75; sides .25 and .5.
    np.testing.assert_allclose(found["box"][0], [0.375, 0.5, 0.625, 1], atol=1e-6)
    # Centre x = .5 / 4, y = .5 / 2, sides 1: cut at the border.
    np.testing.assert_allclose(found["box"][1], [0, 0, 0.625, 0.75], atol=1e-6)
    np.testing.assert_allclose(found["score"], [0.8, 0.3], atol=1e-6)


def test_decode_grid_of_one_cell():
    found = call(DecodeGrid(), np.full((1, 1, 1, 5), 0.5))
    np.testing.assert_allclose(found["box"], [[0.25, 0.25, 0.75, 0.75]])


def draw_mask(size, *areas, low=0.1):
    """Logits whose probabilities are `low` but for the areas (top, left, bottom, right, p)."""
    mask = np.full((1, *size, 1), low)
    for top, left, bottom, right, probability in areas:
        mask[0, top:bottom, left:right] = probability
    return logit(mask)


def test_decode_mask_is_the_extent_of_the_area():
    found = call(DecodeMask("centres"), draw_mask((10, 20), (2, 5, 6, 15, 0.9)))
    np.testing.assert_allclose(found["box"], [[0.25, 0.2, 0.75, 0.6]], atol=1e-6)
    np.testing.assert_allclose(found["score"], [0.9], atol=1e-5)


def test_decode_mask_published_undoes_its_drawing():
    # 28 wide: x0 = .5, x1 = 1 are drawn from rint(13.5) = 14 to 27, so c / 27 = .5185 and 1.
    found = call(DecodeMask("published"), draw_mask((28, 28), (0, 14, 27, 27, 0.9)))
    np.testing.assert_allclose(found["box"], [[14 / 27, 0, 1, 1]], atol=1e-6)


def test_decode_mask_leaves_out_specks_but_keeps_what_touches_at_a_corner():
    areas = [(0, 0, 3, 3, 0.9), (3, 3, 5, 5, 0.6), (9, 9, 10, 10, 0.9)]
    found = call(DecodeMask("centres"), draw_mask((10, 10), *areas))
    np.testing.assert_allclose(found["box"], [[0, 0, 0.5, 0.5]], atol=1e-6)


def test_decode_mask_without_a_likely_pixel_takes_half_of_the_largest():
    found = call(DecodeMask("centres"), draw_mask((4, 4), (1, 1, 3, 4, 0.4), low=0.1))
    np.testing.assert_allclose(found["box"], [[0.25, 0.25, 1, 0.75]], atol=1e-6)
    np.testing.assert_allclose(found["score"], [0.4], atol=1e-5)


@pytest.mark.parametrize("logits", [np.zeros((1, 1, 1, 1)), np.full((1, 3, 3, 1), -80.0)])
def test_decode_mask_of_one_value_is_the_whole_picture(logits):
    assert call(DecodeMask("centres"), logits)["box"].tolist() == [[0, 0, 1, 1]]


def test_decode_mask_comes_back_from_its_config():
    assert DecodeMask.from_config(DecodeMask("centres").get_config()).rounding == "centres"


def test_decode_grid_is_settled_where_one_cell_stands_out():
    grid = np.full((3, 1, 2, 5), 0.5)
    grid[0, 0, 0, 4], grid[1, 0, 0, 4] = 0.6, 0.5001
    assert DecodeGrid().find_settled(grid, 1e-3).tolist() == [True, False, False]
    assert DecodeGrid().find_settled(grid[:, :, :1], 1e-3).tolist() == [True, True, True]


@pytest.mark.parametrize(
    ("areas", "settled"),
    [
        ([(1, 1, 4, 4, 0.9)], True),
        ([(1, 1, 4, 4, 0.9), (5, 5, 6, 6, 0.5004)], False),  # a pixel at the threshold
        ([(0, 0, 3, 3, 0.9), (6, 6, 9, 9, 0.9)], False),  # two areas, equally likely
        ([(0, 0, 3, 3, 0.9), (6, 6, 9, 9, 0.8)], True),
        ([(1, 1, 4, 4, 0.4)], True),
        ([(1, 1, 4, 4, 0.4), (5, 5, 6, 6, 0.2)], False),  # half of the largest
        ([(1, 1, 4, 4, 0.5)], False),
    ],
)
def test_decode_mask_is_settled_where_no_pixel_is_on_edge(areas, settled):
    logits = draw_mask((9, 9), *areas).astype(np.float32)
    assert DecodeMask().find_settled(logits, 1e-3).tolist() == [settled]
