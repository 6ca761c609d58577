import json

import pytest

from config.errors import InputError
from datasets.coco_files import find_coco_files, read_own_splits


def touch(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")


def test_find_coco_files_takes_a_file_a_split(tmp_path):
    for name in ("instances_train2017", "instances_val2017", "captions_val2017", "instances_mini"):
        touch(tmp_path / "coco" / "annotations" / f"{name}.json")
    train, val = find_coco_files(tmp_path, "coco")
    assert (train.split, val.split) == ("train", "val")
    assert train.folders[0] == tmp_path / "coco" / "train2017"


def test_find_coco_files_takes_a_folder_a_split(tmp_path):
    for name in ("test", "train", "valid"):
        touch(tmp_path / "coco" / name / "_annotations.coco.json")
    files = find_coco_files(tmp_path, "coco")
    assert [(file.split, file.path.parent.name) for file in files] == [
        ("train", "train"),
        ("val", "valid"),
        ("test", "test"),
    ]


@pytest.mark.parametrize(
    "name", ["objects.json", "annotations.json", "annotations/instances_default.json"]
)
def test_find_coco_files_takes_one_file(tmp_path, name):
    touch(tmp_path / "coco" / name)
    (file,) = find_coco_files(tmp_path, "coco")
    assert file.path == tmp_path / "coco" / name and file.split is None
    assert file.folders == (tmp_path / "coco" / "images", tmp_path / "coco", tmp_path)


def test_find_coco_files_takes_a_file_by_name(tmp_path):
    touch(tmp_path / "coco" / "mine.json", tmp_path / "coco" / "objects.json")
    (file,) = find_coco_files(tmp_path, "coco/mine.json")
    assert file.path.name == "mine.json"


def test_find_coco_files_refuses_a_link_that_leads_out(tmp_path):
    touch(tmp_path / "secret.json")
    (tmp_path / "data" / "coco" / "annotations").mkdir(parents=True)
    link = tmp_path / "data" / "coco" / "annotations" / "instances_train.json"
    link.symlink_to(tmp_path / "secret.json")
    with pytest.raises(InputError, match="must lie inside"):
        find_coco_files(tmp_path / "data", "coco")


@pytest.mark.parametrize(
    "content, expected",
    [
        ([{"image": "/a.jpg", "count": 2}], {"a.jpg": "train"}),
        ({"test": [{"image": "a.jpg", "count": 2}]}, {"a.jpg": "test"}),
        ({"val": [{"source_image": "a", "target_image": "b"}]}, {"a": "val", "b": "val"}),
        ({"images": []}, None),
        (3, None),
        ({"train": 3}, None),
        ({"train": [3]}, None),
    ],
)
def test_read_own_splits_reads_the_listing_beside(tmp_path, content, expected):
    (tmp_path / "annotations.json").write_text(json.dumps(content))
    assert read_own_splits(tmp_path / "objects.json") == expected
    assert read_own_splits(tmp_path / "result.json") is None
