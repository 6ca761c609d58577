import numpy as np
import pytest

from ops.tiles import Box, core_size, plan_tiles, scale_box, scale_size


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (128, 129), (333, 200), (64, 2000)])
@pytest.mark.parametrize("tile, overlap", [(128, 32), (100, 10), (64, 0), (130, 49)])
def test_plan_tiles_cores_make_up_the_picture(size, tile, overlap):
    covered = np.zeros(size, int)
    for window, core in plan_tiles(size, tile=tile, overlap=overlap):
        covered[core.top : core.bottom, core.left : core.right] += 1
        assert max(window.size) <= tile
        assert core.top % 32 == core.left % 32 == 0
        # The window shows the overlap, or ends with the picture.
        assert window.top == max(0, core.top - overlap)
        assert window.right in (size[1], core.right + overlap)
    assert (covered == 1).all()


def test_plan_tiles_of_a_small_picture_is_one():
    [tile] = plan_tiles((100, 128), tile=128, overlap=32)
    assert tile.window == tile.core == (0, 0, 100, 128)


def test_plan_tiles_cuts_one_axis_alone():
    # Cores of 64 columns; the last one has 1.
    tiles = plan_tiles((100, 129), tile=128, overlap=32)
    assert [tile.core for tile in tiles] == [(0, 0, 100, 64), (0, 64, 100, 128), (0, 128, 100, 129)]
    assert [tile.window for tile in tiles] == [
        (0, 0, 100, 96),
        (0, 32, 100, 129),
        (0, 96, 100, 129),
    ]


def test_core_size_is_that_of_the_largest_core():
    assert core_size((100, 129), tile=128, overlap=32) == (128, 64)
    assert core_size((100, 129), tile=100, overlap=2) == (128, 96)


@pytest.mark.parametrize("tile, overlap", [(95, 32), (31, 0), (100, -1)])
def test_plan_tiles_refuses_tiles_without_core(tile, overlap):
    with pytest.raises(
        ValueError, match=f"32 pixels more .* `tile` {tile} and `overlap` {overlap}"
    ):
        plan_tiles((500, 500), tile=tile, overlap=overlap)


def test_plan_tiles_refuses_an_empty_picture():
    with pytest.raises(ValueError, match="`size` must be at least one pixel"):
        plan_tiles((0, 5), tile=64, overlap=0)


def test_scale_size_rounds_halves_to_even():
    assert scale_size((5, 7), 1.5) == (8, 10)  # 7.5 and 10.5
    assert scale_size((1, 2), 0.1) == (1, 1)


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0, 2.5, 3.0])
@pytest.mark.parametrize("size", [(37, 200), (99, 131), (1, 66)])
def test_scale_box_cores_make_up_the_map(scale, size):
    covered = np.zeros(scale_size(size, scale), int)
    for window, core in plan_tiles(size, tile=64, overlap=8):
        place, seen = scale_box(core, size, scale), scale_box(window, size, scale)
        covered[place.top : place.bottom, place.left : place.right] += 1
        assert seen.size == scale_size(window.size, scale)  # what a model makes of the window
    assert (covered == 1).all()


def test_scale_box_refuses_a_start_inside_a_pixel():
    with pytest.raises(ValueError, match="`box` must cover whole pixels of the map"):
        scale_box(Box(1, 0, 5, 4), (5, 7), 1.5)
