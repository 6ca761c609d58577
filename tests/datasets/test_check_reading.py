import json

import pytest

from config.errors import InputError
from datasets.check_reading import read_for_check

ROW = "{}.png,6,8,1,2,5,6,cat,0\n"


def found(findings):
    return [(finding.kind, finding.text.split(":")[0]) for finding in findings]


def test_read_for_check_lists_boxes_of_all_splits(tmp_path):
    (tmp_path / "train.csv").write_text(ROW.format("a") + ROW.format("b"))
    (tmp_path / "test.csv").write_text(ROW.format("a"))
    pictures, findings = read_for_check("boxes", tmp_path, ".")
    assert [picture.split for picture in pictures] == ["train", "train", "test"]
    (finding,) = findings
    assert finding.kind == "twice" and "is listed 2 times, in test, train" in finding.text


def test_read_for_check_reads_points_with_their_classes(tmp_path):
    text = "image,row,column,class,split\n1.png,2,7,rat,train\n2.png,3,8,cat,test\n"
    (tmp_path / "points.csv").write_text(text)
    pictures, findings = read_for_check("points", tmp_path, ".")
    assert [(p.split, p.names, p.boxes) for p in pictures] == [
        ("train", ("rat",), None),
        ("test", ("cat",), None),
    ]
    assert findings == []


def test_read_for_check_reads_counts_and_notes_absent_splits(tmp_path):
    items = {"train": [{"image": "a.jpg", "count": 3}]}
    (tmp_path / "annotations.json").write_text(json.dumps(items))
    pictures, findings = read_for_check("annotations", tmp_path, ".")
    assert [(p.names, p.points.shape) for p in pictures] == [((), (0, 2))]
    assert found(findings) == [("absent split", "test")]
    (tmp_path / "annotations.csv").write_text("image,count,split\na.jpg,3,train\n")
    assert found(read_for_check("csv", tmp_path, ".")[1]) == [("absent split", "test")]


def test_read_for_check_tells_of_a_split_that_cannot_be_read(tmp_path):
    folder = tmp_path / "part" / "train_data"
    (folder / "ground_truth").mkdir(parents=True)
    (folder / "ground_truth" / "GT_IMG_1.mat").write_bytes(b"no MATLAB file")
    pictures, findings = read_for_check("shanghaitech", tmp_path, "part")
    assert "GT_IMG_1.mat" in pictures[0].problem and found(findings) == [("split", "test")]


def test_read_for_check_raises_where_nothing_can_be_read(tmp_path):
    with pytest.raises(InputError, match="must be a folder inside"):
        read_for_check("mall", tmp_path, "mall")
    with pytest.raises(InputError, match="`--format` must be one of.*nearest is voc"):
        read_for_check("vocs", tmp_path, "mall")
