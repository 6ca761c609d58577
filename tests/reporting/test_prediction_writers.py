import csv
import json

import numpy as np

from reporting.prediction import Prediction
from reporting.prediction_writers import (
    draw_prediction,
    write_predictions_csv,
    write_predictions_json,
)

PREDICTIONS = [
    Prediction(
        "a, b.jpg",
        {"patch_counts": np.float32([0.5, 1.6]), "count": np.float32(2.1)},
    ),
    Prediction("broken.jpg", error='cut "short"'),
]


def read_csv(predictions, tmp_path):
    path = write_predictions_csv(predictions, tmp_path / "a.csv")
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_write_predictions_csv_has_a_row_per_picture(tmp_path):
    good, bad = read_csv(PREDICTIONS, tmp_path)
    assert list(good) == ["image", "count", "patch_count_0", "patch_count_1", "error"]
    assert list(good.values()) == ["a, b.jpg", "2.1", "0.5", "1.6", ""]
    assert list(bad.values()) == ["broken.jpg", "", "", "", 'cut "short"']


def test_write_predictions_csv_keeps_columns_when_the_first_picture_failed(tmp_path):
    bad, good = read_csv(PREDICTIONS[::-1], tmp_path)
    assert list(good) == ["image", "count", "patch_count_0", "patch_count_1", "error"]
    assert good["count"] == "2.1" and bad["count"] == ""


def test_write_predictions_csv_takes_other_outputs_and_leaves_out_masks(tmp_path):
    outputs = {
        "none_probability": np.float32(0.25),
        "box": np.float32([1, 2]),
        "mask": np.ones((4, 4)),
    }
    [row] = read_csv([Prediction("a.jpg", outputs)], tmp_path)
    assert row == {
        **{
            "image": "a.jpg",
            "none_probability": "0.25",
            "none_here": "false",
            "box_0": "1.0",
            "box_1": "2.0",
        },
        "error": "",
    }


def test_writers_put_the_interval_after_the_count_and_say_what_it_stands_on(tmp_path):
    outputs = {"count_high": 3.0, "count": 2.0, "none_probability": 0.5, "count_low": 1.0}
    about = {"interval": 0.8, "calibrated_on": "drawn scenes"}
    predictions = [Prediction("a.jpg", outputs, about=about)]
    [row] = read_csv(predictions, tmp_path)
    names = ["count", "count_low", "count_high", "none_probability", "none_here", "interval"]
    names.append("calibrated_on")
    assert list(row) == ["image", *names, "error"] and row["calibrated_on"] == "drawn scenes"
    assert row["none_here"] == "true"
    path = write_predictions_json(predictions, tmp_path / "a.json")
    [item] = json.loads(path.read_text())["predictions"]
    assert list(item) == ["image", *names, "error"] and item["interval"] == 0.8
    assert item["none_here"] is True


def test_write_predictions_csv_without_pictures_has_a_head(tmp_path):
    path = write_predictions_csv([], tmp_path / "a.csv")
    assert path.read_text() == "image,error\n"


def test_write_predictions_json_has_null_for_nan_and_no_error(tmp_path):
    predictions = [Prediction("a.jpg", {"count": np.float32("nan")}), PREDICTIONS[1]]
    path = write_predictions_json(predictions, tmp_path / "a.json")
    assert json.loads(path.read_text())["predictions"] == [
        {"image": "a.jpg", "count": None, "error": None},
        {"image": "broken.jpg", "error": 'cut "short"'},
    ]


def test_draw_prediction_keeps_the_folders_of_a_name(tmp_path):
    prediction = Prediction("x/a.jpg", {"patch_counts": np.ones(4)})
    path = draw_prediction(prediction, np.zeros((8, 8, 3), np.uint8), tmp_path)
    assert path == tmp_path / "x" / "a.jpg.png" and path.is_file()


def test_write_predictions_name_numbers_that_have_names(tmp_path):
    outputs = {"class_counts": np.float32([2, 0]), "count": np.float32(2)}
    prediction = Prediction("a.jpg", outputs, names={"class_counts": ("red", "white")})
    [row] = read_csv([prediction], tmp_path)
    assert list(row.items())[1:4] == [
        ("count", "2.0"),
        ("class_count_red", "2.0"),
        ("class_count_white", "0.0"),
    ]
    path = write_predictions_json([prediction], tmp_path / "a.json")
    [content] = json.loads(path.read_text())["predictions"]
    assert content["class_counts"] == {"red": 2, "white": 0} and content["count"] == 2


def test_write_predictions_name_the_parts_of_a_box_and_a_class(tmp_path):
    outputs = {"box": np.float32([1, 2]), "class": "cat", "class_probabilities": np.float32([1])}
    names = {"box": ("x0", "y0"), "class_probabilities": ("cat",)}
    prediction = Prediction("a.jpg", outputs, names=names)
    [row] = read_csv([prediction], tmp_path)
    assert list(row.items())[1:-1] == [
        ("box_x0", "1.0"),
        ("box_y0", "2.0"),
        ("class", "cat"),
        ("class_probability_cat", "1.0"),
    ]
    path = write_predictions_json([prediction], tmp_path / "a.json")
    [content] = json.loads(path.read_text())["predictions"]
    assert content["class"] == "cat" and content["box"] == {"x0": 1, "y0": 2}
