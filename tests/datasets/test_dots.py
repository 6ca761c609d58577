import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets.dots import read_dots
from datasets.records import BadRecord

POINTS = [(0, 0), (2, 7), (5, 3)]


def write_dots(path, points, *, mode="RGB"):
    path.parent.mkdir(exist_ok=True)
    picture = Image.new(mode, (8, 6))
    for row, column in points:
        picture.putpixel((column, row), (255, 0, 0) if mode == "RGB" else 1)
    picture.save(path)


def test_read_dots_reads_red_dots_in_row_order(tmp_path):
    for i in range(1, 7):
        write_dots(tmp_path / "cells" / f"{i:03d}dots.png", POINTS[: i % 4])
        (tmp_path / "cells" / f"{i:03d}cell.png").touch()
    train = read_dots(tmp_path, "cells", "train")
    assert [record.image.name for record in train] == [f"00{i}cell.png" for i in (1, 2, 3, 4, 6)]
    assert [record.count for record in train] == [1, 2, 3, 0, 2]
    assert train[2].points.tolist() == [[0, 0], [2, 7], [5, 3]]
    (test,) = read_dots(tmp_path, "cells", "test")
    assert test.image.name == "005cell.png" and test.count == 1


def test_read_dots_reads_one_bit_pictures_with_numbered_names(tmp_path):
    write_dots(tmp_path / "mbm" / "slide_01_dots_002.png", POINTS, mode="1")
    (record,) = read_dots(tmp_path, "mbm", "train")
    assert record.image == tmp_path / "mbm" / "slide_01_002.png"
    np.testing.assert_array_equal(record.points, POINTS)


def test_read_dots_names_a_picture_without_dots(tmp_path):
    write_dots(tmp_path / "cells" / "001dots.png", POINTS)
    (tmp_path / "cells" / "002cell.png").touch()
    good, bad = read_dots(tmp_path, "cells", "train")
    assert good.count == 3 and bad.image.name == "002cell.png"
    assert isinstance(bad, BadRecord) and "002dots.png" in bad.reason


def test_read_dots_refuses_a_white_background(tmp_path):
    (tmp_path / "cells").mkdir()
    Image.new("L", (8, 6), 255).save(tmp_path / "cells" / "001dots.png")
    (bad,) = read_dots(tmp_path, "cells", "train")
    assert "001dots.png` must be black" in bad.reason and "48 of its 48" in bad.reason


def test_read_dots_names_a_damaged_picture_of_dots(tmp_path):
    (tmp_path / "cells").mkdir()
    (tmp_path / "cells" / "001dots.png").touch()
    (bad,) = read_dots(tmp_path, "cells", "train")
    assert isinstance(bad, BadRecord) and "001dots.png" in bad.reason


def test_read_dots_names_a_folder_without_dots(tmp_path):
    (tmp_path / "cells").mkdir()
    with pytest.raises(InputError, match=r"must hold files named `\*dots\*\.png`"):
        read_dots(tmp_path, "cells", "train")
