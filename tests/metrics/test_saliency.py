import numpy as np
import pytest

from config.errors import InputError
from metrics.saliency import saliency_scores


def test_saliency_scores_by_hand():
    saliency = np.array([[0.8, 0.4, 0.2, 0.0]])
    scores = saliency_scores(saliency, np.array([[1, 0, 1, 0]]))
    assert scores["iou"] == pytest.approx(1 / 3)  # half of .8: pixels 0 and 1; union 0, 1, 2
    assert scores["mae"] == pytest.approx((0.2 + 0.4 + 0.8 + 0) / 4)
    # Twice the mean is .7: pixel 0. P 1, R 1/2: 1.3 * .5 / (.3 + .5)
    assert scores["f_measure"] == pytest.approx(0.65 / 0.8)


def test_saliency_scores_skip_void():
    saliency = np.array([[1.0, 1.0, 0.0]])
    assert saliency_scores(saliency, np.array([[9, 255, 0]])) == {
        "iou": 1.0,
        "mae": 0.0,
        "f_measure": 1.0,
    }
    assert all(np.isnan(list(saliency_scores(saliency, np.full((1, 3), 255)).values())))


@pytest.mark.parametrize(("found", "score"), [(0.0, 1.0), (1.0, 0.0)])
def test_saliency_scores_without_an_object(found, score):
    scores = saliency_scores(np.full((1, 1), found), np.zeros((1, 1)))
    assert (scores["iou"], scores["f_measure"], scores["mae"]) == (score, score, found)


def test_saliency_scores_of_a_map_that_misses():
    scores = saliency_scores(np.array([[0.0, 1.0]]), np.array([[1, 0]]))
    assert scores == {"iou": 0.0, "mae": 1.0, "f_measure": 0.0}


def test_saliency_scores_refuse_another_size_and_nan():
    with pytest.raises(InputError, match="saliency map's .2, 3. pixels"):
        saliency_scores(np.zeros((2, 3)), np.zeros((3, 2)))
    with pytest.raises(ValueError, match="finite"):
        saliency_scores(np.array([[np.nan]]), np.zeros((1, 1)))
