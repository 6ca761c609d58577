import logging

import pytest
from PIL import Image

from config.errors import InputError
from datasets.shot_folders import list_shot_folders

HEAD = "frame,xmin,ymin,xmax,ymax\n"


def write_shot(folder, numbers=(1, 2), boxes=""):
    folder.mkdir(parents=True)
    for number in numbers:
        Image.new("RGB", (8, 6)).save(folder / f"{number}.jpg")
    if boxes:
        (folder / "boxes.csv").write_text(HEAD + boxes)


def test_shots_are_listed_by_class_with_frames_in_time(tmp_path):
    write_shot(tmp_path / "zoo" / "rat" / "b", (9, 10, 11))
    write_shot(tmp_path / "zoo" / "cat" / "a", ())
    cat, rat = list_shot_folders(tmp_path, "zoo")
    assert (cat.name, cat.tag, cat.frames, cat.split) == ("zoo/cat/a", "cat", (), None)
    assert (rat.name, rat.tag, rat.boxes) == ("zoo/rat/b", "rat", ())
    assert [frame.stem for frame in rat.frames] == ["9", "10", "11"]


def test_splits_are_told_by_folders(tmp_path):
    for split in ("train", "valid", "test"):
        write_shot(tmp_path / split / "cat" / "a")
    found = [(shot.name, shot.split) for shot in list_shot_folders(tmp_path, ".")]
    assert found == [("test/cat/a", "test"), ("train/cat/a", "train"), ("valid/cat/a", "val")]


def test_boxes_come_from_the_table_of_the_shot_or_from_that_of_all(tmp_path):
    write_shot(tmp_path / "cat" / "a", boxes="1.jpg,1,1,3,3\n")
    write_shot(tmp_path / "cat" / "b")
    write_shot(tmp_path / "cat" / "c")
    rows = "cat/a/2.jpg,0,0,1,1\ncat/b/2.jpg,2,2,4,4\n"
    (tmp_path / "boxes.csv").write_text(HEAD + rows)
    first, second, third = (shot.boxes for shot in list_shot_folders(tmp_path, "."))
    assert first[0].tolist() == [[1, 1, 3, 3]] and first[1] is None
    assert second[0] is None and second[1].tolist() == [[2, 2, 4, 4]]
    assert third == ()


def test_boxes_of_what_is_not_there_are_named(tmp_path, caplog):
    write_shot(tmp_path / "cat" / "a", boxes="7.jpg,1,1,3,3\n")
    (tmp_path / "boxes.csv").write_text(HEAD + "cat/z/1.jpg,1,1,3,3\n")
    with caplog.at_level(logging.WARNING):
        assert list_shot_folders(tmp_path, ".")[0].boxes == ()
    assert "1 boxed frames" in caplog.text and "the first 7" in caplog.text
    assert "boxes of cat/z, which is no shot" in caplog.text


def test_bad_boxes_are_left_out(tmp_path, caplog):
    write_shot(tmp_path / "cat" / "a", boxes="1.jpg,3,1,1,3\n2.jpg,nan,1,1,3\n")
    assert list_shot_folders(tmp_path, ".")[0].boxes == ()
    assert "Left out 2 boxes" in caplog.text


def test_pictures_that_are_in_no_folder_of_a_shot_are_refused(tmp_path):
    write_shot(tmp_path / "cat")
    with pytest.raises(InputError, match="a folder of frames for each shot"):
        list_shot_folders(tmp_path, ".")
