import numpy as np
import pytest

from datasets.scene_backgrounds import GROUNDS, SKYLINES, draw_background


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("horizon", [-60.0, 15.0])
def test_every_ground_has_texture(ground, horizon):
    picture = draw_background(
        (0,), (60, 81), ground=ground, skyline="sky", horizon=horizon, slope=0.3
    )
    assert picture.shape == (60, 81, 3) and picture.dtype == np.uint8
    assert picture[40:].std() > 2


@pytest.mark.parametrize("skyline", SKYLINES)
@pytest.mark.parametrize("horizon", [0.4, 1.6, 30.0])
def test_every_skyline_fits_a_band_of_any_height(skyline, horizon):
    picture = draw_background(
        (0,), (60, 81), ground="slabs", skyline=skyline, horizon=horizon, slope=0.3
    )
    assert picture.shape == (60, 81, 3)
