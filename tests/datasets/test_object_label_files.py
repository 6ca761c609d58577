import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from datasets.images import read_labels
from datasets.object_label_files import write_object_labels


@pytest.fixture
def picture(tmp_path):
    pixels = np.full((40, 60, 3), 200, np.uint8)
    pixels[10:30, 20:40] = (200, 30, 30)
    Image.fromarray(pixels).save(tmp_path / "red.png")
    return tmp_path / "red.png"


@pytest.mark.parametrize(("source", "boxes"), [("boxes", [[16.0, 7, 44, 33]]), ("rbd", None)])
def test_write_object_labels_writes_the_object(picture, tmp_path, source, boxes):
    path = tmp_path / "deep" / "a.png"
    shares = write_object_labels(picture, boxes, path, source=source, band=0)
    assert shares == (400 / 2400, 0.0)
    assert read_labels(path)[10:30, 20:40].min() == 1


def test_write_object_labels_keeps_a_file_that_is_there(picture, tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(np.array([[0, 1, 255, 255]], np.uint8)).save(path)
    assert write_object_labels(picture, None, path, source="rbd") == (0.25, 0.5)


def test_write_object_labels_of_a_large_picture_are_small(tmp_path):
    Image.new("RGB", (512, 100)).save(tmp_path / "a.png")
    write_object_labels(tmp_path / "a.png", np.zeros((0, 4)), tmp_path / "l.png", source="boxes")
    labels = read_labels(tmp_path / "l.png")
    assert labels.shape == (50, 256) and not labels.any()


def test_write_object_labels_refuses(picture, tmp_path):
    with pytest.raises(InputError, match="red.png` must have boxes to learn from"):
        write_object_labels(picture, None, tmp_path / "a.png", source="boxes")
    with pytest.raises(ValueError, match="`source` must be one of boxes, rbd"):
        write_object_labels(picture, None, tmp_path / "a.png", source="masks")
    with pytest.raises(InputError, match="absent.png"):
        write_object_labels(tmp_path / "absent.png", None, tmp_path / "a.png", source="rbd")
