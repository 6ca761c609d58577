import logging

import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets.otb import list_otb_shots, read_rectangles


def write_sequence(folder, numbers, **files):
    (folder / "img").mkdir(parents=True)
    for number in numbers:
        Image.new("RGB", (20, 10)).save(folder / "img" / f"{number:04d}.jpg")
    for name, text in files.items():
        (folder / f"{name.replace('__', '.')}.txt").write_text(text)


def test_boxes_count_pixels_from_1_in_the_file_and_from_0_here(tmp_path):
    # 5 x 4 pixels whose first is the third column, second row: columns 2..6, rows 1..4 from 0.
    write_sequence(tmp_path / "otb" / "Car", (1, 2), groundtruth_rect="3,2,5,4\n3.5\t2 5,4.25\n\n")
    shot = list_otb_shots(tmp_path, "otb")[0]
    assert (shot.name, shot.tag) == ("otb/Car", "Car")
    assert [box.tolist() for box in shot.boxes] == [[[2, 1, 7, 5]], [[2.5, 1, 7.5, 5.25]]]


def test_one_sequence_may_be_the_data_set(tmp_path):
    write_sequence(tmp_path / "otb" / "Car", (1,))
    shot = list_otb_shots(tmp_path, "otb/Car")[0]
    assert (shot.name, shot.tag, shot.boxes) == ("otb/Car", "Car", ())


def test_all_targets_of_a_sequence_count(tmp_path):
    files = {"groundtruth_rect__1": "3,2,5,4\n3,2,5,4\n", "groundtruth_rect__2": "1,1,2,2\n"}
    write_sequence(tmp_path / "Jogging", (1, 2), **files)
    boxes = list_otb_shots(tmp_path, ".")[0].boxes
    assert boxes[0].tolist() == [[2, 1, 7, 5], [0, 0, 2, 2]] and len(boxes[1]) == 1


def test_frames_beyond_the_last_line_and_lines_of_nan_are_not_annotated(tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        write_sequence(tmp_path / "Car", (1, 2, 3), groundtruth_rect="NaN,NaN,NaN,NaN\n3,2,5,4\n")
        boxes = list_otb_shots(tmp_path, ".")[0].boxes
    assert boxes[0] is None and boxes[1].tolist() == [[2, 1, 7, 5]] and boxes[2] is None
    assert "boxes of 2 of 3 frames" in caplog.text and "Left out 1 boxes" in caplog.text


def test_the_first_box_of_david_is_of_frame_300(tmp_path):
    write_sequence(tmp_path / "David", range(1, 303), groundtruth_rect="1,1,4,4\n" * 3)
    boxes = list_otb_shots(tmp_path, ".")[0].boxes
    assert [i + 1 for i, box in enumerate(boxes) if box is not None] == [300, 301, 302]


@pytest.mark.parametrize("line", ["1,2,3", "1,2,3,4,5", "1,2,3,x", "nothing"])
def test_a_line_that_is_no_box_is_named(tmp_path, line):
    (tmp_path / "a.txt").write_text(f"1,2,3,4\n{line}\n")
    with pytest.raises(InputError, match="line 2 must be four numbers"):
        read_rectangles(tmp_path / "a.txt")


def test_an_empty_file_has_no_boxes(tmp_path):
    (tmp_path / "a.txt").touch()
    assert read_rectangles(tmp_path / "a.txt").shape == (0, 4)
    assert np.isnan(read_rectangles_of(tmp_path, "nan nan nan nan")).all()


def read_rectangles_of(folder, text):
    (folder / "b.txt").write_text(text)
    return read_rectangles(folder / "b.txt")


def test_more_lines_than_frames_are_refused(tmp_path):
    write_sequence(tmp_path / "Car", (1,), groundtruth_rect="1,1,2,2\n1,1,2,2\n")
    with pytest.raises(InputError, match="It has 2 for 1 frames"):
        list_otb_shots(tmp_path, ".")


def test_a_folder_without_sequences_is_refused(tmp_path):
    (tmp_path / "otb" / "Car").mkdir(parents=True)
    with pytest.raises(InputError, match="must hold sequences"):
        list_otb_shots(tmp_path, "otb")


def test_a_sequence_without_frames_has_none(tmp_path):
    write_sequence(tmp_path / "Car", (), groundtruth_rect="1,1,2,2\n")
    shot = list_otb_shots(tmp_path, ".")[0]
    assert shot.frames == () and shot.boxes == ()
