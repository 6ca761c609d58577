import numpy as np
import pytest

from finetuning.guided_segmentation.summary import (
    Scores,
    box_overlaps,
    describe_choices,
    describe_labels,
    summarise,
)


def test_summarise_names_every_metric_by_hand():
    scores = Scores(("cat", "rat"))
    confusion = np.array([[6, 2, 0], [1, 3, 0], [0, 0, 0]])
    scores.add_confusion("", confusion)
    scores.add_confusion("crf_", np.diag([8, 4, 0]))
    scores.box_ious = [(1, 0.5), (1, 0.25), (2, 0.0)]
    metrics = summarise(scores, prefix="val_")
    # Background 6 / 9, cat 3 / 6, rat nowhere; 9 of 12 pixels are right.
    assert metrics["val_miou"] == pytest.approx((6 / 9 + 3 / 6) / 2)
    assert metrics["val_pixel_accuracy"] == 0.75 and metrics["val_crf_miou"] == 1
    assert metrics["val_iou_cat"] == 0.5 and np.isnan(metrics["val_iou_rat"])
    assert metrics["val_box_iou"] == 0.25 and metrics["val_box_iou_cat"] == 0.375


def test_summarise_of_nothing_is_empty():
    assert summarise(Scores(("cat",))) == {}


def test_box_overlaps_compares_extents_class_by_class():
    labels = np.zeros((6, 10), int)
    labels[1:3, 1:3] = 1
    labels[4, 8] = 1  # stretches the extent to rows 1-5, columns 1-9
    boxes = np.array([[1, 1, 5, 5], [5, 1, 9, 5], [0, 0, 2, 2]], float)
    # Class 1: extent (1, 1, 9, 5) is that of its two boxes; class 3 is not predicted.
    assert box_overlaps(labels, boxes, np.array([1, 1, 3])) == [(1, 1.0), (3, 0.0)]


def test_describe_labels_needs_masks():
    assert describe_labels({}, "G2") == {}


def test_describe_choices_tells_both_rounds_and_validation():
    fitted = {"best_val_mean_iou": 0.5, "num_validation_images": 4, "num_epochs": 3}
    told = describe_choices("val", 4, [fitted, fitted])
    assert "validation pictures" in told[0] and "named val_" in told[0]
    assert told[1].startswith("Round 1: the best of 3") and told[2].startswith("Round 2")
