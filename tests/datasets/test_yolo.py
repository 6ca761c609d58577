import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets.records import BadRecord
from datasets.yolo import list_yolo_objects, read_yolo


@pytest.fixture
def write(tmp_path):
    """Write a picture of 8 x 6 pixels and its text file, or none for None."""

    def write_one(name, text, *, images="images", labels="labels"):
        for folder in (images, labels):
            (tmp_path / "set" / folder).mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 6)).save(tmp_path / "set" / images / f"{name}.png")
        if text is not None:
            (tmp_path / "set" / labels / f"{name}.txt").write_text(text)
        (tmp_path / "set" / "classes.txt").write_text("cat\nrat\n")
        return tmp_path / "set"

    return write_one


def test_list_yolo_objects_turns_shares_into_pixels(tmp_path, write):
    # x 8 (.5 -+ .125) = 3 to 5, y 6 (.25 -+ .25) = 0 to 3
    write("a", "1 0.5 0.25 0.25 0.5\n\n0 0.5 0.5 1 1\n")
    (picture,) = list_yolo_objects(tmp_path, "set")
    np.testing.assert_array_equal(picture.boxes, [[3, 0, 5, 3], [0, 0, 8, 6]])
    np.testing.assert_array_equal(picture.points, [[1.5, 4], [3, 4]])
    assert picture.names == ("rat", "cat") and picture.size == (6, 8)


def test_list_yolo_objects_keeps_pictures_without_objects(tmp_path, write):
    write("a", "0 .5 .5 1 1")
    write("b", "")
    write("c", None)
    assert [len(each.names) for each in list_yolo_objects(tmp_path, "set")] == [1, 0, 0]


@pytest.mark.parametrize("inside", ["images/{}", "{}/images"])
def test_list_yolo_objects_takes_folders_as_splits(tmp_path, write, inside):
    for name in ("train", "valid", "test"):
        images = inside.format(name)
        write(name, "0 .5 .5 1 1", images=images, labels=images.replace("images", "labels"))
    found = {each.image.stem: each.split for each in list_yolo_objects(tmp_path, "set")}
    assert found == {"train": "train", "valid": "val", "test": "test"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2 .5 .5 1 1", "line 1: `class` must be a whole number of 0 to 1.*Received 2"),
        ("0.5 .5 .5 1 1", "`class` must be a whole number"),
        ("-1 .5 .5 1 1", "`class` must be a whole number"),
        ("0 .5 .5 1 1\n0 .5 .5 1", r"line 2 must be `class cx cy w h`. It has 4"),
        ("0 .5 .5 1 wide", "`h` must be a finite number"),
    ],
)
def test_read_yolo_names_a_bad_line_and_reads_the_others(tmp_path, write, text, message):
    write("a", text)
    write("b", "0 .5 .5 1 1")
    bad, good = read_yolo(tmp_path, "set", "train")
    assert good.count == 1 and isinstance(bad, BadRecord)
    with pytest.raises(InputError, match=message):
        raise InputError(bad.reason)


def test_read_yolo_gives_a_bad_record_for_a_damaged_picture(tmp_path, write):
    (write("a", "0 .5 .5 1 1") / "images" / "a.png").write_bytes(b"no picture")
    (record,) = read_yolo(tmp_path, "set", "train")
    assert isinstance(record, BadRecord) and "a.png" in record.reason


def test_list_yolo_objects_needs_folders_and_names(tmp_path, write):
    folder = write("a", None)
    with pytest.raises(InputError, match="must hold folders `images` and `labels`"):
        list_yolo_objects(tmp_path, "set")
    write("a", "0 .5 .5 1 1")
    (folder / "classes.txt").unlink()
    with pytest.raises(InputError, match=r"must hold `classes.txt`.*or `data.yaml`"):
        list_yolo_objects(tmp_path, "set")
    (folder / "data.yaml").write_text("names:\n  0: cat\n")
    assert list_yolo_objects(tmp_path, "set")[0].names == ("cat",)
