import pytest

from config.errors import InputError
from reporting.blob_options import BlobOptions
from reporting.point_settings import PointSettings


def test_complete_takes_what_the_model_says():
    settings = PointSettings(threshold=0.3, min_area=7)
    assert BlobOptions().complete(settings) == BlobOptions(1280, 192, 0.3, 7)


def test_complete_leaves_what_the_user_says():
    given = BlobOptions(100, 0, 0.0, 1)
    assert given.complete(PointSettings(threshold=0.3, min_area=7)) == given


@pytest.mark.parametrize("scale, tile, overlap", [(0.5, 2560, 384), (2.0, 640, 96), (3.0, 416, 64)])
def test_complete_measures_tiles_as_the_network_sees_them(scale, tile, overlap):
    options = BlobOptions().complete(PointSettings(scale=scale))
    assert (options.tile, options.overlap) == (tile, overlap)


def test_complete_rounds_the_overlap_up_to_a_multiple_of_4():
    assert BlobOptions(100, 5).complete(PointSettings()).overlap == 8


@pytest.mark.parametrize("tile, overlap", [(100, 40), (100, 33), (100, -1), (31, 0), (None, 640)])
def test_complete_refuses_tiles_without_room(tile, overlap):
    with pytest.raises(InputError, match=rf"`--tile` must be at least 32 .* and {overlap}\."):
        BlobOptions(tile, overlap).complete(PointSettings())


@pytest.mark.parametrize("threshold", [-0.1, 1.0, float("nan")])
def test_blob_options_refuse_a_threshold(threshold):
    with pytest.raises(InputError, match="`--threshold` must be at least 0 and below 1"):
        BlobOptions(threshold=threshold)


def test_blob_options_refuse_a_smallest_area():
    with pytest.raises(InputError, match="`--min_area` must be at least 1 pixel. Received 0"):
        BlobOptions(min_area=0)
