import numpy as np
import pytest
from PIL import Image

from reporting.box_figures import DrawnBox, draw_box_sheet, draw_boxes, draw_iou_histogram

BLUE, ORANGE = (0, 114, 178), (213, 94, 0)


def drawn(size=(40, 60), caption="a"):
    box = np.array([10.0, 5.0, 30.0, 25.0])
    return DrawnBox(np.zeros((*size, 3), np.uint8), box, box + 6, caption)


def count_colour(path, colour):
    pixels = np.asarray(Image.open(path).convert("RGB"), int)
    return int((np.abs(pixels - colour).max(axis=-1) < 12).sum())


def test_draw_boxes_shows_both_boxes(tmp_path):
    path = draw_boxes(drawn(), tmp_path / "figures" / "a.png")
    assert count_colour(path, BLUE) > 200 and count_colour(path, ORANGE) > 200


@pytest.mark.parametrize("size", [(1, 1), (2000, 30), (30, 2000)])
def test_draw_boxes_takes_any_size_and_caption(tmp_path, size):
    path = draw_boxes(drawn(size, caption="$a_$b: <b>"), tmp_path / "a.png")
    assert max(Image.open(path).size) < 2000


@pytest.mark.parametrize(("number", "shape"), [(1, (1, 1)), (4, (1, 4)), (16, (4, 4)), (6, (2, 4))])
def test_draw_box_sheet_lays_out_rows(tmp_path, number, shape):
    path = draw_box_sheet([drawn()] * number, tmp_path / "a.png")
    width, height = Image.open(path).size
    assert width == round(120 * 2.6 * shape[1]) and height == pytest.approx(
        120 * (2.9 * shape[0] + 0.4), abs=2
    )


def test_draw_box_sheet_names_an_empty_list(tmp_path):
    with pytest.raises(ValueError, match="`drawn` must hold at least one picture"):
        draw_box_sheet([], tmp_path / "a.png")


def test_draw_iou_histogram_marks_mean_and_baseline(tmp_path):
    path = draw_iou_histogram([0.0, 0.5, 1.0], tmp_path / "a.png", baseline=0.3)
    assert count_colour(path, ORANGE) > 200
    draw_iou_histogram([1.0], tmp_path / "b.png")


@pytest.mark.parametrize("ious", [[], [1.5], [-0.1], [np.nan]])
def test_draw_iou_histogram_refuses_what_is_no_iou(tmp_path, ious):
    with pytest.raises(ValueError, match="`ious` must be numbers from 0 to 1"):
        draw_iou_histogram(ious, tmp_path / "a.png")
