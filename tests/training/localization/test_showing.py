import csv
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from datasets.records import BoxRecord
from training.localization.prediction import FoundBox
from training.localization.showing import draw_run, write_predictions


@pytest.fixture
def found(tmp_path):
    """Seven answers, IoU 0 to .6; odd ones take class 1 for 2."""
    answers = []
    for i in range(7):
        path = tmp_path / f"{i}.png"
        Image.new("RGB", (20, 10)).save(path)
        record = BoxRecord(path, np.array([[1.0, 2, 11, 9]]), np.array([1 + i % 2]), ("a", "b"))
        box = np.array([2.0, 2, 12, 9])
        answers.append(FoundBox(record, (10, 20), box, 0.5, 1, i / 10, 0.1))
    return answers


def test_write_predictions_tells_boxes_classes_and_iou(found, tmp_path):
    rows = list(csv.DictReader(write_predictions(found, ("a", "b"), tmp_path / "p.csv").open()))
    assert len(rows) == 7 and rows[3]["image"].endswith("3.png")
    assert (rows[3]["true_class"], rows[3]["predicted_class"]) == ("b", "a")
    assert [float(rows[3][name]) for name in ("iou", "score", "x0", "true_x1")] == [0.3, 0.5, 2, 11]


def test_write_predictions_leaves_classes_without_names_empty(found, tmp_path):
    rows = list(csv.DictReader(write_predictions(found, (), tmp_path / "p.csv").open()))
    assert rows[0]["true_class"] == rows[0]["predicted_class"] == ""


@pytest.mark.parametrize(
    ("asked", "best", "random"), [(4, 2, 2), (0, 0, 0), (100, 7, 0), (3, 1, 2)]
)
def test_draw_run_draws_as_many_as_asked(found, tmp_path, asked, best, random):
    folder = tmp_path / "run" / "figures"
    folder.mkdir(parents=True)
    (folder / "best_boxes_77.png").touch()
    params = SimpleNamespace(num_pictures=asked, max_pixels=10_000)
    draw_run(folder, found, params, class_names=("a", "b"), baseline=0.2, seed=0)
    names = [path.stem for path in folder.iterdir()]
    assert sum(name.startswith("best_boxes") for name in names) == best
    assert sum(name.startswith("random_boxes") for name in names) == random
    assert {"iou_histogram", "worst_sheet"} <= set(names) and "best_boxes_77" not in names


def test_draw_run_of_one_picture(found, tmp_path):
    params = SimpleNamespace(num_pictures=2, max_pixels=10_000)
    draw_run(tmp_path / "figures", found[:1], params, class_names=(), baseline=0.2, seed=0)
    assert len(list(Path(tmp_path / "figures").iterdir())) == 3
