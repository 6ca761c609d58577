import numpy as np
import pytest
from PIL import Image

from datasets.box_fitting import find_scale, fit_boxes
from datasets.named_objects import NO_BOX, NamedObjects


def make(path, *boxes, size=None, said=None, orientation=None):
    """Save a picture of `size` (height, width) and make its annotation."""
    if size is not None:
        exif = Image.Exif()
        if orientation:
            exif[0x0112] = orientation
        Image.new("RGB", size[::-1]).save(path, exif=exif)
    boxes = np.array(boxes, float).reshape(-1, 4)
    names = tuple("abcdef"[: len(boxes)])
    return NamedObjects(path, np.zeros((len(boxes), 2)), names, boxes=boxes, size=said)


@pytest.mark.parametrize(
    ("said", "real", "scale"),
    [
        (None, (6, 8), (1, 1)),
        ((6, 8), (6, 8), (1, 1)),
        ((12, 16), (6, 8), (0.5, 0.5)),
        ((417, 650), (164, 256), (164 / 417, 256 / 650)),  # 417 x 256 / 650 = 164.2
        ((101, 200), (10, 20), (10 / 101, 0.1)),
        ((3, 4), (4, 3), None),
        ((100, 100), (100, 110), None),
        ((1, 1), (5, 5), (5, 5)),
        ((100, 100), (1, 2), None),  # a pixel apart, but twice as wide
        ((100, 150), (8, 12), (0.08, 0.08)),
        ((100, 156), (8, 12), (0.08, 12 / 156)),  # 100 x 12 / 156 = 7.7
        ((100, 156), (7, 11), (0.07, 11 / 156)),  # within 1 % anyway
    ],
)
def test_find_scale_needs_the_same_shape(said, real, scale):
    assert find_scale(said, real) == scale


def test_fit_boxes_cuts_at_the_border_and_leaves_bad_boxes_out(tmp_path, caplog):
    boxes = [(-1, 2, 4, 9), (5, 5, 2, 6), (3, 3, 3, 5), (8, 1, 12, 4), NO_BOX, (1, 1, 2, 2)]
    fitted = fit_boxes(make(tmp_path / "a.png", *boxes, size=(6, 8)))
    np.testing.assert_array_equal(fitted.boxes, [[0, 2, 4, 6], [1, 1, 2, 2]])
    np.testing.assert_array_equal(fitted.points, [[4, 2], [1.5, 1.5]])
    assert fitted.names == ("a", "f")
    problems = ["is inverted", "has no extent", "lies outside its picture", "has no box"]
    for message, problem in zip(caplog.messages, problems, strict=True):
        assert problem in message and "a.png` object" in message


def test_fit_boxes_scales_where_the_picture_was_made_smaller(tmp_path, caplog):
    picture = make(tmp_path / "a.png", (2, 4, 10, 12), size=(6, 8), said=(12, 16))
    np.testing.assert_array_equal(fit_boxes(picture).boxes, [[1, 2, 5, 6]])
    assert "says 16 x 12 (width x height), it has 8 x 6" in caplog.text


def test_fit_boxes_refuses_another_shape(tmp_path):
    picture = make(tmp_path / "a.png", (1, 1, 2, 2), size=(6, 8), said=(9, 8))
    assert "says 8 x 9 (width x height). It has 8 x 6; correct" in fit_boxes(picture).problem


def test_fit_boxes_tells_of_a_rotation_that_the_annotation_does_not_know(tmp_path):
    # Stored as 8 x 6 (width x height), to be seen as 6 x 8.
    picture = make(tmp_path / "a.jpg", (1, 1, 7, 2), size=(6, 8), said=(6, 8), orientation=6)
    assert "without its EXIF rotation" in fit_boxes(picture).problem


def test_fit_boxes_without_a_picture_leaves_out_only_what_has_no_sense(tmp_path):
    fitted = fit_boxes(make(tmp_path / "absent.png", (900, 1, 910, 3), (3, 3, 2, 5)))
    np.testing.assert_array_equal(fitted.boxes, [[900, 1, 910, 3]])


def test_fit_boxes_of_no_objects_and_of_one_pixel(tmp_path):
    assert fit_boxes(make(tmp_path / "a.png", size=(6, 8))).boxes.shape == (0, 4)
    fitted = fit_boxes(make(tmp_path / "b.png", (0, 0, 1, 1), size=(1, 1), said=(1, 1)))
    np.testing.assert_array_equal(fitted.boxes, [[0, 0, 1, 1]])
