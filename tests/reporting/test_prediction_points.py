import csv
import json

import numpy as np

from reporting.prediction import Blobs, Prediction
from reporting.prediction_points import write_points_coco, write_points_csv


def make_blobs(points, classes, *, size=(20, 30), names=("red", "white, big")):
    points = np.array(points, float).reshape(-1, 2)
    boxes = np.concatenate([points[:, ::-1] - 1, points[:, ::-1] + 2], axis=1).astype(np.int32)
    areas = np.full(len(points), 9, np.int64)
    return Blobs(size, points, np.array(classes, np.int32), areas, boxes, names)


PREDICTIONS = [
    Prediction("b, 1.png", {"count": np.float32(2)}, blobs=make_blobs([[3, 4], [7, 8]], [2, 1])),
    Prediction("broken.png", error="cut off"),
    Prediction("empty.png", {"count": np.float32(0)}, blobs=make_blobs([], [], size=(1, 2))),
]


def test_write_points_csv_has_a_row_per_object(tmp_path):
    path = write_points_csv(PREDICTIONS, tmp_path / "points.csv")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["image", "row", "column", "class", "area"],
        ["b, 1.png", "3", "4", "white, big", "9"],
        ["b, 1.png", "7", "8", "red", "9"],
    ]


def test_write_points_csv_without_objects_has_a_head(tmp_path):
    path = write_points_csv(PREDICTIONS[2:], tmp_path / "points.csv")
    assert path.read_text() == "image,row,column,class,area\n"


def test_write_points_coco_has_boxes_and_keypoints(tmp_path):
    path = write_points_coco(PREDICTIONS, tmp_path / "a.json")
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["images"] == [
        {"id": 1, "file_name": "b, 1.png", "height": 20, "width": 30},
        {"id": 2, "file_name": "empty.png", "height": 1, "width": 2},
    ]
    assert [item["name"] for item in content["categories"]] == ["red", "white, big"]
    # Pixel (3, 4): its middle is x 4.5, y 3.5; its box of 3 x 3 begins at x 3, y 2.
    assert content["annotations"] == [
        {
            **{"id": number, "image_id": 1, "category_id": category, "bbox": box, "area": 9},
            **{"iscrowd": 0, "keypoints": keypoints, "num_keypoints": 1},
        }
        for number, category, box, keypoints in (
            (1, 2, [3, 2, 3, 3], [4.5, 3.5, 2]),
            (2, 1, [7, 6, 3, 3], [8.5, 7.5, 2]),
        )
    ]


def test_writers_keep_the_fractions_of_enlarged_maps(tmp_path):
    # Pixels of a map of 3 x 3 per pixel: area 10 / 9, pixel (4, 2) at (1, 1/3).
    blobs = Blobs(
        (20, 30),
        np.array([[1.0, 1 / 3]]),
        np.array([1]),
        np.array([10 / 9]),
        np.array([[0.0, 1 / 3, 1.0, 5 / 3]]),
        ("1",),
        objects_per_blob=1.5,
    )
    predictions = [Prediction("a.png", {"count": np.float32(1.5)}, blobs=blobs)]
    path = write_points_csv(predictions, tmp_path / "points.csv")
    assert path.read_text().splitlines()[1:] == ["a.png,1,0.3333,1,1.1111"]
    content = json.loads(write_points_coco(predictions, tmp_path / "a.json").read_text())
    [found] = content["annotations"]
    assert found["bbox"] == [0, 0.3333, 1, 1.3333] and found["area"] == 1.1111
    assert found["keypoints"] == [0.8333, 1.5, 2]


def test_write_points_coco_without_objects_is_json(tmp_path):
    path = write_points_coco(PREDICTIONS[2:], tmp_path / "a.json")
    assert json.loads(path.read_text())["annotations"] == []


def test_writers_leave_models_alone_that_find_no_objects(tmp_path):
    predictions = [Prediction("a.png", {"count": np.float32(2)}), PREDICTIONS[1]]
    assert write_points_csv(predictions, tmp_path / "points.csv") is None
    assert write_points_coco(predictions, tmp_path / "a.json") is None
    assert list(tmp_path.iterdir()) == []
