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


def test_write_points_coco_without_objects_is_json(tmp_path):
    path = write_points_coco(PREDICTIONS[2:], tmp_path / "a.json")
    assert json.loads(path.read_text())["annotations"] == []


def test_writers_leave_models_alone_that_find_no_objects(tmp_path):
    predictions = [Prediction("a.png", {"count": np.float32(2)}), PREDICTIONS[1]]
    assert write_points_csv(predictions, tmp_path / "points.csv") is None
    assert write_points_coco(predictions, tmp_path / "a.json") is None
    assert list(tmp_path.iterdir()) == []


def test_writers_show_parts_of_pixels_of_enlarged_pictures(tmp_path):
    # Pixel (3, 4) of a map three times as large: (3.5 / 3 - .5, 4.5 / 3 - .5) = (.667, 1).
    blobs = make_blobs([[2 / 3, 1]], [1])._replace(areas=np.array([5 / 9]))
    predictions = [Prediction("a.png", {"count": np.float32(1)}, blobs=blobs)]
    path = write_points_csv(predictions, tmp_path / "points.csv")
    assert path.read_text().splitlines()[1] == "a.png,0.667,1,red,0.556"
    content = json.loads(write_points_coco(predictions, tmp_path / "a.json").read_text())
    [annotation] = content["annotations"]
    assert annotation["keypoints"] == [1.5, 1.167, 2] and annotation["area"] == 0.556
