import pytest

from config.errors import InputError
from datasets.count_csv import read_count_csv
from datasets.records import CountRecord


def write(data_dir, text, *, name="herd/annotations.csv", encoding="utf-8"):
    path = data_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding=encoding)
    return path


def test_read_count_csv_joins_names_to_the_tables_folder(tmp_path):
    write(tmp_path, "image,count\nb.jpg,2\n/a.jpg,1.5\n")
    assert read_count_csv(tmp_path, "herd", "train") == [
        CountRecord(tmp_path / "herd" / "a.jpg", 1.5),
        CountRecord(tmp_path / "herd" / "b.jpg", 2),
    ]


def test_read_count_csv_takes_every_fifth_without_a_split_column(tmp_path):
    write(tmp_path, "image,count\n" + "".join(f"{i}.jpg,{i}\n" for i in range(6)))
    assert [record.count for record in read_count_csv(tmp_path, "herd", "train")] == [0, 1, 2, 3, 5]
    assert [record.count for record in read_count_csv(tmp_path, "herd", "test")] == [4]
    assert read_count_csv(tmp_path, "herd", "val") == []


def test_read_count_csv_uses_the_split_column(tmp_path):
    write(tmp_path, "image,count,split\na,1,test\nb,2,train\nc,3,val\n")
    for split, count in [("test", 1), ("train", 2), ("val", 3)]:
        assert [record.count for record in read_count_csv(tmp_path, "herd", split)] == [count]


def test_read_count_csv_needs_rows_of_the_split_but_for_validation(tmp_path):
    write(tmp_path, "image,count,split\na,1,train\n")
    assert read_count_csv(tmp_path, "herd", "val") == []
    with pytest.raises(InputError, match="rows of the split test"):
        read_count_csv(tmp_path, "herd", "test")


@pytest.mark.parametrize("name", ["herd.csv", "a/herd.csv", "/a/b/herd.CSV"])
def test_read_count_csv_takes_a_table_by_name(tmp_path, name):
    path = write(tmp_path, "image,count\na.jpg,1\n", name=name.lstrip("/"))
    assert read_count_csv(tmp_path, name, "train") == [CountRecord(path.parent / "a.jpg", 1)]


def test_read_count_csv_reads_a_byte_order_mark_quotes_and_other_columns(tmp_path):
    write(tmp_path, 'image,low,count\n"a, b.jpg",0,3\n', encoding="utf-8-sig")
    assert read_count_csv(tmp_path, "herd", "train")[0].image.name == "a, b.jpg"


@pytest.mark.parametrize("value", ["-1", "nan", "inf", "many", "", "1e999"])
def test_read_count_csv_names_the_line_of_a_bad_count(tmp_path, value):
    write(tmp_path, f"image,count\na.jpg,1\nb.jpg,{value}\n")
    with pytest.raises(InputError, match=r"annotations\.csv` line 3: `count` must be a number"):
        read_count_csv(tmp_path, "herd", "train")


def test_read_count_csv_names_the_line_of_a_short_row(tmp_path):
    write(tmp_path, "image,count\na.jpg\n")
    with pytest.raises(InputError, match="line 2: `count`"):
        read_count_csv(tmp_path, "herd", "train")


def test_read_count_csv_names_an_empty_picture_and_a_bad_split(tmp_path):
    write(tmp_path, "image,count\n,1\n")
    with pytest.raises(InputError, match="line 2: `image` must name a picture"):
        read_count_csv(tmp_path, "herd", "train")
    write(tmp_path, "image,count,split\na,1,training\n")
    with pytest.raises(InputError, match="line 2: `split` must be one of.*Received training"):
        read_count_csv(tmp_path, "herd", "train")


def test_read_count_csv_names_a_missing_column(tmp_path):
    write(tmp_path, "image,number\na.jpg,1\n")
    with pytest.raises(InputError, match="a column `count`.*names image, number"):
        read_count_csv(tmp_path, "herd", "train")


@pytest.mark.parametrize("text", ["", "image,count\n"])
def test_read_count_csv_refuses_an_empty_table(tmp_path, text):
    write(tmp_path, text)
    with pytest.raises(InputError, match="must have a column|at least 5 pictures"):
        read_count_csv(tmp_path, "herd", "train")


def test_read_count_csv_refuses_a_name_that_climbs_out(tmp_path):
    write(tmp_path / "data", "image,count\n../../a.jpg,1\n")
    with pytest.raises(InputError, match=r"line 2: .*must lie inside"):
        read_count_csv(tmp_path / "data", "herd", "train")


def test_read_count_csv_names_a_file_that_is_no_table(tmp_path):
    write(tmp_path, "").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(InputError, match="must be a CSV table in UTF-8"):
        read_count_csv(tmp_path, "herd", "train")


def test_read_count_csv_names_a_missing_table(tmp_path):
    (tmp_path / "herd").mkdir()
    with pytest.raises(InputError, match=r"annotations\.csv.*no such file"):
        read_count_csv(tmp_path, "herd", "train")
