import logging

import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets import formats
from datasets.points import read_points
from datasets.records import BadRecord, PointRecord, Region


@pytest.fixture
def read(tmp_path):
    """Read the lines of a table; the pictures are 8 x 6 pixels."""

    def read_lines(*lines, columns="image,row,column", **options):
        for name in {line.split(",")[0] for line in lines}:
            Image.new("RGB", (8, 6)).save(tmp_path / f"{name}", format="PNG")
        (tmp_path / "points.csv").write_text("\n".join([columns, *lines]))
        return read_points("points", tmp_path, ".", "train", **options)

    return read_lines


def test_read_points_makes_all_objects_one_class(read):
    (record,) = read("a,1,2,cat", "a,3,4,rat", columns="image,row,column,class")
    assert record.points.tolist() == [[1, 2], [3, 4]]
    assert record.classes is None and record.class_names == ()


def test_read_points_keeps_the_classes_asked_for_in_their_order(read):
    lines = ("a,1,1,cat", "a,2,2,ant", "a,3,3,rat", "b,4,4,ant")
    records = read(*lines, columns="image,row,column,class", classes=["rat", "cat"])
    assert records[0].points.tolist() == [[1, 1], [3, 3]]
    assert records[0].classes.tolist() == [2, 1] and records[0].class_names == ("rat", "cat")
    assert records[1].points.shape == (0, 2) and records[1].classes.shape == (0,)


@pytest.mark.parametrize(
    "classes, message",
    [
        (["ratt"], "name classes of `.`: cat, rat. Received ratt; the nearest is rat"),
        ([], r"hold names, each once, or be null. Received \[\]"),
        (["rat", "rat"], "hold names, each once"),
    ],
)
def test_read_points_refuses_other_classes(read, classes, message):
    with pytest.raises(InputError, match=f"`classes` must {message}"):
        read("a,1,1,cat", "a,1,1,rat", columns="image,row,column,class", classes=classes)


def test_read_points_needs_a_format_with_classes_for_classes(read):
    with pytest.raises(InputError, match="`classes` must be null for `.`"):
        read("a,1,1", classes=["cat"])


def test_read_points_keeps_two_points_in_a_pixel(read):
    assert read("a,1,1", "a,1,1", "a,1.9,1.9")[0].count == 3


def test_read_points_drops_points_outside_and_says_so(read, caplog):
    with caplog.at_level(logging.WARNING):
        first, second = read("a,7.01,2", "a,2,9.5", "a,-1.5,2", "a,5.99,7.99", "b,0,0")
    assert first.points.tolist() == [[5.99, 7.99]] and second.count == 1
    (message,) = caplog.messages
    assert "a` has 3 of 4 points outside its 6 x 8 pixels, the first at [7.01, 2.0]" in message


def test_read_points_drops_the_classes_of_points_outside(read):
    lines = ("a,99,0,cat", "a,1,1,rat")
    (record,) = read(*lines, columns="image,row,column,class", classes=["cat", "rat"])
    assert record.classes.tolist() == [2]


def test_read_points_raises_for_points_outside_when_asked_to(read):
    with pytest.raises(InputError, match="1 of 2 points outside.*`--set outside=drop`"):
        read("a,1,1", "a,60,1", outside="raise")
    assert read("a,1,1", outside="raise")[0].count == 1


def test_read_points_moves_a_click_on_the_edge_into_the_picture(read, caplog):
    (record,) = read("a,-0.3,2", "a,6,8", "a,-1,8.5", "a,7,3", outside="raise")
    assert record.points.tolist() == [[0, 2], [5.5, 7.5], [0, 7.5], [5.5, 3]]
    assert not caplog.messages


def test_read_points_leaves_a_bad_picture_to_the_check_of_pictures(read, tmp_path):
    read("a,99,99", "b,1,1")
    (tmp_path / "a").write_bytes(b"no picture")
    assert read_points("points", tmp_path, ".", "train")[0].count == 1


def test_read_points_uses_the_upright_size(read, tmp_path):
    read("a,1,1")
    exif = Image.Exif()
    exif[0x0112] = 6  # stored 8 wide and 6 high, seen 6 wide and 8 high
    Image.new("RGB", (8, 6)).save(tmp_path / "a", format="JPEG", exif=exif)
    (tmp_path / "points.csv").write_text("image,row,column\na,7.5,5\n")
    assert read_points("points", tmp_path, ".", "train", outside="raise")[0].count == 1


@pytest.fixture
def one_record(monkeypatch, tmp_path):
    """Read one record of a made-up format; its picture is 8 x 6 pixels."""
    Image.new("RGB", (8, 6)).save(tmp_path / "a.png")

    def read_record(points, **options):
        record = PointRecord(tmp_path / "a.png", np.array(points, float), **options)
        monkeypatch.setitem(formats.FORMATS, "made_up", lambda *_: [record])
        return read_points("made_up", tmp_path, ".", "train")[0]

    return read_record


def test_read_points_drops_points_outside_a_region(one_record):
    top = Region(polygons=(np.array([[0.0, 0], [0, 8], [2, 8], [2, 0]]),))
    # Row 1.9 lies in row 1 of the rows 0 and 1.
    assert one_record([[1.9, 3], [2, 3], [-0.5, 1]], region=top).points.tolist() == [
        [1.9, 3],
        [0, 1],
    ]


def test_read_points_names_the_picture_of_a_bad_region(one_record):
    bad = one_record(np.zeros((0, 2)), region=Region(polygons=(np.zeros((3, 2)),)))
    assert isinstance(bad, BadRecord) and bad.image.name == "a.png"
    assert "a.png`: " in bad.reason and "polygons must mark a pixel" in bad.reason


@pytest.mark.parametrize("classes", [None, ["cat"]])
def test_read_points_hands_bad_records_on(monkeypatch, tmp_path, classes):
    bad = BadRecord(tmp_path / "a.png", "`a.mat` is damaged.")
    good = PointRecord(tmp_path / "b.png", np.zeros((1, 2)), np.array([1]), ("cat",))
    monkeypatch.setitem(formats.FORMATS, "made_up", lambda *_: [bad, good])
    records = read_points("made_up", tmp_path, ".", "train", classes=classes)
    assert records[0] == bad and records[1].count == 1


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_read_points_refuses_points_that_are_no_numbers(one_record, value):
    bad = one_record([[1.0, value]])
    assert isinstance(bad, BadRecord) and "a.png` must have finite points" in bad.reason


@pytest.mark.parametrize("name", formats.COUNT_FORMATS)
def test_read_points_names_the_formats_that_give_points(tmp_path, name):
    with pytest.raises(InputError, match=f"where the objects are: bbbc039.*yolo. Received {name}"):
        read_points(name, tmp_path, ".", "train")


def test_read_points_refuses_another_way_with_points_outside(tmp_path):
    with pytest.raises(InputError, match="`outside` must be drop or raise. Received keep"):
        read_points("points", tmp_path, ".", "train", outside="keep")


def test_read_points_of_an_absent_validation_split_is_empty(read, tmp_path):
    read("a,1,1,cat", columns="image,row,column,class")
    assert read_points("points", tmp_path, ".", "val", classes=["cat"]) == []
