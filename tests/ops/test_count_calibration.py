import numpy as np
import pytest

from ops.count_calibration import EMPTY_PICTURES, P_VALUE, calibrate_counts

COUNTS = np.array([0.0, 2.0, 4.0, 9.0])
PREDICTED = np.array([1.0, 2.0, 6.0, 5.0])


def test_calibrate_counts_takes_the_quantile_of_its_pictures():
    calibration = calibrate_counts(COUNTS, PREDICTED, interval=0.8, calibrated_on="drawn scenes")
    # Errors 1, 0, 2, 4; ceil(5 x .8) = 4: the largest.
    assert calibration.quantile == 4 and calibration.offset is None
    assert (calibration.num_pictures, calibration.calibrated_on) == (4, "drawn scenes")
    assert calibration.none_from == EMPTY_PICTURES
    scaled = calibrate_counts(COUNTS, PREDICTED, interval=0.5, calibrated_on="x", offset=1)
    # 1 / 2, 0, 2 / 7, 4 / 6; ceil(5 x .5) = 3.
    assert scaled.quantile == 0.5


@pytest.mark.parametrize("counts", [[1, 2, 3, 4], [0, 0, 0, 0]])
def test_calibrate_counts_without_both_kinds_gives_a_p_value(counts):
    calibration = calibrate_counts(counts, PREDICTED, interval=0.5, calibrated_on="x")
    assert calibration.none_from == P_VALUE and calibration.none_curve.probabilities[0] == 1


def test_calibrate_counts_needs_as_many_pictures_as_the_interval():
    with pytest.raises(ValueError, match="at least 9 pictures for an interval of 0.9. Received 4"):
        calibrate_counts(COUNTS, PREDICTED, interval=0.9, calibrated_on="x")
