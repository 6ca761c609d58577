import numpy as np
import pytest
from PIL import Image

from reporting.prediction import Blobs, Boxes
from reporting.prediction_figures import Preview, draw_blobs, draw_boxes


@pytest.mark.parametrize("size", [(1, 1), (70, 90), (2600, 40), (40, 4001)])
def test_preview_of_parts_is_every_nth_pixel(size):
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    preview = Preview(size)
    for top in range(0, size[0], 37):
        for left in range(0, size[1], 23):
            preview.add(pixels[top : top + 37, left : left + 23], top, left)
    step = -(-max(size) // 1280)  # 1, 1, 3, 4
    np.testing.assert_array_equal(preview.image, pixels[::step, ::step])


def draw(points, classes, path, *, size=(100, 100), names=("a", "b")):
    count = len(points)
    blobs = Blobs(
        size,
        np.array(points, float).reshape(-1, 2),
        np.array(classes, int),
        np.ones(count, int),
        np.ones((count, 4), int),
        names,
    )
    with Image.open(draw_blobs(Preview(size), blobs, path)) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def find_colour(picture, colour):
    """Return where a colour is, from 0 to 1 down and across."""
    rows, columns = np.nonzero(abs(picture - colour).max(axis=-1) < 8)
    return rows.mean() / picture.shape[0], columns.mean() / picture.shape[1]


def test_draw_blobs_puts_a_dot_of_its_class_on_each_object(tmp_path):
    # Class 1 is orange. The picture fills most of the figure; the title takes some at the top.
    picture = draw([[20, 80]], [1], tmp_path / "x" / "a.png", names=("a",))
    assert np.allclose(find_colour(picture, (230, 159, 0)), (0.25, 0.8), atol=0.06)
    # Class 2 is sky blue, in the picture and in the legend below.
    picture = draw([[60, 30]], [2], tmp_path / "b.png")
    rows, _ = np.nonzero(abs(picture - (86, 180, 233)).max(axis=-1) < 8)
    assert rows.min() < 0.7 * len(picture) and rows.max() > 0.9 * len(picture)


@pytest.mark.parametrize(
    "objects_per_blob, caption, legend",
    [(1.0, "Count 3", ["a: 2", "b: 1"]), (1.25, "Count 3.8: 3 blobs of 1.25 objects", ["a: 2.5"])],
)
def test_draw_blobs_says_the_count(objects_per_blob, caption, legend, tmp_path, monkeypatch):
    module = "reporting.prediction_figures.save_figure"
    monkeypatch.setattr(module, lambda figure, path: figure)
    points, ones = np.array([[1.0, 2.0], [3.5, 4.25], [5.0, 6.0]]), np.ones((3, 4))
    blobs = Blobs((9, 9), points, np.array([1, 2, 1]), ones, ones, ("a", "b"), objects_per_blob)
    figure = draw_blobs(Preview((9, 9)), blobs, tmp_path / "a.png")
    assert figure.axes[0].get_title() == caption
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts[: len(legend)] == legend


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (3000, 10)])
def test_draw_blobs_takes_any_size_and_no_object(size, tmp_path):
    assert draw([], [], tmp_path / "a.png", size=size).size > 0


def test_draw_blobs_takes_very_many_objects_and_classes(tmp_path):
    points = np.random.default_rng(0).integers(0, 100, (50_000, 2))
    names = tuple(f"_${c}_$" for c in range(1, 12))  # a lone dollar must not start a formula
    assert draw(points, np.arange(50_000) % 11 + 1, tmp_path / "a.png", names=names).size > 0


@pytest.mark.parametrize("size", [(100, 100), (1, 1), (40, 2600)])
def test_draw_boxes_frames_the_object(tmp_path, size):
    height, width = size
    box = np.array([[width / 2, 0, width, height]])
    boxes = Boxes(size, box, np.ones(1), np.array([1]), ("a $b",))
    image = np.zeros((*size, 3), np.uint8)
    with Image.open(draw_boxes(image, boxes, tmp_path / "a.png")) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    # Class 1 is orange; the frame fills the picture's right half.
    rows, columns = np.nonzero(abs(pixels - (230, 159, 0)).max(axis=-1) < 8)
    dark = np.nonzero((pixels == 0).all(axis=-1))[1]
    assert columns.min() > (dark.min() + dark.max()) / 2 - 20 and len(rows) > 20
