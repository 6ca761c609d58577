import json

import numpy as np
import pytest

from finetuning.unsupervised.calibrating import calibrate_run, interval_metrics, interval_notes

COUNTS = np.array([0.0, 4.0, 4.0, 8.0])
PREDICTED = np.array([0.0, 4.0, 6.0, 2.0])


def calibrate(run, counts=COUNTS, calibrated_on="drawn scenes"):
    return calibrate_run(
        run, counts, PREDICTED, interval=0.8, mean_count=4.0, calibrated_on=calibrated_on
    )


def test_calibrate_run_keeps_what_the_metrics_need(tmp_path):
    # Scores |y - p| / (p + 4): 0, 0, .2, 1; ceil(5 x .5) = 3 and ceil(5 x .8) = 4; .9 needs 9.
    assert calibrate(tmp_path).quantile == 1
    content = json.loads((tmp_path / "calibration.json").read_text())
    assert content["quantiles"] == {"0.5": pytest.approx(0.2), "0.8": 1.0, "0.9": None}
    assert (content["num_empty"], content["calibrated_on"]) == (1, "drawn scenes")


def test_calibrate_run_of_pictures_without_objects_takes_absolute_errors(tmp_path):
    calibration = calibrate_run(
        tmp_path, COUNTS * 0, PREDICTED, interval=0.5, mean_count=0.0, calibrated_on="x"
    )
    assert calibration.offset is None and calibration.quantile == 4  # 0, 2, 4, 6: the third


def test_interval_metrics_measure_every_level_there_is(tmp_path):
    calibrate(tmp_path)
    counts, predicted = np.array([0.0, 10.0]), np.array([1.0, 6.0])
    metrics, units = interval_metrics(tmp_path, counts, predicted, np.array([0.75, 0.25]))
    # 50 %: 1 +- .2 x 5 = 0 to 2 and 6 +- 2: half hold. 80 %: 0 to 6 and 0 to 16: both.
    assert metrics["coverage_50"] == 0.5 and metrics["coverage_80"] == 1
    assert metrics["interval_width_50"] == pytest.approx((2 + 4) / 2)
    assert metrics["interval_width_80"] == pytest.approx((6 + 16) / 2)
    assert "coverage_90" not in metrics and units["interval_width_50"] == "objects"
    assert metrics["none_accuracy"] == 1 and metrics["none_brier"] == 0.0625


def test_interval_metrics_count_the_pictures_said_to_hold_none(tmp_path):
    calibrate(tmp_path)
    said = np.array([0.9, 0.5, 0.49, 0.0])  # of 0, 4, 4 and 8 objects
    metrics, units = interval_metrics(tmp_path, COUNTS, PREDICTED, said)
    assert (metrics["none_here"], metrics["none_here_wrong"]) == (2, 1)
    assert units["none_here"] == units["none_here_wrong"] == "pictures"


def test_interval_metrics_leave_none_out_where_it_says_nothing(tmp_path):
    calibrate(tmp_path)
    told = interval_metrics(tmp_path, COUNTS + 1, PREDICTED, np.zeros(4))[0]
    assert "none_accuracy" not in told
    calibrate(tmp_path, counts=COUNTS + 1)
    assert "none_brier" not in interval_metrics(tmp_path, COUNTS, PREDICTED, np.zeros(4))[0]


def test_interval_notes_say_what_was_calibrated_on(tmp_path):
    calibrate(tmp_path)
    text = " ".join(interval_notes(tmp_path))
    assert "80 % of true counts, calibrated on 4 drawn scenes" in text
    assert "not guaranteed" in text and "1 pictures without objects" in text
    calibrate(tmp_path, counts=COUNTS + 1, calibrated_on="counted pictures")
    text = " ".join(interval_notes(tmp_path))
    assert "not guaranteed" not in text and "conformal p-value" in text
