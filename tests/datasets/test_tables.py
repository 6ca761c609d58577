import pytest

from config.errors import InputError
from datasets.tables import read_table, take_image, take_split_name


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


def test_take_image_refuses_an_empty_name_and_one_that_climbs_out(tmp_path):
    with pytest.raises(InputError, match="line 2: `image` must name a picture"):
        take_image({"image": ""}, tmp_path, "herd", "line 2")
    with pytest.raises(InputError, match="line 2: .*must lie inside"):
        take_image({"image": "../../a.png"}, tmp_path, "herd", "line 2")


def test_take_split_name_knows_three_names():
    assert take_split_name({"image": "a"}, "line 2") is None
    with pytest.raises(InputError, match="one of train, val, test. Received Train"):
        take_split_name({"split": "Train"}, "line 2")
