import numpy as np
import pytest

from config.errors import InputError
from datasets.frame_box_table import read_frame_box_table, write_frame_box_table


def test_rows_of_a_frame_are_joined_and_empty_ones_say_that_it_shows_none(tmp_path):
    path = tmp_path / "boxes.csv"
    path.write_text(
        "frame,xmin,ymin,xmax,ymax,score\n"
        "b/2.jpg,1,2,3,4,.5\nb/2.png,5,6,7,8,.5\n/a,,,,,\nc.d.jpg,0,0,1,1,\n"
    )
    found = read_frame_box_table(path)
    assert list(found) == ["b/2", "a", "c.d"]
    assert found["b/2"].tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert found["a"].shape == (0, 4)


def test_what_is_no_number_becomes_nan(tmp_path):
    path = tmp_path / "boxes.csv"
    path.write_text("frame,xmin,ymin,xmax,ymax\n1.jpg,NaN,2,,x\n")
    np.testing.assert_array_equal(read_frame_box_table(path)["1"], [[np.nan, 2, np.nan, np.nan]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1.jpg,1,2,3,4\n", "must have a column `frame`"),
        ("frame,xmin,ymin,xmax\n", "must have a column `ymax`"),
        ("frame,xmin,ymin,xmax,ymax\n,1,2,3,4\n", "line 2: `frame` must name a picture"),
    ],
)
def test_a_table_of_another_kind_is_refused(tmp_path, text, message):
    (tmp_path / "boxes.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_frame_box_table(tmp_path / "boxes.csv")


def test_what_is_written_is_read_again(tmp_path):
    boxes = {"1.jpg": np.array([[0.1, 2, 1 / 3, 1e6]]), "2.jpg": np.zeros((0, 4))}
    write_frame_box_table(tmp_path / "boxes.csv", boxes)
    found = read_frame_box_table(tmp_path / "boxes.csv")
    for name, each in boxes.items():
        np.testing.assert_array_equal(found[name.removesuffix(".jpg")], each)
