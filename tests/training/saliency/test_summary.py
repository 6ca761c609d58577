from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datasets.records import TagRecord
from training.saliency.baselines import read_truth, score_baselines
from training.saliency.prediction import ScoredPicture
from training.saliency.summary import describe_choices, summarise


def score(iou, mask=None):
    record = TagRecord(Path("a.png"), (1,), ("cat",), mask=mask)
    scores = {"iou": iou, "mae": 1 - iou, "f_measure": iou / 2}
    names = ("network", "rbd", "rbd_grabcut")
    return ScoredPicture(record, Path("a"), dict.fromkeys(names, scores), 0.25)


def test_summarise_averages_over_pictures():
    metrics, units = summarise([score(0.5, Path("m.png")), score(1.0, Path("m.png"))])
    assert metrics["mean_iou"] == 0.75 and metrics["rbd_grabcut_mae"] == 0.25
    assert metrics["rbd_f_measure"] == 0.375 and metrics["pictures_per_second"] == 4
    assert set(units) == {"num_images", "pictures_per_second"} <= set(metrics)


def test_summarise_says_when_labels_were_the_truth():
    metrics, _ = summarise([score(0.5), score(np.nan)])
    assert metrics["label_mean_iou"] == 0.5 and "mean_iou" not in metrics


def test_describe_choices_names_truth_and_labels():
    fitted = {"best_val_iou": 0.5, "num_validation_images": 4, "num_epochs": 3}
    told = describe_choices("test", [score(1.0, Path("m.png"))], "boxes", fitted)
    assert "against their masks" in told[0] and "GrabCut in boxes" in told[1]
    told = describe_choices("val", [score(1.0)], "rbd", fitted)
    assert "validation pictures, on which the best epoch was chosen" in told[0]
    assert "against labels like those learnt" in told[0]


def test_read_truth_enlarges_labels(tmp_path):
    path = tmp_path / "labels.png"
    Image.fromarray(np.array([[0, 1], [255, 0]], np.uint8)).save(path)
    truth = read_truth(TagRecord(Path("a"), (), ()), path, (2, 4))
    assert truth.tolist() == [[0, 0, 1, 1], [255, 255, 0, 0]]


def test_score_baselines_find_a_red_square(tmp_path):
    pixels = np.full((40, 60, 3), 200, np.uint8)
    pixels[10:30, 20:40] = (200, 30, 30)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    Image.fromarray((pixels[..., 1] < 100).astype(np.uint8)).save(tmp_path / "mask.png")
    record = TagRecord(tmp_path / "a.png", (1,), ("cat",), tmp_path / "mask.png", "foreground")
    scores = score_baselines(record, tmp_path / "absent.png")
    assert scores["rbd_grabcut"] == {"iou": 1.0, "mae": 0.0, "f_measure": 1.0}
    assert scores["rbd"]["iou"] == pytest.approx(1, abs=0.1)
