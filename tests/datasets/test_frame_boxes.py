from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets.frame_boxes import (
    box_mask,
    read_frame_boxes,
    read_frame_mask,
    read_frame_truth,
)
from datasets.records import ShotRecord


@pytest.fixture
def shot(tmp_path):
    """Give a shot of three frames of 5 x 4 pixels: two objects, none, and not annotated."""
    masks = np.zeros((2, 4, 5), np.uint8)
    masks[0, 1, 1], masks[0, 2, 3:5] = 255, 7
    for i in range(3):
        Image.new("RGB", (5, 4)).save(tmp_path / f"{i}.jpg")
    for i, mask in enumerate(masks):
        Image.fromarray(mask).save(tmp_path / f"{i}.png")
    frames = tuple(tmp_path / f"{i}.jpg" for i in range(3))
    return ShotRecord("a", frames, 1, ("x",), masks=(tmp_path / "0.png", tmp_path / "1.png", None))


def test_the_box_of_a_mask_is_around_all_that_is_not_0(shot):
    assert read_frame_boxes(shot, 0).tolist() == [[1, 1, 5, 3]]
    assert read_frame_boxes(shot, 1).shape == (0, 4)
    assert read_frame_boxes(shot, 2) is None
    assert shot.annotated == (0, 1)


def test_the_mask_of_a_frame_is_true_where_it_is_not_0(shot):
    expected = np.zeros((4, 5), bool)
    expected[1, 1] = expected[2, 3:5] = True
    np.testing.assert_array_equal(read_frame_mask(shot, 0), expected)
    assert read_frame_mask(shot, 2) is None


def test_boxes_go_before_masks(tmp_path):
    box = np.array([[1.0, 2, 3, 4]])
    shot = ShotRecord("a", (Path("1"), Path("2")), 1, ("x",), boxes=(box, None))
    assert read_frame_boxes(shot, 0) is box and read_frame_boxes(shot, 1) is None
    assert shot.annotated == (0,)


def test_the_truth_of_a_frame_is_boxes_and_mask(shot):
    boxes, mask = read_frame_truth(shot, 0)
    assert boxes.tolist() == [[1, 1, 5, 3]] and mask.sum() == 3
    assert read_frame_truth(shot, 2) == (None, None)
    box = np.array([[1.0, 2, 3, 4]])
    boxed = replace(shot, boxes=(box, None, box))
    for number, expected, masked in ((0, box, True), (2, box, False)):
        boxes, mask = read_frame_truth(boxed, number)
        assert boxes is expected and (mask is not None) == masked
    assert read_frame_truth(boxed, 1)[0].shape == (0, 4)


def test_a_mask_of_another_size_is_named(shot):
    Image.new("L", (4, 5)).save(shot.masks[0])
    with pytest.raises(InputError, match=r"0.png` must be of the size .* 5 x 4 .* It has 4 x 5"):
        read_frame_boxes(shot, 0)


def test_a_mask_that_is_absent_or_too_large_is_named(shot):
    with pytest.raises(InputError, match="0.png"):
        read_frame_boxes(shot, 0, max_pixels=3)
    shot.masks[1].unlink()
    with pytest.raises(InputError, match="1.png"):
        read_frame_boxes(shot, 1)


def test_box_mask_of_one_pixel_and_of_none():
    assert box_mask(np.array([[True]])).tolist() == [[0, 0, 1, 1]]
    assert box_mask(np.zeros((0, 3), bool)).shape == (0, 4)


def test_take_keeps_frames_with_what_is_known_of_them(shot):
    taken = shot.take([2, 0])
    assert taken.frames == (shot.frames[2], shot.frames[0])
    assert taken.masks == (None, shot.masks[0]) and taken.boxes == ()
    assert taken.name == "a" and taken.class_name == "x"
