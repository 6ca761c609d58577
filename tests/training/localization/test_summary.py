from pathlib import Path

import numpy as np
import pytest

from datasets.records import BoxRecord
from training.localization.prediction import FoundBox
from training.localization.summary import describe_choices, summarise


def find(true, box, *, size=(10, 20), true_class=1, class_id=0, iou=0.5, seconds=0.25):
    record = BoxRecord(Path("a.png"), np.array([true], float), np.array([true_class]))
    return FoundBox(record, size, np.array(box, float), 0.9, class_id, iou, seconds)


def test_summarise_takes_iou_in_fractions():
    # Overlaps .5 and 1, in pixels of pictures of unequal size; the fractions' areas weigh alike:
    # unions .5 and .25, intersections .25 and .25.
    found = [
        find([0, 0, 20, 5], [0, 0, 10, 5]),
        find([0, 0, 100, 100], [0, 0, 100, 100], size=(200, 200)),
    ]
    metrics, units = summarise(found, mean_box=np.array([0, 0, 0.5, 0.5]))
    assert metrics["mean_iou"] == pytest.approx(0.75)
    assert metrics["summed_iou"] == pytest.approx(0.5 / 0.75)
    assert (metrics["accuracy_50"], metrics["accuracy_75"]) == (1.0, 0.5)
    assert metrics["mean_box_iou"] == pytest.approx((0.5 + 1) / 2)
    assert metrics["pictures_per_second"] == 4 and units["pictures_per_second"] == "pictures/s"
    assert "class_accuracy" not in metrics


def test_summarise_scores_classes_where_they_are_told():
    box = [0, 0, 10, 5]
    found = [
        find(box, box, true_class=1, class_id=1),
        find(box, box, true_class=2, class_id=1),
        find(box, box, true_class=2, class_id=2),
    ]
    metrics, _ = summarise(found, mean_box=np.array([0, 0, 1, 1]), class_names=["a", "b"])
    assert metrics["class_accuracy"] == pytest.approx(2 / 3)
    # a: 2 * 1 / (1 + 2); b: 2 * 1 / (2 + 1)
    assert (metrics["f1_a"], metrics["f1_b"]) == pytest.approx((2 / 3, 2 / 3))
    assert metrics["macro_f1"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("start", "text"),
    [
        (None, "pictures: 0.5."),
        (0.5, "began with has 0.5 there, and was kept."),
        (0.25, "began with has 0.25 there."),
    ],
)
def test_describe_choices_tells_of_the_start(start, text):
    fitted = {"best_val_iou": 0.5, "num_validation_images": 4, "num_epochs": 3}
    notes = describe_choices("test", 9, {**fitted, "start_val_iou": start})
    assert notes[1].endswith(text)
    assert "named val_" in describe_choices("val", 9, {**fitted, "start_val_iou": start})[0]
