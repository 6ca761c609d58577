import json

from reporting.prediction_coco import to_number, write_coco


def test_write_coco_numbers_everything_from_one(tmp_path):
    annotations = ({"image_id": 1, "category_id": 2, "bbox": [1, 2, 3, 4]} for _ in range(2))
    path = write_coco(
        [("é.png", (3, 4))], [{"name": "a"}, {"name": "b"}], annotations, tmp_path / "a.json"
    )
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["images"] == [{"id": 1, "file_name": "é.png", "height": 3, "width": 4}]
    assert [item["id"] for item in content["categories"]] == [1, 2]
    assert [item["id"] for item in content["annotations"]] == [1, 2]


def test_write_coco_without_anything_is_json(tmp_path):
    content = json.loads(write_coco([], [], [], tmp_path / "a.json").read_text())
    assert content == {"images": [], "categories": [], "annotations": []}


def test_to_number_rounds_to_four_decimals():
    assert [to_number(value) for value in (2.0, 1 / 3, 1e-9)] == [2, 0.3333, 0]
