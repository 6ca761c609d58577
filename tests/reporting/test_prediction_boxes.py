import json

import numpy as np
import pytest
from PIL import Image

from datasets.voc_boxes import read_voc_boxes
from reporting.prediction import Boxes, Prediction
from reporting.prediction_boxes import predict_boxes, write_boxes_coco, write_boxes_voc
from reporting.predictors import load_predictor


def make_prediction(image, box, *, size=(20, 30), number=1, names=("cat", "dog")):
    boxes = Boxes(size, np.array([box], float), np.array([0.75]), np.array([number]), names)
    return Prediction(image, boxes=boxes)


@pytest.fixture
def pictures(tmp_path):
    Image.new("RGB", (40, 20), "white").save(tmp_path / "a.png")
    (tmp_path / "b.png").write_text("no picture")
    return [(name, tmp_path / name) for name in ("a.png", "b.png")]


def test_predict_boxes_tells_box_score_and_class(pet_locator, pictures, tmp_path):
    pet_locator.save(tmp_path / "localizer.keras")
    predictor = load_predictor(tmp_path)
    (good, picture), (bad, nothing) = predict_boxes(predictor, pictures, max_pixels=10**6)
    # 1/4, 1/2, 3/4, 1 of 40 x 20 pixels; classes of weight 1 and 2.
    np.testing.assert_allclose(good.outputs["box"], [10, 10, 30, 20], rtol=1e-5)
    assert good.outputs["class"] == "dog" and picture.shape == (20, 40, 3)
    np.testing.assert_allclose(good.outputs["score"], 2 / 3, rtol=1e-5)
    assert good.names["class_probabilities"] == ("cat", "dog")
    assert good.boxes.size == (20, 40) and good.boxes.classes.tolist() == [2]
    assert "b.png" in bad.error and bad.boxes is None and nothing is None


@pytest.mark.parametrize(("names", "shown"), [((), "object"), (("horse",), "horse")])
def test_predict_boxes_of_one_class(fixed_locator, pictures, tmp_path, names, shown):
    fixed_locator(names).save(tmp_path / "localizer.keras")
    predictor = load_predictor(tmp_path)
    prediction, _ = next(predict_boxes(predictor, pictures, max_pixels=10**6))
    assert prediction.boxes.class_names == (shown,)
    assert prediction.outputs.get("class", "object") == shown
    assert "class_probabilities" not in prediction.outputs


def test_write_boxes_coco_has_width_height_and_score(tmp_path):
    predictions = [
        Prediction("broken.png", error="cut off"),
        make_prediction("a.png", [1, 2.5, 4, 8.5], number=2),
    ]
    content = json.loads(write_boxes_coco(predictions, tmp_path / "a.json").read_text())
    assert content["images"] == [{"id": 1, "file_name": "a.png", "height": 20, "width": 30}]
    assert content["categories"] == [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
    [found] = content["annotations"]
    assert found["bbox"] == [1, 2.5, 3, 6] and found["area"] == 18 and found["score"] == 0.75
    assert found["image_id"] == 1 and found["category_id"] == 2


def test_write_boxes_voc_is_what_a_voc_reader_reads(tmp_path):
    predictions = [
        make_prediction("sub/a.png", [1.4, 2.6, 4.2, 8], number=2),
        make_prediction("b.jpg", [0, 0, 30, 20], names=("<&>\x01",)),
    ]
    folder = write_boxes_voc(predictions, tmp_path / "voc")
    first = read_voc_boxes(folder / "sub" / "a.xml")
    assert first.size == (20, 30) and first.names == ("dog",)
    assert first.boxes.tolist() == [[1, 3, 4, 8]]
    second = read_voc_boxes(folder / "b.xml")
    assert second.boxes.tolist() == [[0, 0, 30, 20]] and second.names == ("<&>?",)


def test_write_boxes_voc_keeps_suffixes_that_tell_pictures_apart(tmp_path):
    predictions = [make_prediction(name, [0, 0, 9, 9]) for name in ("a.png", "a.jpg", "b.c.png")]
    folder = write_boxes_voc(predictions, tmp_path)
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["a.jpg.xml", "a.png.xml", "b.c.xml"]


@pytest.mark.parametrize(
    ("box", "read"),
    [
        ([5, 5, 5, 5], [5, 5, 7, 7]),
        ([5, 5, 6, 9], [5, 5, 7, 9]),  # one pixel wide: a stray click to a reader
        ([29, 19, 30, 20], [28, 18, 30, 20]),  # in the last pixel of 30 x 20
        ([29.7, 19.9, 30, 20], [28, 18, 30, 20]),
        ([-3, 0, 40, 0.4], [0, 0, 30, 2]),
    ],
)
def test_write_boxes_voc_of_a_tiny_box_is_read_back(tmp_path, box, read):
    write_boxes_voc([make_prediction("a.png", box)], tmp_path)
    assert read_voc_boxes(tmp_path / "a.xml").boxes.tolist() == [read]


def test_write_boxes_voc_of_a_picture_of_one_pixel(tmp_path):
    write_boxes_voc([make_prediction("a.png", [0, 0, 1, 1], size=(1, 1))], tmp_path)
    text = (tmp_path / "a.xml").read_text()
    assert "<xmin>1</xmin>" in text and "<xmax>1</xmax>" in text


def test_writers_leave_models_alone_that_find_no_boxes(tmp_path):
    predictions = [Prediction("a.png", {"count": np.float32(2)})]
    assert write_boxes_coco(predictions, tmp_path / "a.json") is None
    assert write_boxes_voc(predictions, tmp_path / "voc") is None
    assert list(tmp_path.iterdir()) == []
