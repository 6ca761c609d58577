import pytest

from config.errors import InputError
from datasets.tables import read_bare_table, read_table, take_image, take_split_name


def test_read_table_tells_the_line_of_each_row(tmp_path):
    (tmp_path / "a.csv").write_text('image,row\n"a\nb",1\nc\n')
    rows = read_table(tmp_path / "a.csv", ["image"])
    # The first row spans lines 2 and 3; the reader stands at its last line.
    assert [where.split()[-1] for where, _ in rows] == ["3", "4"]
    assert [row["row"] for _, row in rows] == ["1", None]


def test_read_table_names_a_missing_column(tmp_path):
    (tmp_path / "a.csv").write_text("")
    with pytest.raises(InputError, match=r"a\.csv` must have a column `row`.*names nothing"):
        read_table(tmp_path / "a.csv", ["row"])


def test_read_table_names_another_separator(tmp_path):
    (tmp_path / "a.csv").write_text("image;row\na.png;1\n")
    with pytest.raises(InputError, match="must be separated by commas. It is separated by semicol"):
        read_table(tmp_path / "a.csv", ["image", "row"])


SIDES = ["path", "xmin", "xmax"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "filename,x1,x2",
            "must be a row, .* It names filename, x1, x2; .* order path, xmin, xmax",
        ),
        ("filename,label,x1,x2", "must be a row, as the table has no line of names"),
        ("path;xmin;xmax", "must be separated by commas. It is separated by semicolons"),
        ("a.jpg;1,5;2,5", "It is separated by semicolons"),
        ("a.jpg\t1\t2", "separated by tabs"),
    ],
)
def test_read_bare_table_says_what_the_first_line_is(tmp_path, line, message):
    (tmp_path / "a.csv").write_text(f"{line}\n")
    with pytest.raises(InputError, match=message):
        read_bare_table(tmp_path / "a.csv", SIDES)


def test_read_bare_table_lets_pass_what_is_a_row(tmp_path):
    (tmp_path / "a.csv").write_text("a;b.jpg,1,\n")
    assert read_bare_table(tmp_path / "a.csv", SIDES)[0][1]["path"] == "a;b.jpg"


def test_take_image_refuses_an_empty_name_and_one_that_climbs_out(tmp_path):
    with pytest.raises(InputError, match="line 2: `image` must name a picture"):
        take_image({"image": ""}, tmp_path, "herd", "line 2")
    with pytest.raises(InputError, match="line 2: .*must lie inside"):
        take_image({"image": "../../a.png"}, tmp_path, "herd", "line 2")


def test_take_split_name_knows_three_names():
    assert take_split_name({"image": "a"}, "line 2") is None
    with pytest.raises(InputError, match="one of train, val, test. Received Train"):
        take_split_name({"split": "Train"}, "line 2")


def test_read_bare_table_reads_rows_without_names(tmp_path):
    (tmp_path / "a.csv").write_text("\ufeff1.jpg, 2\n\n3.jpg,image\n", encoding="utf-8")
    rows = read_bare_table(tmp_path / "a.csv", ["image", "row"])
    assert [row for _, row in rows] == [
        {"image": "1.jpg", "row": "2"},
        {"image": "3.jpg", "row": "image"},
    ]
    assert rows[1][0].endswith("line 3")
    (tmp_path / "a.csv").write_text("")
    assert read_bare_table(tmp_path / "a.csv", ["image"]) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"image,row\n1.jpg,2\n", "line 1 must be a row, as the table has no line of names"),
        (b"1.jpg,2\n3.jpg\n", "line 2 must have the 2 columns image, row. It has 1"),
        (b"1.jpg,\xff\n", "must be a CSV table in UTF-8"),
        (b'1.jpg,"' + b"x" * 200_000, "must be a CSV table"),
    ],
)
def test_read_bare_table_names_what_is_wrong(tmp_path, content, message):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_bare_table(tmp_path / "a.csv", ["image", "row"])
