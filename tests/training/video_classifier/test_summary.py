from dataclasses import replace

import numpy as np
import pytest

from training.video_classifier.summary import (
    Localization,
    describe_choices,
    summarise_boxes,
    summarise_tags,
)

FITTED = {
    "mapped": {},
    "transductive": False,
    "num_epochs": 7,
    "num_validation_shots": 4,
    "monitor": "val_accuracy",
    "best": 0.75,
    "best_corloc": 0.5,
}


def test_summarise_tags_counts_frames_and_shots(shots):
    # One of three frames of blue is right, yet surer: .5 + .5 + .12 ... the shot is of blue.
    blue = np.array([[4.0, 0.0], [0.0, 0.1], [0.0, 0.1]])
    red = np.array([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    metrics, units = summarise_tags(shots, [blue, red])
    assert metrics["accuracy"] == 0.5 and metrics["shot_accuracy"] == 1
    assert metrics["num_frames"] == 6 and units["num_shots"] == "shots"


def test_summarise_boxes_names_tags_that_have_boxes():
    overall = {name: 0.25 for name in ("corloc_macro", "corloc_micro", "corloc_shots")}
    classes = {
        "cat": {"corloc": 0.25, "num_frames": 4},
        "dog": {"corloc": np.nan, "num_frames": 0},
    }
    oracle = {**overall, "threshold": 0.1, "per_class": classes, "num_frames": 4}
    oracle |= {"max_box_acc_v2": 0.3, "top1_localization": 0.2, "best_thresholds": {}}
    free = {**oracle, "threshold": 0.6, "corloc_macro": 0.125}
    metrics, units = summarise_boxes(Localization(oracle, free))
    assert metrics["corloc_cat"] == 0.25 and "corloc_dog" not in metrics
    assert units == {"corloc_cat": "(n = 4)", "num_boxed_frames": "frames"}
    assert metrics["label_free_corloc_macro"] == 0.125 and metrics["label_free_threshold"] == 0.6
    assert metrics["max_box_acc_v2"] == 0.3 and metrics["top1_localization"] == 0.2
    assert all(isinstance(value, float) for value in metrics.values()) and "pxap" not in metrics
    masked = {**oracle, "pxap": 0.7, "num_masks": 3}
    metrics, units = summarise_boxes(Localization(masked, free))
    assert metrics["pxap"] == 0.7 and metrics["num_masks"] == 3 and units["num_masks"] == "frames"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "by val_accuracy on the 4 validation shots: 0.75"),
        ({}, "Maps: the best epoch by CorLoc there: 0.5"),
        ({"best_corloc": None}, "Maps: of the same epoch"),
        ({"num_validation_shots": 0}, "on the training shots, without any to validate on"),
        ({"transductive": True}, "their boxes and masks never"),
        ({"num_epochs": 0, "mapped": {"cow": ["ox", "bison"]}}, "classifier: ox; bison."),
    ],
)
def test_describe_choices_tells_how_a_run_came_about(changes, told):
    notes = describe_choices("test", 9, {**FITTED, **changes}, "layer_cam")
    assert any(told in note for note in notes)


def test_describe_choices_of_validation_shots_says_so():
    assert "named val_" in describe_choices("val", 9, FITTED, "cam")[0]


def test_summarise_tags_of_one_frame(shots):
    shot = replace(shots[1].take([0]))
    assert summarise_tags([shot], [np.array([[1.0, 0.0]])])[0]["accuracy"] == 0
