import csv

import numpy as np
import pytest

from config.errors import InputError
from ops.opencv import cv2
from reporting.videos import (
    COLUMNS,
    FrameResult,
    annotate_frame,
    overlay_heat,
    write_frame_table,
    write_video,
)

BLUE, ORANGE = [0, 114, 178], [213, 94, 0]


def read_video(path):
    capture, frames = cv2.VideoCapture(str(path)), []
    rate = capture.get(cv2.CAP_PROP_FPS)
    while (step := capture.read())[0]:
        frames.append(step[1][..., ::-1])
    capture.release()
    return np.array(frames), rate


def result(box=(10, 12, 30, 26), **options):
    box = None if box is None else np.array(box)
    return FrameResult(3, "00003.jpg", "cat", 0.75, box, **options)


def picture_of(shown, image):
    """Return what is below the strip with the caption."""
    strip, picture = shown[: -len(image)], shown[-len(image) :]
    assert strip.any() and picture.shape == image.shape
    return picture


def test_frame_result_measures_the_best_true_box():
    truth = np.array([[40, 0, 50, 5], [10, 12, 30, 40]])  # 20 x 14 of 20 x 28
    assert result(truth=truth).measure_iou() == 0.5
    assert result(truth=truth, present=False).measure_iou() == 0
    assert result(None, truth=truth).measure_iou() == 0
    assert result().measure_iou() is None
    assert result(truth=np.zeros((0, 4))).measure_iou() is None


def test_annotate_frame_draws_boxes_up_to_their_last_pixel():
    image = np.zeros((60, 80, 3), np.uint8)
    truth = np.array([[40, 40, 60, 50]])
    shown = picture_of(annotate_frame(image, result(truth=truth)), image)
    assert not image.any()
    for corner, colour in (
        ((12, 20), ORANGE),
        ((25, 29), ORANGE),
        ((40, 50), BLUE),
        ((49, 59), BLUE),
    ):
        assert shown[corner].tolist() == colour
    assert not shown[26, 20].any() and not shown[20, 30].any() and not shown[50, 50].any()


def test_annotate_frame_shows_no_box_of_an_absent_object():
    image = np.zeros((60, 80, 3), np.uint8)
    for each in (result(present=False), result(None)):
        assert not (annotate_frame(image, each) == ORANGE).all(axis=-1).any()


def test_annotate_frame_draws_boxes_that_reach_out_and_odd_names():
    wild = FrameResult(0, "", "Käfer $x_1$ 猫", 0.5, np.array([-5.0, -5.5, 90, 70]))
    shown = annotate_frame(np.zeros((7, 9, 3), np.uint8), wild, cam=np.ones((1, 1)))
    assert shown.shape[1:] == (9, 3) and shown[-7:].any()


def test_overlay_heat_leaves_what_is_cold_and_reddens_what_is_hot():
    image = np.full((4, 6, 3), 90, np.uint8)
    shown = overlay_heat(image, np.array([[0.0, 1.0]]))
    assert (shown[:, 0] == 90).all() and (shown[:, 5, 0] > shown[:, 5, 2]).all()


@pytest.mark.parametrize("cam", [np.full((2, 2), np.nan), np.full((2, 2), 2.0), np.zeros(3)])
def test_overlay_heat_refuses_what_is_no_heat(cam):
    with pytest.raises(ValueError, match=r"`cam` must be a map \(h, w\)"):
        overlay_heat(np.zeros((2, 2, 3), np.uint8), cam)


def test_annotate_frame_refuses_other_pictures():
    with pytest.raises(ValueError, match=r"`image` must be \(H, W, 3\) uint8"):
        annotate_frame(np.zeros((2, 2, 3)), result())


@pytest.mark.parametrize("size", [(48, 64), (47, 63)])
def test_write_video_is_read_again(tmp_path, size):
    path = tmp_path / "deep" / "shot.mp4"
    frames = [np.full((*size, 3), (40 * i, 100, 200), np.uint8) for i in range(5)]
    assert write_video(iter(frames), path, frames_per_second=12.5) == path
    read, rate = read_video(path)
    assert read.shape == (5, 48, 64, 3) and rate == 12.5
    for frame, expected in zip(read, frames, strict=True):
        np.testing.assert_allclose(frame.mean(axis=(0, 1)), expected[0, 0], atol=6)


def test_write_video_leaves_nothing_of_what_failed(tmp_path):
    frames = [np.zeros((8, 8, 3), np.uint8), np.zeros((8, 10, 3), np.uint8)]
    with pytest.raises(InputError, match=r"Frame 1 of .* is \(8, 10, 3\)"):
        write_video(frames, tmp_path / "a.mp4")
    with pytest.raises(InputError, match="needs at least one frame"):
        write_video([], tmp_path / "a.mp4")
    with pytest.raises(OSError, match="OpenCV cannot write"):
        write_video(frames, tmp_path / "a.no_such_kind")
    assert list(tmp_path.iterdir()) == []


def test_write_frame_table_leaves_unknown_cells_empty(tmp_path):
    truth = np.array([[10, 12, 30, 40]])
    results = [result(), result(truth=truth), result(truth=truth, present=False), result(None)]
    path = write_frame_table(results, tmp_path / "deep" / "frames.csv")
    rows = list(csv.reader(path.open(encoding="utf-8")))
    assert rows[0] == list(COLUMNS)
    start, box = ["3", "00003.jpg", "cat", "0.7500"], ["10.00", "12.00", "30.00", "26.00"]
    assert rows[1] == [*start, "1", *box, ""] and rows[2] == [*start, "1", *box, "0.5000"]
    assert rows[3] == [*start, "0", *[""] * 4, "0.0000"]
    assert rows[4] == [*start, "1", *[""] * 5]


def test_write_frame_table_of_no_frame_is_a_heading(tmp_path):
    path = write_frame_table([], tmp_path / "frames.csv")
    assert path.read_text().splitlines() == [",".join(COLUMNS)]
