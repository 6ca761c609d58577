import numpy as np
import pytest

from config.errors import InputError
from datasets.voc_boxes import read_voc_boxes


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.xml"


def test_read_voc_boxes_makes_boxes_half_open_from_0(write_voc, path):
    write_voc(path, [("cat", (1, 1, 8, 6), 0), ("rat", (2, 3, 4, 5), 1)])
    file = read_voc_boxes(path)
    assert file.size == (6, 8) and file.names == ("cat", "rat")
    # The first is the whole picture of 8 x 6 pixels.
    np.testing.assert_array_equal(file.boxes, [[0, 0, 8, 6], [1, 2, 4, 5]])
    assert file.difficult.tolist() == [False, True]


def test_read_voc_boxes_of_no_objects_is_empty(write_voc, path):
    write_voc(path, [])
    file = read_voc_boxes(path)
    assert file.boxes.shape == (0, 4) and file.difficult.shape == (0,) and file.names == ()


def test_read_voc_boxes_reads_fractions_and_no_difficult(write_voc, path):
    write_voc(path, [("cat", (1.5, 1, 3.25, 4), "")])
    file = read_voc_boxes(path)
    np.testing.assert_array_equal(file.boxes, [[0.5, 0, 3.25, 4]])
    assert file.difficult.tolist() == [False]


def test_read_voc_boxes_cuts_off_what_reaches_beyond(write_voc, path):
    write_voc(path, [("cat", (0, -5, 100, 4), 0)])
    np.testing.assert_array_equal(read_voc_boxes(path).boxes, [[0, 0, 8, 4]])


@pytest.mark.parametrize(
    "box, problem",
    [
        ((4, 2, 4, 2), "has no extent"),
        ((4, 2, 4, 5), "has no extent"),
        ((5, 2, 4, 5), "is inverted"),
        ((4, 5, 6, 2), "is inverted"),
        ((9, 1, 12, 4), "lies outside its picture"),
        ((-9, 1, 0, 4), "lies outside its picture"),
    ],
)
def test_read_voc_boxes_leaves_a_bad_box_out_and_names_it(write_voc, path, caplog, box, problem):
    write_voc(path, [("cat", (1, 1, 2, 2), 0), ("rat", box, 0), ("cat", (3, 3, 4, 4), 1)])
    file = read_voc_boxes(path)
    np.testing.assert_array_equal(file.boxes, [[0, 0, 2, 2], [2, 2, 4, 4]])
    assert file.names == ("cat", "cat") and file.difficult.tolist() == [False, True]
    (message,) = caplog.messages
    assert "a.xml` object 1 `rat`" in message and problem in message


@pytest.mark.parametrize("size", [None, (0, 8), (6, 0), (-6, 8), (6.5, 8), ("", 8), ("nan", 8)])
def test_read_voc_boxes_needs_a_size(write_voc, path, size):
    write_voc(path, [], size=size)
    with pytest.raises(InputError, match=r"a\.xml`: `size/(width|height)` must be (a|the picture)"):
        read_voc_boxes(path)


def test_read_voc_boxes_tells_how_to_write_a_size(write_voc, path):
    write_voc(path, [], size=None)
    with pytest.raises(InputError, match="has none; write `<size><width>...</width><height>"):
        read_voc_boxes(path)


@pytest.mark.parametrize("side", ["", "many", "inf"])
def test_read_voc_boxes_names_the_object_of_a_bad_side(write_voc, path, side):
    write_voc(path, [("cat", (1, 1, 2, 2), 0), ("rat", (1, side, 2, 2), 0)])
    with pytest.raises(InputError, match=r"a\.xml` object 1: `ymin` must be a finite number"):
        read_voc_boxes(path)


def test_read_voc_boxes_names_an_object_without_a_name_or_box(write_voc, path):
    write_voc(path, [(" ", (1, 1, 2, 2), 0)])
    with pytest.raises(InputError, match=r"a\.xml` object 0: `name` must name"):
        read_voc_boxes(path)
    path.write_text(path.read_text().replace("<name> </name>", "<name>cat</name>"))
    path.write_text(path.read_text().replace("bndbox", "box"))
    with pytest.raises(
        InputError, match="object 0: `xmin` must be a finite number below 1e9. Received noth"
    ):
        read_voc_boxes(path)


def test_read_voc_boxes_refuses_entities_and_other_files(write_voc, path):
    path.write_text('<!DOCTYPE a [<!ENTITY x "y">]><annotation>&x;</annotation>')
    with pytest.raises(InputError, match=r"a\.xml` must be XML without entities"):
        read_voc_boxes(path)
    path.write_text("<annotations/>")
    with pytest.raises(InputError, match="must hold <annotation>"):
        read_voc_boxes(path)
