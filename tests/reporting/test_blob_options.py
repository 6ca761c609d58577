import pytest

from config.errors import InputError
from reporting.blob_options import BlobOptions
from reporting.point_settings import PointSettings


def test_complete_takes_what_the_model_says():
    settings = PointSettings(threshold=0.3, min_area=7, levels=5)
    assert BlobOptions().complete(settings) == BlobOptions(1280, 192, 0.3, 5, 7)


def test_complete_leaves_what_the_user_says():
    given = BlobOptions(100, 0, 0.0, 1, 2)
    assert given.complete(PointSettings(threshold=0.3, min_area=7, levels=5)) == given


@pytest.mark.parametrize("scale, tile, overlap", [(0.5, 2560, 384), (2.0, 640, 96), (3.0, 416, 64)])
def test_complete_measures_tiles_as_the_network_sees_them(scale, tile, overlap):
    options = BlobOptions().complete(PointSettings(scale=scale))
    assert (options.tile, options.overlap) == (tile, overlap)


# 1280 / 16 = 80 has no room between two overlaps of 32; 1280 / .1 = 12,800 is too much memory.
@pytest.mark.parametrize("scale, tile, overlap", [(16.0, 96, 32), (0.1, 4096, 1024)])
def test_complete_bounds_tiles_of_extreme_scales(scale, tile, overlap):
    options = BlobOptions().complete(PointSettings(scale=scale))
    assert (options.tile, options.overlap) == (tile, overlap)


def test_complete_makes_room_between_overlaps_that_are_given():
    assert BlobOptions(overlap=640).complete(PointSettings()).tile == 2 * 640 + 32


@pytest.mark.parametrize("scale, overlap", [(0.5, 9), (1.0, 9), (1.5, 12), (2.0, 9), (2.5, 12)])
def test_complete_lets_tiles_start_at_whole_pixels_of_the_maps(scale, overlap):
    # 1.5 x 9 pixels = 13.5 are not; 1.5 x 12 = 18 are, and even.
    assert BlobOptions(tile=90, overlap=9).complete(PointSettings(scale=scale)).overlap == overlap


@pytest.mark.parametrize("scale", [1.2, 16.5, float("inf")])
def test_complete_refuses_scales_that_cannot_be(scale):
    with pytest.raises(InputError, match="model's `scale` must be .* a multiple of 1/2 up to 16"):
        BlobOptions().complete(PointSettings(scale=scale))


@pytest.mark.parametrize("tile, overlap", [(100, 40), (100, -1), (31, 0)])
def test_complete_refuses_tiles_without_room(tile, overlap):
    with pytest.raises(InputError, match=rf"`--tile` must be at least 32 .* and {overlap}\."):
        BlobOptions(tile, overlap).complete(PointSettings())


@pytest.mark.parametrize("threshold", [-0.1, 1.0, float("nan")])
def test_blob_options_refuse_a_threshold(threshold):
    with pytest.raises(InputError, match="`--threshold` must be at least 0 and below 1"):
        BlobOptions(threshold=threshold)


@pytest.mark.parametrize("levels", [0, 101])
def test_blob_options_refuse_levels(levels):
    with pytest.raises(InputError, match=f"`--levels` .* at most 100. Received {levels}"):
        BlobOptions(levels=levels)


def test_blob_options_refuse_a_smallest_area():
    with pytest.raises(InputError, match="`--min_area` must be at least 1 pixel. Received 0"):
        BlobOptions(min_area=0)
