import logging

import numpy as np
import pytest
from PIL import Image

from datasets.frame_fitting import fit_frame_boxes

NAN = float("nan")


@pytest.fixture
def frames(tmp_path):
    """Three frames of 8 x 6 pixels."""
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    for path in paths:
        Image.new("RGB", (8, 6)).save(path)
    return paths


def test_boxes_are_cut_at_the_border_of_their_frame(frames):
    boxes = fit_frame_boxes(frames, {1: np.array([[-3.0, 1, 20, 4], [0, 0, 8, 6]])}, "a.csv")
    assert boxes[0] is None and boxes[2] is None
    assert boxes[1].tolist() == [[0, 1, 8, 4], [0, 0, 8, 6]]
    assert boxes[1].dtype == np.float64


@pytest.mark.parametrize(
    ("box", "phrase"),
    [
        ([NAN, 1, 3, 4], "is not of finite numbers"),
        ([1, 1, float("inf"), 4], "is not of finite numbers"),
        ([5, 1, 3, 4], "is inverted"),
        ([3, 1, 3, 4], "has no extent"),
        ([8, 1, 9, 4], "lies outside its picture"),
    ],
)
def test_what_is_no_box_is_left_out_and_named(frames, caplog, box, phrase):
    with caplog.at_level(logging.WARNING):
        boxes = fit_frame_boxes(
            frames, {0: np.array([box]), 2: np.ones((1, 4)) * [1, 1, 3, 4]}, "t"
        )
    assert boxes[0] is None  # where its object is is unknown
    assert boxes[2].tolist() == [[1, 1, 3, 4]]
    assert "Left out 1 boxes of t: `0.png`" in caplog.text and phrase in caplog.text


def test_a_frame_keeps_its_sound_boxes(frames):
    boxes = fit_frame_boxes(frames, {0: np.array([[5.0, 1, 3, 4], [1, 1, 3, 4]])}, "t")
    assert boxes[0].tolist() == [[1, 1, 3, 4]]


def test_a_frame_without_an_object_is_annotated(frames):
    boxes = fit_frame_boxes(frames, {1: np.zeros((0, 4))}, "t")
    assert boxes[0] is None and boxes[1].shape == (0, 4)


def test_nothing_annotated_gives_nothing(frames):
    assert fit_frame_boxes(frames, {}, "t") == ()
    assert fit_frame_boxes(frames, {0: np.array([[5.0, 1, 3, 4]])}, "t") == ()
    assert fit_frame_boxes([], {}, "t") == ()


def test_a_log_of_many_flaws_is_one_line(frames, caplog):
    fit_frame_boxes(frames, {0: np.tile([5.0, 1, 3, 4], (9, 1))}, "t")
    assert len(caplog.records) == 1
    assert "Left out 9 boxes" in caplog.text and caplog.text.count("inverted") == 3


def test_boxes_of_a_frame_that_cannot_be_read_are_kept(tmp_path):
    boxes = fit_frame_boxes([tmp_path / "absent.png"], {0: np.array([[1.0, 1, 3000, 4]])}, "t")
    assert boxes[0].tolist() == [[1, 1, 3000, 4]]
