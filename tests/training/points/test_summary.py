from pathlib import Path

import numpy as np
import pytest

from datasets.records import PointRecord
from ops.class_blobs import BlobRule
from reporting.point_settings import PointSettings
from training.points.prediction import PictureMaps, score_picture
from training.points.summary import describe_choices, summarise


def make_score(columns, points, classes=None):
    """One row of 8 pixels: blobs at `columns`, (class, column); points at columns."""
    num_classes = 1 if classes is None else 2
    probabilities = np.zeros((1, 8, num_classes))
    for c, column in columns:
        probabilities[0, column, c] = 0.9
    places = np.array([[0.0, column] for column in points]).reshape(-1, 2)
    ids = None if classes is None else np.array(classes, np.int64)
    maps = PictureMaps(probabilities, np.ones((1, 8), bool), (1, 8))
    record = PointRecord(Path("a.png"), places, ids)
    return score_picture(record, maps, BlobRule(), radius=1)


def test_summarise_by_hand():
    scores = [
        make_score([(0, 0), (0, 3)], [0, 7]),  # one right, one wrong, one missed
        make_score([(0, 4)], [5, 6, 7]),  # one right beside its blob, two missed
        make_score([], []),
    ]
    metrics, units = summarise(scores, mean_count=2.0)
    assert metrics["mae"] == metrics["game_0"] == pytest.approx(2 / 3)
    assert metrics["game_1"] == pytest.approx((2 + 2 + 0) / 3)
    assert (metrics["precision"], metrics["recall"]) == (2 / 3, 2 / 5)
    assert metrics["f1"] == pytest.approx(4 / 8)
    assert (metrics["blob_precision"], metrics["blob_recall"]) == (1 / 3, 1 / 5)
    assert "mae_blobs" not in metrics and "m_rmse" not in metrics
    assert units["mae"] == units["game_3"] == "objects"


def test_summarise_tells_the_error_with_and_without_the_factor():
    scores = [make_score([(0, 0), (0, 3)], [0, 3, 7])]
    metrics, _ = summarise(scores, mean_count=2.0, objects_per_blob=1.5)
    assert (metrics["mae"], metrics["mae_blobs"], metrics["game_0"]) == (0, 1, 1)


def test_summarise_scores_every_class():
    scores = [make_score([(0, 0), (1, 4)], [0, 4], [1, 1]), make_score([(1, 2)], [2], [2])]
    metrics, _ = summarise(scores, mean_count=2.0, class_names=("red", "white"))
    assert metrics["mae"] == 0
    assert (metrics["mae_red"], metrics["mae_white"]) == (0.5, 0.5)
    assert metrics["f1_red"] == pytest.approx(2 / 3)
    assert metrics["f1_white"] == pytest.approx(2 / 3)
    assert metrics["precision"] == metrics["recall"] == pytest.approx(2 / 3)
    assert metrics["m_rmse"] == pytest.approx(0.5**0.5)
    assert metrics["m_rmse_nz"] == pytest.approx(0.5)  # only red's first picture is off


def test_describe_choices_says_that_validation_was_scored():
    scored, blobs = describe_choices("val", 3, PointSettings(), "chosen on the 3 pictures")
    assert "3 validation pictures, on which the best epoch was chosen" in scored
    assert blobs.endswith("chosen on the 3 pictures.")
