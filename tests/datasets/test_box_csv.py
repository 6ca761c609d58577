import numpy as np
import pytest

from config.errors import InputError
from datasets.box_csv import list_box_csv_objects, read_box_csv

ROW = "a.jpg,6,8,1,2,5,6,cat,0\n"


def write(tmp_path, text, name="boxes.csv"):
    (tmp_path / "set").mkdir(exist_ok=True)
    (tmp_path / "set" / name).write_text(text)


def test_list_box_csv_objects_takes_several_rows_of_a_path_as_objects(tmp_path):
    write(tmp_path, ROW + "b.jpg,6,8,0,0,8,6,rat,1\n\na.jpg,6,8,3,3,4,5,rat,1\n")
    first, second = list_box_csv_objects(tmp_path, "set")
    np.testing.assert_array_equal(first.boxes, [[1, 2, 5, 6], [3, 3, 4, 5]])
    np.testing.assert_array_equal(first.points, [[4, 3], [4, 3.5]])
    assert first.names == ("cat", "rat") and first.size == (6, 8) and first.split is None
    assert second.image == tmp_path / "set" / "b.jpg"


def test_list_box_csv_objects_takes_the_originals_files_as_splits(tmp_path):
    write(tmp_path, ROW, "train.csv")
    write(tmp_path, ROW.replace("a.jpg", "b.jpg"), "validation.csv")
    pictures = list_box_csv_objects(tmp_path, "set")
    assert [(each.image.name, each.split) for each in pictures] == [
        ("a.jpg", "train"),
        ("b.jpg", "val"),
    ]


def test_list_box_csv_objects_finds_pictures_named_from_the_data_folder(tmp_path):
    write(tmp_path, "/pictures/a.jpg,6,8,1,2,5,6,cat,0\n")
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.jpg").touch()
    (picture,) = list_box_csv_objects(tmp_path, "set")
    assert picture.image == tmp_path / "pictures" / "a.jpg"


def test_read_box_csv_numbers_the_classes(tmp_path):
    write(tmp_path, ROW + "b.jpg,6,8,0,0,8,6,ant,1\n")
    records = read_box_csv(tmp_path, "set", "train")
    assert [record.classes.tolist() for record in records] == [[2], [1]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,height,width,xmin,ymin,xmax,ymax,class_name,class_id\n" + ROW, "no line of names"),
        (ROW + "a.jpg,6,8,1,2,5,6,cat\n", r"line 2 must have the 9 columns.*It has 8"),
        (ROW.replace("6,8", "0,8"), "line 1: `height` and `width` must be whole numbers"),
        (ROW.replace("6,8", "tall,8"), "line 1: `height` must be a finite number"),
        (ROW.replace(",5,", ",nan,"), "line 1: `xmax` must be a finite number"),
        (ROW.replace("cat", ""), "line 1: `class_name` and `class_id` must not be empty"),
        (ROW + ROW.replace("cat", "rat"), "line 2: `class_id` 0 must go with one"),
        (ROW + ROW.replace("6,8", "8,6"), "line 2: `height` and `width` must be those"),
        (ROW.replace("a.jpg", "../../x.jpg"), "must lie inside the data folder"),
        ("", "must have a row an object"),
    ],
)
def test_list_box_csv_objects_names_what_is_wrong(tmp_path, text, message):
    write(tmp_path, text)
    with pytest.raises(InputError, match=message):
        list_box_csv_objects(tmp_path, "set")
