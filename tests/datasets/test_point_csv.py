import pytest

from config.errors import InputError
from datasets.point_csv import read_point_csv


def read(data_dir, text, split="train", *, name="herd/points.csv"):
    path = data_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return read_point_csv(data_dir, "herd", split)


def test_read_point_csv_gathers_the_lines_of_a_picture(tmp_path):
    records = read(tmp_path, "image,row,column\nb.jpg,1,2.5\n/a.jpg,,\nb.jpg,0,7\nb.jpg,0,7\n")
    assert [record.image for record in records] == [
        tmp_path / "herd" / name for name in ("a.jpg", "b.jpg")
    ]
    assert [record.points.tolist() for record in records] == [[], [[1, 2.5], [0, 7], [0, 7]]]
    assert records[0].points.shape == (0, 2) and records[0].classes is None


def test_read_point_csv_numbers_classes_by_name(tmp_path):
    text = "image,row,column,class,split\na,1,1,rat,train\na,2,2,ant,train\n"
    text += "b,3,3,cat,test\nc,,,,train\n"
    first, empty = read(tmp_path, text)
    assert first.class_names == ("ant", "cat", "rat") and first.classes.tolist() == [3, 1]
    assert empty.classes.shape == (0,)
    assert read(tmp_path, text, "test")[0].classes.tolist() == [2]
    assert read(tmp_path, text, "val") == []


def test_read_point_csv_takes_every_fifth_picture(tmp_path):
    text = "image,row,column\n" + "".join(f"{name},1,1\n{name},2,2\n" for name in "abcdef")
    assert [record.image.name for record in read(tmp_path, text, "test")] == ["e"]


def test_read_point_csv_takes_a_table_by_name(tmp_path):
    (tmp_path / "mine.csv").write_text("image,row,column\na.jpg,1,1\n")
    assert read_point_csv(tmp_path, "mine.csv", "train")[0].image == tmp_path / "a.jpg"


def test_read_point_csv_takes_a_short_line_for_a_picture_without_objects(tmp_path):
    assert read(tmp_path, "image,row,column\na,1,1\nb\n")[1].count == 0


@pytest.mark.parametrize(
    "line, message",
    [
        ("b,1,", "`column` must be a finite number below 1e9. Received nothing"),
        ("b,many,1", "`row` must be a finite number below 1e9. Received 'many'"),
        ("b,1,nan", "`column` must be a finite number"),
        (",1,1", "`image` must name a picture"),
        ("../../../b,1,1", ".*must lie inside"),
    ],
)
def test_read_point_csv_names_the_line(tmp_path, line, message):
    with pytest.raises(InputError, match=rf"points\.csv` line 3: {message}"):
        read(tmp_path, f"image,row,column\na,1,1\n{line}\n")


@pytest.mark.parametrize(
    "line, message",
    [
        ("a,1,1,,train", "`class` must name the object's class"),
        ("a,,,cat,train", "class cat must have a row and column"),
        ("a,1,1,cat,test", "`split` must be train again. Received test"),
        ("b,1,1,cat,all", "`split` must be one of train, val, test. Received all"),
    ],
)
def test_read_point_csv_names_the_line_of_a_bad_class_or_split(tmp_path, line, message):
    text = f"image,row,column,class,split\na,1,1,cat,train\n{line}\n"
    with pytest.raises(InputError, match=rf"points\.csv` line 3: .*{message}"):
        read(tmp_path, text)


def test_read_point_csv_names_a_missing_column_and_table(tmp_path):
    with pytest.raises(InputError, match="must have a column `column`. Its first line names image"):
        read(tmp_path, "image,row,col\na,1,1\n")
    (tmp_path / "other").mkdir()
    with pytest.raises(InputError, match=r"points\.csv.*no such file"):
        read_point_csv(tmp_path, "other", "train")
