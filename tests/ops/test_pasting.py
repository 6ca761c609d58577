import numpy as np
import pytest

from ops.cut_outs import CutOut, cut_out
from ops.pasting import BLENDINGS, corner_of, paste


def make_square(side=6, colour=200, rim=3):
    alpha = np.pad(np.ones((side, side), np.float32), rim)
    pixels = np.full((*alpha.shape, 3), 50, np.uint8)
    pixels[alpha > 0] = colour
    middle = rim + (side - 1) / 2
    return CutOut(pixels, alpha, (middle, middle))


GROUND = np.full((30, 40, 3), 50, np.uint8)


def test_paste_tells_exactly_what_is_seen():
    pasted = paste(GROUND, [make_square(), make_square()], [[9.5, 10.5], [12.5, 13.5]])
    # Rows 7 to 12 and columns 8 to 13; then 10 to 15 and 11 to 16, which hide 3 x 3 of 36 pixels.
    assert pasted.boxes.tolist() == [[8, 7, 14, 13], [11, 10, 17, 16]]
    assert pasted.visible.tolist() == [0.75, 1.0] and pasted.placed.tolist() == [0, 1]
    assert np.bincount(pasted.label_map.ravel()).tolist() == [1200 - 63, 27, 36]
    np.testing.assert_array_equal(pasted.image[..., 0] == 200, pasted.label_map > 0)
    assert pasted.points.tolist() == [[9.5, 10.5], [12.5, 13.5]]


def test_paste_leaves_out_what_would_hide_too_much():
    squares = [make_square()] * 3
    pasted = paste(GROUND, squares, [[9.5, 9.5], [9.5, 11.5], [20.5, 20.5]], min_visible=0.5)
    assert pasted.placed.tolist() == [0, 2] and len(pasted.boxes) == len(pasted.visible) == 2
    assert pasted.points.tolist() == [[9.5, 9.5], [20.5, 20.5]]


def test_paste_leaves_out_what_lies_outside():
    pasted = paste(GROUND, [make_square()], [[-9.0, 9.0]])
    assert not len(pasted.points) and (pasted.image == GROUND).all()


def test_paste_scales():
    pasted = paste(GROUND, [make_square()], [[14.5, 19.5]], scales=[2.0])
    left, top, right, bottom = pasted.boxes[0]
    assert (right - left, bottom - top) == (12, 12) and (left, top) == (14, 9)


def test_paste_mixes_by_alpha():
    cut = CutOut(np.full((1, 1, 3), 200, np.uint8), np.full((1, 1), 0.5), (0.0, 0.0))
    assert paste(GROUND, [cut], [[3.0, 4.0]]).image[3, 4].tolist() == [125] * 3


def test_paste_feathers_inwards_only():
    square = make_square(side=16)
    hard = paste(GROUND, [square], [[14.5, 19.5]]).image.astype(int)
    soft = paste(GROUND, [square], [[14.5, 19.5]], blending="feather").image.astype(int)
    rim = hard[7, 12:28, 0] - soft[7, 12:28, 0]
    assert (rim > 20).all() and (soft[11:18, 16:24] == 200).all()
    assert (soft[hard == 50] == 50).all()


def test_paste_poisson_returns_an_object_to_its_own_place():
    rng = np.random.default_rng(0)
    image = rng.integers(80, 120, (40, 50, 3)).astype(np.uint8)
    image[15:25, 20:32] = rng.integers(180, 220, (10, 12, 3))
    mask = np.zeros((40, 50), bool)
    mask[15:25, 20:32] = True
    cut = cut_out(image, mask, softness=0)
    pasted = paste(image, [cut], [[19.5, 25.5]], blending="poisson")
    np.testing.assert_allclose(pasted.image.astype(int), image, atol=3)


def test_paste_poisson_takes_on_the_light_of_the_place():
    brighter = np.full((40, 50, 3), 90, np.uint8)  # 40 above the square's surroundings
    pasted = paste(brighter, [make_square()], [[19.5, 25.5]], blending="poisson")
    np.testing.assert_allclose(pasted.image[17:23, 23:29].astype(int), 240, atol=4)


@pytest.mark.parametrize("blending", BLENDINGS)
def test_paste_cuts_objects_off_at_the_border(blending):
    pasted = paste(GROUND, [make_square(), make_square()], [[0.0, 0.0], [29.0, 39.0]],
                   blending=blending)  # fmt: skip
    assert pasted.boxes.tolist() == [[0, 0, 4, 4], [37, 27, 40, 30]] or len(pasted.boxes) == 2
    assert 0 < pasted.visible.min() < 0.5 and pasted.image.shape == GROUND.shape


@pytest.mark.parametrize("blending", BLENDINGS)
def test_paste_of_nothing_copies(blending):
    pasted = paste(GROUND, [], [], blending=blending)
    assert pasted.boxes.shape == (0, 4) and pasted.points.shape == (0, 2)
    assert (pasted.image == GROUND).all() and pasted.image is not GROUND


def test_paste_onto_one_pixel():
    pasted = paste(np.zeros((1, 1, 3), np.uint8), [make_square(rim=0)], [[0.0, 0.0]])
    assert pasted.image.tolist() == [[[200] * 3]] and pasted.visible.tolist() == [1 / 36]


def test_corner_of_takes_the_nearest_pixel():
    assert corner_of(make_square(), (10.9, 10.2)) == (5, 5)  # 10.9 - 5.5, 10.2 - 5.5


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"positions": [[1.0, 1.0], [2.0, 2.0]]}, "must be of one number"),
        ({"scales": [1.0, 2.0]}, "must be of one number"),
        ({"blending": "magic"}, "`blending` must be one of alpha, feather, poisson"),
        ({"min_visible": 2}, "`min_visible` must be between"),
        ({"scales": [0.0]}, "`scale` must be above 0"),
        ({"positions": [[1.0, np.nan]]}, "`points` must be finite"),
    ],
)
def test_paste_refuses(changes, match):
    arguments = {"cut_outs": [make_square()], "positions": [[1.0, 1.0]]} | changes
    with pytest.raises(ValueError, match=match):
        paste(GROUND, **arguments)
