import numpy as np
import pytest

from ops.cut_outs import CutOut, cut_out, turn_cut_out, whole_objects


def draw_square(top=20, left=30, side=10, size=(60, 80), colour=(200, 40, 90)):
    image = np.full((*size, 3), 50, np.uint8)
    mask = np.zeros(size, bool)
    mask[top : top + side, left : left + side] = True
    image[mask] = colour
    return image, mask


def test_cut_out_keeps_pixels_outline_and_point():
    image, mask = draw_square()
    cut = cut_out(image, mask, softness=0)
    # A rim of 6 pixels around 10 x 10; the centroid of 0 .. 9 is 4.5.
    assert cut.alpha.shape == (22, 22) and cut.point == (10.5, 10.5) and cut.size == (10, 10)
    np.testing.assert_array_equal(cut.alpha, mask[14:36, 24:46])
    np.testing.assert_array_equal(cut.pixels, image[14:36, 24:46])
    assert cut.alpha.dtype == np.float32 and cut.pixels.dtype == np.uint8


def test_cut_out_takes_the_point_given():
    image, mask = draw_square()
    assert cut_out(image, mask, point=(21.0, 33.5), softness=0).point == (7.0, 9.5)


def test_cut_out_at_the_border_has_no_rim_there():
    image, mask = draw_square(top=0, left=70)
    cut = cut_out(image, mask, softness=1.0)
    assert cut.alpha.shape == (16, 16) and cut.alpha[0, -1] > 0.99


def test_cut_out_without_ground_stays_inside_the_mask():
    image, mask = draw_square()
    cut = cut_out(image, mask, softness=1.5)
    rows, columns = np.nonzero(cut.alpha)
    corner = np.array((20, 30)) - np.round(np.array(cut.point) - 4.5).astype(int)
    assert mask[rows + corner[0], columns + corner[1]].all()
    assert 0 < cut.alpha[7:-7, 7:-7].min() and cut.alpha.max() == pytest.approx(1, abs=0.01)


def test_cut_out_with_ground_recovers_the_object_and_the_picture():
    # The picture mixes an object of colour 220 with ground 40 by the outline that is assumed.
    _, mask = draw_square(size=(40, 50), top=12, left=15)
    first = cut_out(np.zeros((40, 50, 3), np.uint8), mask, ground=np.zeros((40, 50, 3)), softness=2)
    alpha = np.zeros((40, 50))
    alpha[6:28, 9:31] = first.alpha
    image = np.rint(alpha * 220 + (1 - alpha) * 40).astype(np.uint8)
    image = np.repeat(image[..., None], 3, axis=2)
    cut = cut_out(image, mask, ground=np.full((40, 50, 3), 40.0), softness=2)
    own = cut.pixels[cut.alpha > 0.2].astype(float)
    np.testing.assert_allclose(own, 220, atol=5)  # half a level over an alpha of .2, twice


def test_cut_out_takes_grey_and_one_pixel():
    mask = np.zeros((1, 1), bool) | True
    cut = cut_out(np.full((1, 1), 7, np.uint8), mask)
    assert cut.pixels.tolist() == [[[7, 7, 7]]] and cut.size == (1, 1)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"mask": np.zeros((4, 5), bool)}, "`mask` must show an object"),
        ({"mask": np.zeros((4, 5))}, "`mask` must be a bool map"),
        ({"mask": np.ones((5, 4), bool)}, "`mask` must be a bool map"),
        ({"ground": np.zeros((4, 5))}, "`ground` must be of the picture's shape"),
        ({"softness": -1}, "`softness` must not be negative"),
    ],
)
def test_cut_out_refuses(changes, match):
    arguments = {"image": np.zeros((4, 5, 3), np.uint8), "mask": np.ones((4, 5), bool)} | changes
    with pytest.raises(ValueError, match=match):
        cut_out(arguments.pop("image"), arguments.pop("mask"), **arguments)


def test_cut_out_size_of_nothing_is_zero():
    empty = CutOut(np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), np.float32), (0.0, 0.0))
    assert empty.size == (0, 0)


def make_arrow():
    """Make a cut-out of 6 x 8 pixels whose upper left quarter is red, its point in the middle."""
    pixels = np.zeros((6, 8, 3), np.uint8)
    pixels[:3, :4] = (255, 0, 0)
    return CutOut(pixels, np.ones((6, 8), np.float32), (2.5, 3.5))


def test_turn_cut_out_by_nothing_changes_nothing():
    arrow = make_arrow()
    turned = turn_cut_out(arrow)
    np.testing.assert_array_equal(turned.pixels, arrow.pixels)
    np.testing.assert_array_equal(turned.alpha, arrow.alpha)
    assert turned.point == arrow.point


def test_turn_cut_out_flips_left_and_right():
    arrow = make_arrow()
    turned = turn_cut_out(CutOut(arrow.pixels, arrow.alpha, (1.0, 2.0)), flipped=True)
    np.testing.assert_array_equal(turned.pixels, arrow.pixels[:, ::-1])
    assert turned.point == (1.0, 5.0)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_turn_cut_out_turns_quarters_counter_clockwise(quarters):
    arrow = make_arrow()
    turned = turn_cut_out(arrow, angle=90.0 * quarters)
    expected = np.rot90(arrow.pixels, quarters)
    assert turned.pixels.shape == expected.shape
    np.testing.assert_allclose(turned.pixels.astype(int), expected, atol=1)
    middle = tuple((side - 1) / 2 for side in expected.shape[:2])
    assert turned.point == pytest.approx(middle)


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_turn_cut_out_scales_pixels_outline_and_point(scale):
    turned = turn_cut_out(make_arrow(), scale=scale)
    assert turned.alpha.shape == (round(6 * scale), round(8 * scale))
    # The middle of 6 rows is 2.5, of 3 rows 1, of 12 rows 5.5.
    assert turned.point == pytest.approx((6 * scale / 2 - 0.5, 8 * scale / 2 - 0.5))
    assert turned.alpha.min() == 1


def test_turn_cut_out_keeps_the_area_at_any_angle():
    arrow = make_arrow()
    padded = CutOut(
        np.pad(arrow.pixels, ((4, 4), (4, 4), (0, 0))), np.pad(arrow.alpha, 4), (6.5, 7.5)
    )
    assert turn_cut_out(padded, angle=33.0).alpha.sum() == pytest.approx(48, rel=0.05)


def test_turn_cut_out_never_vanishes():
    assert turn_cut_out(make_arrow(), scale=0.01).alpha.shape == (1, 1)


@pytest.mark.parametrize("scale", [0, -1, np.nan])
def test_turn_cut_out_refuses_a_scale(scale):
    with pytest.raises(ValueError, match="`scale` must be above 0"):
        turn_cut_out(make_arrow(), scale=scale)


def place_squares(corners, side=6, size=(60, 200)):
    labels = np.zeros(size, np.int32)
    for i, (top, left) in enumerate(corners, start=1):
        labels[max(top, 0) : top + side, max(left, 0) : left + side] = i
    return labels


def test_whole_objects_leaves_out_the_cut_off_and_the_touching():
    apart = [(10, 10 * i + 5) for i in range(10)]
    # Number 11 is cut off; 12 and 13 share a side: 6 of an outline of 24 pixels each is exactly
    # a quarter, with the second neighbour 14 below it 13 has half.
    corners = [*apart, (-2, 150), (30, 20), (30, 26), (36, 26)]
    assert whole_objects(place_squares(corners)).tolist() == [*range(1, 11), 12, 14]


def test_whole_objects_leaves_out_remains():
    labels = place_squares([(10, 10 * i + 5) for i in range(12)])
    labels[10:13, 5:11] = 0  # half of object 1
    labels[13:14, 5:11] = 0
    assert whole_objects(labels).tolist() == list(range(2, 13))  # 12 of 36 pixels < .4


def test_whole_objects_takes_touching_ones_when_there_are_few():
    assert whole_objects(place_squares([(10, 10), (10, 16), (16, 10)])).tolist() == [1, 2, 3]


def test_whole_objects_takes_cut_off_ones_when_there_is_nothing_else():
    assert whole_objects(np.ones((4, 4), int)).tolist() == [1]


def test_whole_objects_of_nothing_is_empty():
    assert whole_objects(np.zeros((3, 4), int)).tolist() == []
    assert whole_objects(np.zeros((0, 0), int)).tolist() == []
