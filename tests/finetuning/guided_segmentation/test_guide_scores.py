import json

import numpy as np
import pytest

from finetuning.guided_segmentation.guide_scores import compare_labels, sum_scores


def test_compare_labels_tells_what_is_left_out():
    told = compare_labels(np.array([[0, 1, 1]]), np.array([[255, 255, 1]]), 1)
    assert told == {"confusion": [[0, 0], [0, 1]], "ignored": [1, 1]}
    assert json.loads(json.dumps(told)) == told


def test_sum_scores_adds_pictures_up():
    one = {"G1": {"confusion": [[2, 0], [1, 1]], "ignored": [0, 0]}}
    two = {"G1": {"confusion": [[0, 0], [0, 3]], "ignored": [1, 2]}}
    told = sum_scores([one, None, two])["G1"]
    # Over what has a label: background 2 / 3, class 4 / 5.
    assert told["labelled_miou"] == pytest.approx((2 / 3 + 4 / 5) / 2)
    # The 3 of 10 ignored pixels as background: background 3 / 6, class 4 / 7.
    assert told["class_iou"] == pytest.approx([3 / 6, 4 / 7])
    assert told["miou"] == pytest.approx((3 / 6 + 4 / 7) / 2)
    assert (told["ignored"], told["num_pictures"]) == (0.3, 2)
    assert sum_scores([None]) == sum_scores([]) == {}
