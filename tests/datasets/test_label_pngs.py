import numpy as np
import pytest
from PIL import Image

from datasets.images import read_labels
from datasets.label_pngs import write_label_png


def test_write_label_png_keeps_every_label_and_has_the_palette(tmp_path):
    labels = np.arange(256).reshape(2, 128)
    path = write_label_png(labels, tmp_path / "deep" / "a.png")
    np.testing.assert_array_equal(read_labels(path), labels)
    with Image.open(path) as picture:
        assert picture.mode == "P" and picture.convert("RGB").getpixel((1, 0)) == (128, 0, 0)
    assert [file.name for file in path.parent.iterdir()] == ["a.png"]


def test_write_label_png_takes_one_pixel(tmp_path):
    path = write_label_png(np.array([[255]], np.uint8), tmp_path / "a.png")
    assert read_labels(path).tolist() == [[255]]


@pytest.mark.parametrize("labels", [[[256]], [[-1]], [[0.5]], [1, 2], np.zeros((0, 3), int)])
def test_write_label_png_refuses_what_is_no_map(labels, tmp_path):
    with pytest.raises(ValueError, match="`labels` must be .H, W. whole numbers"):
        write_label_png(np.asarray(labels), tmp_path / "a.png")
