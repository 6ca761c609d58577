import json

import pytest
from PIL import Image

from config.files import to_json
from datasets.check_findings import Finding
from datasets.check_objects import ClassCount
from datasets.check_report import CheckReport, check_dataset, describe_report, report_to_dict

ROW = "{},6,8,{},cat,0\n"


@pytest.fixture
def checked(tmp_path):
    """Check a sound picture, one listed twice with a bad box each, and an absent one."""
    Image.new("RGB", (8, 6)).save(tmp_path / "a.png")
    Image.new("L", (8, 6)).save(tmp_path / "b.png")
    rows = [("a.png", "1,2,5,6"), ("b.png", "5,2,1,6"), ("b.png", "1,2,1,6"), ("c.png", "1,2,5,6")]
    (tmp_path / "boxes.csv").write_text("".join(ROW.format(*row) for row in rows))
    return check_dataset("boxes", tmp_path, ".")


def test_check_dataset_finds_all_kinds_in_their_order(checked):
    kinds = [finding.kind for finding in checked.findings]
    assert kinds == ["missing", "inverted", "empty", "few", "several", "grey"]
    assert (checked.pictures, checked.single, checked.splits) == (3, 2, {})
    assert checked.classes == [ClassCount("cat", 3, 4, {})]


def test_describe_report_shows_a_table_and_the_findings(checked):
    text = describe_report(checked)
    assert text.startswith(". (boxes): 3 pictures, 2 with exactly one object, no splits of its own")
    assert "\n  class  pictures  objects\n  cat           3        4\n" in text
    assert "\nproblems\n  missing pictures: 1\n    `" in text
    assert (
        "\nnotes\n  pictures with several objects: 1\n    `" in text
        and "\n  grey pictures: 1\n" in text
        and text.endswith("\n\n4 problems")
    )


def test_describe_report_shows_the_first_of_many_and_the_splits():
    findings = [Finding("missing", f"`{i}.png`") for i in range(7)]
    classes = [ClassCount("cat", 2, 3, {"train": 2, "test": 0})]
    text = describe_report(CheckReport("x", 2, None, {"train": 2, "test": 0}, classes, findings))
    assert text.startswith("x: 2 pictures, train 2, test 0\n")
    assert (
        "  class  pictures  objects  train  test\n  cat           2        3      2     0" in text
    )
    assert "missing pictures: 7\n    `0.png`" in text and "`4.png`\n    ... and 2 more\n" in text


def test_describe_report_does_not_let_names_steer_the_terminal():
    text = describe_report(CheckReport("x", 1, 1, {}, [ClassCount("\x1b[2J\udc80", 9, 9, {})], []))
    assert "\x1b" not in text and "[2J" in text and text.encode()


def test_report_to_dict_holds_everything(checked):
    content = json.loads(json.dumps(to_json(report_to_dict(checked))))
    assert content["clean"] is False and len(content["findings"]) == 6
    assert content["findings"][0].keys() == {"kind", "problem", "text", "images"}
    assert content["classes"] == [{"name": "cat", "pictures": 3, "objects": 4, "splits": {}}]


def test_check_dataset_of_points_checks_pictures_and_points(tmp_path):
    Image.new("RGB", (8, 6)).save(tmp_path / "a.png")
    (tmp_path / "points.csv").write_text("image,row,column\na.png,2,7\na.png,2,90\n")
    report = check_dataset("points", tmp_path, ".")
    assert [finding.kind for finding in report.problems] == ["point", "few"]
    assert report.single is None and report.splits == {"train": 1}
