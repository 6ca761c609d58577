import numpy as np
import pytest
from PIL import Image

from reporting.prediction import Blobs
from reporting.prediction_figures import Preview, draw_blobs


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
    with Image.open(draw_blobs(Preview(size), blobs, path, count=count)) as picture:
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


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (3000, 10)])
def test_draw_blobs_takes_any_size_and_no_object(size, tmp_path):
    assert draw([], [], tmp_path / "a.png", size=size).size > 0


def test_draw_blobs_takes_very_many_objects_and_classes(tmp_path):
    points = np.random.default_rng(0).integers(0, 100, (50_000, 2))
    names = tuple(f"_${c}_$" for c in range(1, 12))  # a lone dollar must not start a formula
    assert draw(points, np.arange(50_000) % 11 + 1, tmp_path / "a.png", names=names).size > 0
