import numpy as np
import pytest

from reporting.count_figures import draw_coverage, draw_intervals


def test_draw_coverage_takes_one_level_or_many(tmp_path):
    for measured in ({0.8: 1.0}, {0.5: 0.0, 0.8: 0.7, 0.9: 1.0}):
        path = draw_coverage(measured, tmp_path / "a.png", num_images=1, calibrated_on="x")
        assert path.stat().st_size > 1000


@pytest.mark.parametrize("measured", [{}, {0.8: 1.5}, {0.8: float("nan")}])
def test_draw_coverage_refuses_what_is_no_share(measured, tmp_path):
    with pytest.raises(ValueError, match="`measured` must hold a share from 0 to 1"):
        draw_coverage(measured, tmp_path / "a.png", num_images=1, calibrated_on="x")


@pytest.mark.parametrize("counts", [[0.0], [2.0, 50.0]])
def test_draw_intervals_shows_hits_and_misses(counts, tmp_path):
    ones = np.ones(len(counts))
    predicted = {"count": ones, "count_low": 0 * ones, "count_high": 3 * ones}
    path = draw_intervals(counts, predicted, tmp_path / "a.png", interval=0.8)
    assert path.stat().st_size > 1000


def test_draw_intervals_refuses_no_picture_and_unequal_lengths(tmp_path):
    for counts, number in (([], 0), ([1.0], 2)):
        predicted = dict.fromkeys(("count", "count_low", "count_high"), np.ones(number))
        with pytest.raises(ValueError, match="a number for each picture, and one at least"):
            draw_intervals(counts, predicted, tmp_path / "a.png", interval=0.8)
